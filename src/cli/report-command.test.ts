import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ArmOutcome, Result, ThresholdOutcome } from '../result/result.ts'
import type { ProbeOutcome } from '../steps/probe/outcome.ts'
import { probesIn } from '../testing/outcomes.ts'
import { surroundingsForTests } from '../testing/surroundings.ts'
import type { RunOptions } from './options.ts'
import { reportCommand } from './report-command.ts'
import { runCommand } from './run-command.ts'

const _root = join(import.meta.dirname, '..', '..')
let reports: string
let printed: string[] = []

const surroundings = () => surroundingsForTests(reports, (line) => printed.push(line))

/** Runs the plan smoke on a simulated cluster: its exit status, and the folder of its report. */
async function smoke(options: RunOptions = {}): Promise<{ status: number; folder: string }> {
  const before = new Set(readdirSync(reports))
  const status = await runCommand('smoke', { target: 'sim', repeat: 1, ...options }, surroundings())
  return {
    status,
    folder: join(reports, readdirSync(reports).find((name) => !before.has(name) && name !== 'index.html') ?? ''),
  }
}

/** The status of `report` and what it prints, on one line. */
async function reported(folder: string): Promise<{ status: number; text: string }> {
  printed = []
  const status = await reportCommand(folder, {}, surroundings())
  return { status, text: printed.join(' ').replaceAll(/\s+/g, ' ') }
}

describe('reportCommand', () => {
  let whole: string
  let recorded: string

  beforeAll(async () => {
    reports = mkdtempSync(join(tmpdir(), 'scale-test-report-'))
    whole = (await smoke()).folder
    recorded = readFileSync(join(whole, 'result.json'), 'utf8')
  })

  afterAll(() => rmSync(reports, { recursive: true, force: true }))

  const missed = 'thresholds=[{probe: rollout, stop: available, of: tuned, max: 1ms}]'
  const tooShort = 'probes.sequence=[{name: rollout, from: 1, to: 20, timeout: 1s}]'
  const short = 'thresholds=[{probe: rollout, stop: available, of: tuned, max: 10s}]'
  it.each<[string, string[], number, string]>([
    ['pass', [], 0, 'smoke: pass (simulated) No pod was lost. The only threshold is met.'],
    ['fail', [missed], 1, 'smoke: fail (simulated) missed: tuned rollout available at most 1 ms'],
    ['inconclusive', [tooShort, short], 4, 'untuned #1 rollout: timed out after 1.00 s with'],
    [
      'inconclusive as the fill was late',
      ['workload.timeout=2s'],
      4,
      'untuned #1: the fill timed out after 2.00 s with',
    ],
  ])('should end with the status of the verdict, as the run did: %s (hostile 18)', async (_, set, expected, words) => {
    const { status, folder } = await smoke({ set: ['seed=7', ...set] })
    const ran = readFileSync(join(folder, 'report.html'), 'utf8')
    expect(status).toBe(expected)
    expect(await reported(folder)).toMatchObject({ status: expected, text: expect.stringContaining(words) })
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toBe(ran)
    rmSync(folder, { recursive: true })
  })

  it('should say of a simulation nothing that only a cluster could tell', async () => {
    printed = []
    const { folder } = await smoke({
      set: ['seed=8', 'probes.sequence=[{name: up, from: 1, to: 20, timeout: 1s}]', 'thresholds=[]'],
    })
    const texts = ['report.html', 'report.md', 'junit.xml'].map((file) => readFileSync(join(folder, file), 'utf8'))
    const hint = printed.pop()
    expect(hint).toMatch(/^measure it: npm run scale-test -- run smoke --target local /)
    for (const text of [printed.join('\n'), ...texts]) {
      expect(text).toMatch(/simulated/i)
      expect(text).not.toMatch(/measur|running component|own metrics|read back|ready in 0 ms|real component/i)
    }
    expect(printed.join('\n')).toContain('Control plane: its start is not modelled')
    rmSync(folder, { recursive: true })
  })

  type Change = (result: Result, tuned: ArmOutcome, rollout: ProbeOutcome, threshold: ThresholdOutcome) => void
  const withChange = (change: Change) => {
    const result = JSON.parse(recorded) as Result
    const tuned = result.arms[1]
    const [rollout] = probesIn(tuned) ?? []
    const [threshold] = result.thresholds
    if (tuned === undefined || rollout === undefined || threshold === undefined) throw new Error('smoke has changed')
    change(result, tuned, rollout, threshold)
    writeFileSync(join(whole, 'result.json'), JSON.stringify(result))
  }

  it.each<[string, Change, string]>([
    ['no arms', (result) => result.arms.splice(0), 'no arm ran'],
    ['no steps', (_, tuned) => tuned.steps.splice(0), 'tuned #1: nothing was measured'],
    ['one probe less', (_, tuned) => tuned.steps.pop(), 'tuned #1: scale-down did not run'],
    [
      'an arm that broke',
      (_, tuned) => Object.assign(tuned, { outcome: 'failed', error: 'it broke' }),
      'tuned #1: it broke',
    ],
    ['a part of the run', (result) => Object.assign(result, { partial: true }), 'the run stopped early'],
    [
      'a stop that did not come',
      (_, __, rollout) => Object.assign(rollout.stopsMs, { ready: null }),
      'timed out after 60.0 s with',
    ],
    ['no stops', (_, __, rollout) => Object.assign(rollout, { stopsMs: {} }), 'rollout: created was not recorded'],
    [
      'another time',
      (_, __, rollout) => Object.assign(rollout.stopsMs, { available: 11_000 }),
      'result.json records pass, but its arms give fail',
    ],
    [
      'lost pods',
      (_, __, rollout) => Object.assign(rollout.pods, { ready: 19 }),
      '1 pod of 20 was not Ready at the end',
    ],
    [
      'another verdict',
      (result) => Object.assign(result, { verdict: 'fail' }),
      'result.json records fail, but its arms give pass',
    ],
    [
      'a threshold met by nothing',
      (_, __, ___, threshold) => {
        delete threshold.bounds
        threshold.actual = null
      },
      'records pass for "tuned rollout available at most 10.0 s", but its arms give inconclusive',
    ],
    [
      'a threshold met by too much',
      (_, __, ___, threshold) => {
        delete threshold.bounds
        threshold.actual = 10_001
      },
      'records pass for "tuned rollout available at most 10.0 s", but its arms give fail',
    ],
    [
      'a threshold that bounds its figure below, from above 0',
      (_, __, ___, threshold) => {
        delete threshold.bounds
        delete threshold.max
        threshold.min = 10_001
      },
      'its arms give fail',
    ],
    ['an arm that was not filled', (_, tuned) => tuned.steps.shift(), 'fill did not run; it did in another arm'],
    [
      'other evidence',
      (result) => Object.assign(result, { evidence: 'measured' }),
      'result.json records figures of target sim as measured',
    ],
  ])('should not take the word of a result that says pass and has %s (hostile 18)', async (_, change, words) => {
    withChange(change)
    const { status, text } = await reported(whole)
    expect([status, text]).toEqual([4, expect.stringContaining(words)])
    expect(text).toMatch(/^smoke: inconclusive \(simulated\)/)
    for (const file of ['report.html', 'report.md', 'junit.xml'])
      expect(readFileSync(join(whole, file), 'utf8')).toContain('inconclusive')
  })

  it.each<[string, Change, RegExp]>([
    [
      'a negative time',
      (_, __, rollout) => Object.assign(rollout.stopsMs, { ready: -5 }),
      /steps\[1\]\.outcome\.stopsMs\.ready/,
    ],
    ['a negative count', (_, __, rollout) => Object.assign(rollout.pods, { ready: -1 }), /pods\.ready/],
    [
      'a threshold without an end',
      (_, __, ___, threshold) => delete threshold.max,
      /thresholds\[0\]: needs min, max, or both/,
    ],
    ['a repetition before the first', (_, tuned) => Object.assign(tuned, { repetition: 0 }), /arms\[1\]\.repetition/],
    ['two arms of one name', (result, tuned) => result.arms.push(tuned), /a second arm is called tuned #1/],
    [
      'two steps of one name',
      (_, tuned) => tuned.steps.push(...tuned.steps.slice(1, 2)),
      /a second step is called rollout/,
    ],
  ])('should refuse a result with %s', async (_, change, message) => {
    withChange(change)
    await expect(reported(whole)).rejects.toThrow(message)
  })
})
