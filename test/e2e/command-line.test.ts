import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { root } from './components.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-cli-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function scaleTest(...args: string[]) {
  const reports = join(folder, 'reports')
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'src', 'main.ts'), ...args], {
    env: { ...process.env, SCALE_TEST_REPORTS: reports },
    encoding: 'utf8',
  })
  return { status, stdout, stderr, started: existsSync(reports) ? readdirSync(reports) : [] }
}

describe('the command line', () => {
  it('should print every mistake of a plan with its place, exit 2 and start nothing (fault 34)', () => {
    const plan = join(folder, 'wrong.yaml')
    writeFileSync(
      plan,
      'apiVersion: scale-test/v1\nname: wrong\nfleet: { nodes: 0, node: { cpu: 1, memory: 1Gi } }\narms: [{ profile: fast }]\nprobes:\n  pod: { image: pause, serviceAccountToken: false }\n  sequence: [{ name: up, from: 1, to: 2, timeout: 10 }]\n',
    )
    const { status, stderr, started } = scaleTest('run', plan)
    expect(status).toBe(2)
    for (const place of [`${plan}:3:17`, `${plan}:4:19`, `${plan}:7:51`]) expect(stderr).toContain(place)
    expect(started).toEqual([])
  })

  it('should tell its version, and its commit in a checkout (hostile 44)', () => {
    expect(scaleTest('--version')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+( \(commit [0-9a-f]{12}(, with changes)?\))?\n$/),
      stderr: '',
    })
  })

  it('should name the plans there are when one is unknown', () => {
    const { status, stderr } = scaleTest('run', 'single-nod')
    expect([status, stderr]).toEqual([2, expect.stringContaining('single-node')])
  })

  it('should exit 2 on an unknown option, target or command', () => {
    expect(scaleTest('run', 'smoke', '--fast').status).toBe(2)
    expect(scaleTest('run', 'smoke', '--target', 'moon').status).toBe(2)
    expect(scaleTest('fly').status).toBe(2)
  })

  it('should exit 2 when the plan is a folder', () => {
    expect(scaleTest('run', `${folder}/`).status).toBe(2)
  })

  it('should teach with --help', () => {
    const { status, stdout } = scaleTest('--help')
    expect(status).toBe(0)
    for (const word of ['run', 'doctor', 'report', 'cleanup', 'components', 'make scale-test', 'Exit status'])
      expect(stdout).toContain(word)
  })

  it('should say what to run first when there is nothing to report on', () => {
    const { status, stderr } = scaleTest('report')
    expect([status, stderr]).toEqual([2, expect.stringContaining('make scale-test PLAN=single-node TARGET=local')])
  })

  it('should find nothing to clean up on a clean machine', () => {
    expect(scaleTest('cleanup', '--run', 'no-such-run')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('no process'),
    })
  })

  it('should say what the machine has', () => {
    const { status, stdout } = scaleTest('doctor')
    for (const finding of ['components', 'processor cores', 'inotify']) expect(stdout).toContain(finding)
    expect(status).toBe(stdout.includes('missing') ? 5 : 0)
    // A path is never parted, and may be longer than a line.
    const lines = stdout.split('\n').filter((line) => !line.includes('/'))
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80)
  })
})
