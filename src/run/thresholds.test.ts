import { describe, expect, it } from 'vitest'
import type { Threshold } from '../plan/plan.ts'
import type { ArmOutcome, ThresholdOutcome } from '../result/result.ts'
import type { ProbeOutcome } from '../steps/probe/outcome.ts'
import { stepsDone } from '../testing/outcomes.ts'
import { boundsOf, judgeAll } from './thresholds.ts'

function judge(threshold: Threshold, judged: ArmOutcome[]): ThresholdOutcome {
  const [outcome] = judgeAll(boundsOf(threshold), judged)
  if (outcome === undefined) throw new Error('nothing was judged')
  return outcome
}

function arm(
  profile: string,
  repetition: number,
  available: number | null,
  vagueByMs = 0,
  machineBusy = 0.5,
): ArmOutcome {
  const stopsVagueByMs = vagueByMs === 0 ? {} : { available: vagueByMs }
  const shape = { name: 'rollout', from: 1, to: 200, timeoutMs: 300_000, progress: {} }
  const probes = [{ ...shape, stopsMs: { available }, stopsVagueByMs, machineBusy }] as unknown as ProbeOutcome[]
  return { name: profile, repetition, steps: stepsDone(null, probes) } as ArmOutcome
}

/** An arm whose scale-down began when its rollout had timed out, or with other pods than planned. */
function unfinishedArm(
  profile: string,
  changes: { availableMs?: null; atStart?: { pods: number; ready: number } },
): ArmOutcome {
  const { availableMs = 1000, atStart } = changes
  const before = {
    name: 'rollout',
    from: 1,
    to: 200,
    stopsMs: { available: availableMs },
    stopsVagueByMs: {},
    progress: {},
    machineBusy: null,
  }
  const after = {
    ...before,
    name: 'scale-down',
    from: 200,
    to: 1,
    stopsMs: { deleted: 500 },
    ...(atStart && { atStart }),
  }
  return {
    name: profile,
    repetition: 1,
    steps: stepsDone(null, [before, after] as unknown as ProbeOutcome[]),
  } as ArmOutcome
}

const arms = [
  arm('untuned', 1, 80_000),
  arm('tuned', 1, 7000),
  arm('tuned', 2, 9000),
  arm('untuned', 2, 79_000),
  arm('tuned', 3, 30_000),
  arm('untuned', 3, 78_000),
]

describe('judge', () => {
  it('should compare the median of the repetitions with the bounds', () => {
    expect(judge({ probe: 'rollout', stop: 'available', of: 'tuned', max: '9s' }, arms)).toEqual({
      name: 'tuned rollout available at most 9.00 s',
      id: 'tuned/rollout/available',
      bounds: { probe: 'rollout', stop: 'available', of: 'tuned' },
      verdict: 'pass',
      actual: 9000,
      max: 9000,
      unit: 'ms',
    })
    expect(judge({ probe: 'rollout', stop: 'available', of: 'untuned', min: '79.5s', max: '90s' }, arms).verdict).toBe(
      'fail',
    )
  })

  it('should divide the medians when two profiles are named', () => {
    const outcome = judge({ probe: 'rollout', stop: 'available', of: ['tuned', 'untuned'], max: 0.1 }, arms)
    expect(outcome).toMatchObject({ verdict: 'fail', unit: 'ratio', actual: 9000 / 79_000 })
  })

  it('should be inconclusive when a repetition lacks the figure, however good the others are (fault 35)', () => {
    const outcome = judge({ probe: 'rollout', stop: 'available', of: 'tuned', max: '60s' }, [
      ...arms,
      arm('tuned', 4, null),
    ])
    expect(outcome).toMatchObject({ verdict: 'inconclusive', reason: 'tuned #4 did not reach available of rollout' })
  })

  it('should be inconclusive when the profile never ran (fault 35)', () => {
    expect(judge({ probe: 'rollout', stop: 'available', of: ['tuned', 'stock'], max: 1 }, arms)).toMatchObject({
      verdict: 'inconclusive',
      actual: null,
    })
  })

  it('should be inconclusive only when what a late sighting may hide decides', () => {
    const verdict = (max: string) =>
      judge({ probe: 'rollout', stop: 'available', of: 'tuned', max }, [arm('tuned', 1, 9000, 2000)]).verdict
    expect([verdict('6s'), verdict('8s'), verdict('9s')]).toEqual(['fail', 'inconclusive', 'pass'])
  })

  it('should judge a ratio of upper bounds where it is beyond doubt, and leave it open elsewhere', () => {
    const of: [string, string] = ['tuned', 'untuned']
    const verdict = (max: number, tuned: ArmOutcome, untuned: ArmOutcome) => {
      const { verdict, actual, isUpperBound } = judge({ probe: 'rollout', stop: 'available', of, max }, [
        tuned,
        untuned,
      ])
      return { verdict, actual, isUpperBound }
    }
    const [boundTuned, boundUntuned] = [arm('tuned', 1, 11_400, 0, 0.94), arm('untuned', 1, 78_500, 0, 0.94)]
    const [exactTuned, exactUntuned] = [arm('tuned', 1, 30_000), arm('untuned', 1, 78_500)]
    expect(verdict(0.35, boundTuned, exactUntuned)).toEqual({
      verdict: 'pass',
      actual: 11_400 / 78_500,
      isUpperBound: true,
    })
    expect(verdict(0.1, boundTuned, exactUntuned)).toMatchObject({ verdict: 'inconclusive', actual: null })
    expect(verdict(0.35, exactTuned, boundUntuned)).toMatchObject({ verdict: 'fail', actual: 30_000 / 78_500 })
    expect(verdict(0.5, exactTuned, boundUntuned)).toMatchObject({ verdict: 'inconclusive', actual: null })
    expect(verdict(0.35, boundTuned, boundUntuned)).toMatchObject({ verdict: 'inconclusive', actual: null })
  })

  it('should have no ratio of what was seen late where that decides', () => {
    const late = [arm('tuned', 1, 1000, 0), arm('untuned', 1, 100_000, 60)]
    expect(judge({ probe: 'rollout', stop: 'available', of: ['tuned', 'untuned'], max: 0.01 }, late)).toMatchObject({
      verdict: 'inconclusive',
      actual: null,
      reason: 'untuned was seen late',
    })
    const soonEnough = [arm('tuned', 1, 1000, 4), arm('untuned', 1, 100_000, 5)]
    expect(judge({ probe: 'rollout', stop: 'available', of: ['tuned', 'untuned'], max: 1 }, soonEnough)).toMatchObject({
      verdict: 'pass',
      actual: 0.01,
    })
  })

  it("should have no ratio of a time below the clock's resolution, and bound the time itself", () => {
    const fast = [arm('tuned', 1, 3), arm('untuned', 1, 4)]
    expect(judge({ probe: 'rollout', stop: 'available', of: ['tuned', 'untuned'], max: 2 }, fast)).toMatchObject({
      verdict: 'inconclusive',
      reason: "tuned is below the clock's resolution of 5 ms; untuned is below the clock's resolution of 5 ms",
    })
    expect(judge({ probe: 'rollout', stop: 'available', of: 'tuned', max: '10ms' }, fast).verdict).toBe('pass')
  })

  it.each([
    ['the rollout before it had timed out', { availableMs: null }],
    ['pods were not Ready when it started', { atStart: { pods: 200, ready: 78 } }],
    ['pods were missing when it started', { atStart: { pods: 78, ready: 78 } }],
  ] as const)('should judge nothing by a probe when %s', (_, changes) => {
    const judged = [unfinishedArm('tuned', changes), unfinishedArm('untuned', {})]
    for (const of of ['tuned', ['tuned', 'untuned'], ['untuned', 'tuned']] as const) {
      const threshold = {
        probe: 'scale-down',
        stop: 'deleted',
        of: of as Threshold['of'],
        max: of === 'tuned' ? '1h' : 9,
      }
      expect(judge(threshold as Threshold, judged)).toMatchObject({
        verdict: 'inconclusive',
        actual: null,
        reason: 'tuned started from an unfinished probe',
      })
    }
  })

  it('should take what a saturated machine timed for an upper bound only', () => {
    const saturated = [arm('tuned', 1, 9000, 0, 0.95), arm('untuned', 1, 80_000)]
    const verdict = (
      of: 'tuned' | ['tuned', 'untuned'] | ['untuned', 'tuned'],
      bounds: { min?: string | number; max?: string | number },
    ) => judge({ probe: 'rollout', stop: 'available', of, ...bounds }, saturated).verdict
    expect(judge({ probe: 'rollout', stop: 'available', of: 'tuned', max: '9s' }, saturated)).toMatchObject({
      verdict: 'pass',
      actual: 9000,
      isUpperBound: true,
    })
    expect(verdict('tuned', { max: '8s' })).toBe('inconclusive')
    expect(verdict('tuned', { min: '5s', max: '8s' })).toBe('inconclusive')
    expect(verdict(['tuned', 'untuned'], { max: 0.05 })).toBe('inconclusive')
    expect(verdict(['untuned', 'tuned'], { min: 9.5 })).toBe('inconclusive')
    expect(verdict(['untuned', 'tuned'], { min: 5 })).toBe('pass')
  })
})
