import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { start } from './run.ts'

const planWith = (qps: number, pods = 60) => `apiVersion: scale-test/v1
name: gate
fleet: { nodes: 2, node: { cpu: 8, memory: 16Gi } }
arms:
  - profile: tuned
    set:
      - { knob: kubelet.kubeAPIQPS, value: ${qps}, because: a limit that binds }
      - { knob: kubelet.kubeAPIBurst, value: ${qps}, because: a limit that binds }
repetitions: 4
probes:
  settle: 5s
  pod: { image: pause:3.10, serviceAccountToken: false }
  sequence: [{ name: rollout, from: 1, to: ${pods}, timeout: 5m }]
`

let folder: string
let reports: string
const runs: string[] = []

async function scaleTest(...args: string[]): Promise<{ status: number | null; said: string }> {
  const started = start({ args, env: { SCALE_TEST_REPORTS: reports } })
  return { status: await started.status(), said: started.said() }
}

/** Runs a plan and returns the name of its folder. */
async function run(text: string): Promise<string> {
  const file = join(folder, 'gate.yaml')
  writeFileSync(file, text)
  const before = new Set(readdirSync(reports))
  const { status, said } = await scaleTest('run', file, '--target', 'sim')
  expect(status, said).toBe(0)
  const [name = ''] = readdirSync(reports).filter((one) => !before.has(one) && one.startsWith('gate'))
  return name
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-compare-'))
  reports = mkdtempSync(join(folder, 'reports-'))
  runs.push(await run(planWith(10)), await run(planWith(8)), await run(planWith(10, 40)))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('compare and baseline', () => {
  it('should find a regression against a baseline, name the setting, and exit with 1', async () => {
    const [usual = '', slower = ''] = runs
    expect(await scaleTest('baseline', 'set', 'v1', usual)).toMatchObject({ status: 0 })
    const { status, said } = await scaleTest('baseline', 'check', 'v1', slower)
    expect(status, said).toBe(1)
    expect(said).toMatch(/rollout available: .* slower/)
    expect(said).toContain('kubelet.kubeAPIQPS 10 → 8')
    expect(readFileSync(join(reports, slower, 'baseline-v1.html'), 'utf8')).toContain('kubelet.kubeAPIQPS 10 → 8')
  })

  it('should pass a run against itself', async () => {
    const [usual = ''] = runs
    expect(await scaleTest('compare', usual, usual)).toMatchObject({ status: 0 })
  })

  it('should refuse what is not of the same experiment, unless told', async () => {
    const [usual = '', , other = ''] = runs
    const refused = await scaleTest('compare', usual, other)
    expect(refused).toMatchObject({ status: 2 })
    expect(refused.said).toContain('--unlike')
    expect((await scaleTest('compare', usual, other, '--unlike')).said).toContain('Not the same experiment')
  })

  it('should keep a baseline until told to replace it, and say which there are', async () => {
    const [usual = '', slower = ''] = runs
    await scaleTest('baseline', 'set', 'kept', usual)
    expect(await scaleTest('baseline', 'set', 'kept', slower)).toMatchObject({ status: 2 })
    expect((await scaleTest('baseline', 'list')).said).toContain(usual)
    expect(await scaleTest('baseline', 'set', 'kept', slower, '--replace')).toMatchObject({ status: 0 })
  })

  it('should not list a baseline that a killed process had begun, and remove it with cleanup', async () => {
    const [usual = ''] = runs
    const begun = join(reports, 'baselines', 'begun.unfinished-abcdef')
    cpSync(join(reports, usual), begun, { recursive: true })
    expect((await scaleTest('baseline', 'list')).said).not.toContain('begun')
    expect((await scaleTest('cleanup')).said).toContain('begun.unfinished-abcdef: removed')
    expect(existsSync(begun)).toBe(false)
  })

  it('should say of a baseline that is not there how to keep one, and refuse a name that is a path', async () => {
    const missing = await scaleTest('baseline', 'check', 'nowhere')
    expect(missing).toMatchObject({ status: 2 })
    expect(missing.said).toContain('baseline set nowhere')
    expect(await scaleTest('baseline', 'set', '../out', runs[0] ?? '')).toMatchObject({ status: 2 })
  })

  it('should list every run on one page, also one that cannot be read', async () => {
    const [usual = ''] = runs
    cpSync(join(reports, usual), join(reports, 'damaged'), { recursive: true })
    writeFileSync(join(reports, 'damaged', 'result.json'), '{')
    expect(await scaleTest('report', usual)).toMatchObject({ status: 0 })
    const page = readFileSync(join(reports, 'index.html'), 'utf8')
    for (const name of [...runs, 'damaged']) expect(page).toContain(name)
    expect(page).toContain('cannot be read')
  })
})
