import { describe, expect, it } from 'vitest'
import { figureRows } from '../../report/comparison.ts'
import type { ArmOutcome, Result } from '../../result/result.ts'
import { probesIn } from '../../testing/outcomes.ts'
import { htmlOf, junitOf, markdownOf, speedupOf, summaryOf, viewFor } from '../../testing/reports.ts'
import { sampleArm, sampleResult } from '../../testing/results.ts'

const times = {
  untuned: {
    rollout: { created: 9000, ready: 78_900, available: 79_000 },
    scaleDown: { rsCurrent: 8690, deleted: 122_000 },
  },
  tuned: { rollout: { created: 800, ready: 7000, available: 7100 }, scaleDown: { rsCurrent: 500, deleted: 14_000 } },
}

/** A run whose tuned rollout timed out, so that its scale-down began with 78 pods Ready. */
function unfinished(): Result {
  const [untuned, tuned] = [sampleArm('untuned', 1, 1, times.untuned), sampleArm('tuned', 1, 2, times.tuned)]
  const [rollout, scaleDown] = probesIn(tuned)
  Object.assign(rollout?.stopsMs ?? {}, { available: null, ready: null })
  Object.assign(rollout ?? {}, {
    timeoutMs: 30_000,
    progress: {
      created: { done: 200, total: 200 },
      available: { done: 77, total: 200 },
      ready: { done: 78, total: 200 },
    },
  })
  Object.assign(scaleDown ?? {}, { atStart: { pods: 200, ready: 78 } })
  return sampleResult({
    arms: [untuned, tuned],
    reference: null,
    thresholds: [],
    verdict: 'inconclusive',
    reasons: ['x'],
  })
}

const timedOut = 'timed out after 30.0 s with 77 of 200 available and 78 of 200 Ready; raise probes.sequence[0].timeout'
const startedEarly = 'started before rollout was finished'

describe('a probe that timed out', () => {
  it('should say how far it came in every report that explains figures', () => {
    for (const report of [htmlOf(unfinished()), markdownOf(unfinished()), junitOf(unfinished())]) {
      expect(report.replaceAll(/\\([[\]])/g, '$1')).toContain(timedOut)
      expect(report).toContain(startedEarly)
    }
  })

  it('should say that more time would not help when no node has room for its pods (fault 26)', () => {
    const result = unfinished()
    const rollout = probesIn(result.arms[1] as ArmOutcome)[0]
    const because = '0/20 nodes are available: 1 Too many pods, 19 node(s) did not match'
    Object.assign(rollout ?? {}, { unschedulable: { pods: 122, because } })
    const report = markdownOf(result)
    expect(report).toContain(`78 of 200 Ready; no node has room for 122 pods (${because}), so more time would not help`)
    expect(report).not.toContain('raise probes.sequence')
  })

  it('should leave the next one without ratio, and without what bound it', () => {
    const [rollout, scaleDown] = viewFor(unfinished()).steps
    const ratios = (step: typeof rollout) =>
      (step === undefined ? [] : figureRows(step.figures)).map(({ name, cells }) => [name, speedupOf(cells[1])])
    expect(ratios(rollout)).toEqual([
      ['created', expect.closeTo(11.25, 9)],
      ['available', null],
      ['ready', null],
    ])
    expect(ratios(scaleDown)).toEqual([
      ['rsCurrent', null],
      ['deleted', null],
    ])
    expect(scaleDown?.reasons.map((reason) => reason.split(':')[0])).toEqual([
      'untuned #1, ReplicaSet current',
      'untuned #1, deleted',
      'tuned #1',
    ])
    expect(viewFor(unfinished()).worse).toEqual([])
    expect(summaryOf(unfinished(), { reportPath: 'x' })).toMatch(/available +79\.0 s +not reached +—/)
  })

  it('should fail a test case of its own, and so should the next one', () => {
    const junit = junitOf(unfinished())
    for (const [name, message] of [
      ['tuned #1: rollout 1 → 200', timedOut],
      ['tuned #1: scale-down 200 → 1', startedEarly],
    ])
      expect(junit).toMatch(
        new RegExp(`name="${name}"[^>]*>\\s*<error type="no-data" message="${message?.replaceAll(/[[\]]/g, '\\$&')}`),
      )
  })
})
