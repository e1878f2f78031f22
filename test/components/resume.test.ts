import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { findMarked, isLeftByGuard } from '../../src/targets/local/leftovers.ts'
import { endedWell, resultSchema } from '../../src/testing/outcomes.ts'
import { start } from '../cases/run.ts'
import { describeWithComponents } from '../e2e/components.ts'

const plan = `
apiVersion: scale-test/v1
name: resumed
target: local
fleet: { nodes: 1, node: { cpu: 4, memory: 8Gi } }
arms: [{ profile: untuned }, { profile: tuned }]
probes:
  pod: { image: pause, serviceAccountToken: false }
  settle: 500ms
  sequence: [{ name: rollout, from: 1, to: 5, timeout: 1m }]
`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-resume-e2e-'))
  writeFileSync(join(folder, 'resumed.yaml'), plan)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describeWithComponents('a run with real components that is killed', () => {
  it('should clean up after itself and measure what it had not, once', { timeout: 240_000 }, async () => {
    const reports = join(folder, 'reports')
    const env = { SCALE_TEST_REPORTS: reports }
    const run = start({ args: ['run', join(folder, 'resumed.yaml')], env })
    await run.until('  tuned: Fleet of')
    run.child.kill('SIGKILL')
    expect(await run.status()).toBeNull()
    const [runId = ''] = readdirSync(reports)
    const first = readFileSync(join(reports, runId, 'arms', '0001.json'), 'utf8')

    const resumed = start({ args: ['resume'], env })
    const status = await resumed.status()
    expect(resumed.said()).toContain('1 of 2 arms done')
    expect(await isLeftByGuard(runId, systemClock, 10_000)).toBe(true)
    expect(findMarked(runId)).toEqual([])

    const result = resultSchema.parse(JSON.parse(readFileSync(join(reports, runId, 'result.json'), 'utf8')))
    expect(endedWell(status, result), resumed.said()).toBe(true)
    expect(result.arms.map(({ id, session }) => [id, session])).toEqual([
      ['untuned-1', undefined],
      ['tuned-1', 2],
    ])
    expect(result.arms[0]).toEqual(resultSchema.parse(JSON.parse(first)).arms[0])
    expect(result).toMatchObject({ partial: false, resumptions: [{ armsDone: 1, ranAgain: ['tuned-1'] }] })
    expect(result.durationMs).toBeGreaterThan(JSON.parse(first).durationMs)
    expect(readdirSync(join(reports, runId)).toSorted()).toEqual([
      'figures.csv',
      'journal.ndjson',
      'junit.xml',
      'logs',
      'metrics.txt',
      'plan.json',
      'report.html',
      'report.md',
      'result.json',
      'samples.ndjson',
      'series.csv',
      'summary.json',
    ])
    expect(readdirSync(join(reports, runId, 'logs')).toSorted()).toEqual(['tuned-1', 'tuned-1.attempt-1', 'untuned-1'])
    const samples = readFileSync(join(reports, runId, 'samples.ndjson'), 'utf8')
      .trimEnd()
      .split('\n')
    const atMs = Map.groupBy(
      samples.map((line) => JSON.parse(line)),
      ({ armId, kind }) => `${armId} ${kind}`,
    )
    for (const [key, lines] of atMs) {
      if (!key.endsWith('machine')) continue
      const moments = lines.map((line) => line.atMs)
      expect(moments, key).toEqual(moments.toSorted((one, other) => one - other))
    }
  })
})
