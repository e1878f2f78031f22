import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { root } from '../e2e/components.ts'
import { start } from './run.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-targets-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function run(...args: string[]) {
  const started = start({ args, env: { SCALE_TEST_REPORTS: join(folder, 'reports') } })
  const status = await started.status()
  return { status, said: started.said().trimEnd().split('\n') }
}

const plans = readdirSync(join(root, 'plans'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.yaml'),
)

describe('the target of a run', () => {
  it.each(plans)('should not be named by the plan that comes with the program: %s', (plan) => {
    expect(readFileSync(join(root, 'plans', plan), 'utf8')).not.toMatch(/^target:/m)
  })

  it('should be a simulation when nobody names one, and the last line should say how to measure', async () => {
    const { status, said } = await run('run', 'smoke')
    expect(status).toBe(0)
    expect(said[0]).toMatch(/^run smoke-simulated-\w+: plan smoke on target sim$/)
    expect(said.at(-1)).toBe('measure it: make scale-test PLAN=smoke TARGET=local')
  })

  it('should be told before anything starts when the plan of a user names it', async () => {
    const path = join(folder, 'mine.yaml')
    const smoke = readFileSync(join(root, 'plans', 'smoke.yaml'), 'utf8').replace('name: smoke', 'name: mine')
    writeFileSync(path, `${smoke}\ntarget: sim\n`)
    expect((await run('run', path)).said[0]).toBe('target sim (set by mine): a simulation')
    expect((await run('run', path, '--target', 'sim')).said[0]).toMatch(/^run mine-simulated/)
    expect((await run('run', path, '--set', 'target=sim')).said[0]).toBe('target sim (set by --set): a simulation')
    const twice = await run('run', path, '--target=sim', '-t', 'local')
    expect([twice.status, twice.said[0]]).toEqual([2, "error: option '-t, --target <name>' is given twice"])
    expect((await run('run', path, '--target', '')).said[0]).toBe('there is no target ""')
    writeFileSync(path, `${smoke}\ntarget: remote\n`)
    const { status, said } = await run('run', path)
    expect([status, said[0]]).toEqual([2, 'target remote (set by mine): your clusters'])
  })
})
