import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Result } from '../../src/result/result.ts'
import { findMarked } from '../../src/targets/local/leftovers.ts'
import { probesIn, resultSchema } from '../../src/testing/outcomes.ts'
import { start } from '../cases/run.ts'
import { describeWithComponents } from './components.ts'

/** Long enough that a signal comes while it goes on: the kubelet may send five requests a second. */
const plan = `
apiVersion: scale-test/v1
name: still
target: local
fleet: { nodes: 1, node: { cpu: 4, memory: 8Gi } }
arms: [{ profile: untuned, set: [{ knob: kubelet.kubeAPIBurst, value: 5, because: so that it lasts }] }]
probes:
  pod: { image: pause, serviceAccountToken: false }
  settle: 100ms
  sequence:
    - { name: stopped, from: 1, to: 40, timeout: 2m }
    - { name: stalled, from: 40, to: 55, timeout: 2m }
`
const hourMs = 3_600_000
/** Longer than the second that a stamp may be late. */
const standMs = 1500

/**
 * A module that moves the wall clock of its process, an hour forward once knobs are read and an hour back of the true time in the first probe, and has
 * its event loop stand still in the second.
 */
const disturbed = `
  const { now } = Date
  let offMs = 0
  globalThis.Date = class extends Date {
    constructor(...args) { if (args.length === 0) super(now() + offMs); else super(...args) }
    static now() { return now() + offMs }
  }
  const write = process.stdout.write
  let isToStall = true
  process.stdout.write = function (said, ...rest) {
    const text = String(said)
    if (text.includes('"step-started"') && text.includes('verify-knobs')) offMs = ${hourMs}
    if (text.includes('"step-started"') && text.includes('probe/stopped')) offMs = ${-hourMs}
    if (isToStall && text.includes('probe/stalled') && text.includes('"done":')) {
      isToStall = false
      for (const endMs = performance.now() + ${standMs}; performance.now() < endMs; );
    }
    return write.call(this, said, ...rest)
  }`

describeWithComponents('a run on target local whose clock jumps and whose orchestrator stands still', () => {
  let folder: string
  let run: string
  let status: number | null
  let said: string
  let result: Result
  let elapsedMs: number

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'scale-test-still-'))
    writeFileSync(join(folder, 'still.yaml'), plan)
    const beganMs = performance.now()
    const started = start({
      args: ['run', join(folder, 'still.yaml'), '--json'],
      env: { SCALE_TEST_REPORTS: join(folder, 'reports') },
      preload: disturbed,
    })
    await started.until('"stepId":"probe/stopped","done":')
    started.child.kill('SIGSTOP')
    await sleep(standMs)
    started.child.kill('SIGCONT')
    status = await started.status()
    elapsedMs = performance.now() - beganMs
    said = started.said()
    const [name = ''] = readdirSync(join(folder, 'reports')).filter((one) => one.startsWith('still-'))
    run = join(folder, 'reports', name)
    result = resultSchema.parse(JSON.parse(readFileSync(join(run, 'result.json'), 'utf8')))
  }, 240_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const linesOf = (file: string): { atMs?: number }[] =>
    readFileSync(join(run, file), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))

  it('should be inconclusive, and say of each step for how long it stood still, be it stopped (fault 38)', () => {
    expect([status, said]).toEqual([4, expect.stringContaining('stalled')])
    expect(result).toMatchObject({
      verdict: 'inconclusive',
      partial: false,
      arms: [{ outcome: 'complete', residue: [] }],
    })
    expect(result.reasons.join('\n')).toMatch(/stopped.*the orchestrator stalled for \d/)
    expect(probesIn(result.arms[0])[0]?.eventLoopDelayMaxMs).toBeGreaterThan(1000)
  })

  it('should be inconclusive, and say of each step for how long it stood still, be it busy (fault 23)', () => {
    expect(result.reasons.join('\n')).toMatch(/stalled.*the orchestrator stalled for \d/)
    // The clock that jumps is no reason.
    for (const reason of result.reasons) expect(reason).toContain('the orchestrator stalled')
  })

  it('should have durations and moments of a clock that only goes forward (fault 22)', () => {
    // What the wall clock said is kept for people to read, and nothing else.
    const events = said.split('\n').filter((line) => line.startsWith('{"sequence"'))
    const hours = new Set(events.map((line) => JSON.parse(line).time.slice(0, 13)))
    expect(hours.size).toBeGreaterThan(1)

    const [arm] = result.arms
    expect(result.durationMs).toBeGreaterThan(0)
    expect(result.durationMs).toBeLessThan(elapsedMs)
    const durations = [
      ...probesIn(arm).flatMap(({ stopsMs }) => Object.values(stopsMs)),
      ...(arm?.steps ?? []).map(({ startMs = Number.NaN, endMs = Number.NaN }) => endMs - startMs),
      arm?.controlPlaneReadyMs,
      arm?.fleet.readyMs,
    ]
    expect(durations.length).toBeGreaterThan(10)
    for (const durationMs of durations) {
      expect(durationMs).toBeGreaterThan(0)
      expect(durationMs).toBeLessThan(elapsedMs)
    }
    const records = linesOf('journal.ndjson').map(({ atMs = Number.NaN }) => atMs)
    expect(records).toEqual(records.toSorted((one, other) => one - other))
    expect((records.at(-1) ?? Number.NaN) - (records[0] ?? Number.NaN)).toBeLessThan(elapsedMs)
    for (const { atMs = 0 } of linesOf('samples.ndjson')) {
      expect(atMs).toBeGreaterThanOrEqual(0)
      expect(atMs).toBeLessThan(elapsedMs)
    }
  })

  it('should leave nothing (faults 22, 23, 38)', () => {
    expect(findMarked(result.run)).toEqual([])
    expect(readdirSync(run)).not.toContain('state')
    expect(linesOf('journal.ndjson').at(-1)).toMatchObject({ type: 'run-finished' })
  })
})
