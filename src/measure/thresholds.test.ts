import { describe, expect, it } from 'vitest'
import type { ArmOutcome } from '../result/result.ts'
import { judge } from './thresholds.ts'

function arm(
  profile: string,
  repetition: number,
  available: number | null,
  vagueByMs = 0,
  machineBusy = 0.5,
): ArmOutcome {
  const stopsVagueByMs = vagueByMs === 0 ? {} : { available: vagueByMs }
  const probes = [{ name: 'rollout', stopsMs: { available }, stopsVagueByMs, machineBusy }] as ArmOutcome['probes']
  return { profile, repetition, probes } as ArmOutcome
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

  it('should be inconclusive when a repetition lacks the figure, however good the others are', () => {
    const outcome = judge({ probe: 'rollout', stop: 'available', of: 'tuned', max: '60s' }, [
      ...arms,
      arm('tuned', 4, null),
    ])
    expect(outcome).toMatchObject({ verdict: 'inconclusive', reason: 'tuned #4 did not reach available of rollout' })
  })

  it('should be inconclusive when the profile never ran', () => {
    expect(judge({ probe: 'rollout', stop: 'available', of: ['tuned', 'stock'], max: 1 }, arms)).toMatchObject({
      verdict: 'inconclusive',
      actual: null,
    })
  })

  it('should be inconclusive only when what a late sighting may hide decides', () => {
    const verdict = (max: string) =>
      judge({ probe: 'rollout', stop: 'available', of: 'tuned', max }, [arm('tuned', 1, 9000, 2000)]).verdict
    expect([verdict('6s'), verdict('8s'), verdict('9s')]).toEqual(['fail', 'inconclusive', 'pass'])
    const ratio = { probe: 'rollout', stop: 'available', of: ['tuned', 'untuned'] } as const
    const vague = [arm('tuned', 1, 10, 0), arm('untuned', 1, 100, 60)]
    expect(judge({ ...ratio, of: ['tuned', 'untuned'], max: 0.2 }, vague).verdict).toBe('inconclusive')
    expect(judge({ ...ratio, of: ['tuned', 'untuned'], max: 0.25 }, vague).verdict).toBe('pass')
  })

  it('should take what a saturated machine timed for an upper bound only', () => {
    const saturated = [arm('tuned', 1, 9000, 0, 0.95), arm('untuned', 1, 80_000)]
    const verdict = (
      of: 'tuned' | ['tuned', 'untuned'] | ['untuned', 'tuned'],
      bounds: { min?: string | number; max?: string | number },
    ) => judge({ probe: 'rollout', stop: 'available', of, ...bounds }, saturated).verdict
    expect(verdict('tuned', { max: '9s' })).toBe('pass')
    expect(verdict('tuned', { max: '8s' })).toBe('inconclusive')
    expect(verdict('tuned', { min: '5s', max: '8s' })).toBe('inconclusive')
    expect(verdict(['tuned', 'untuned'], { max: 0.2 })).toBe('pass')
    expect(verdict(['untuned', 'tuned'], { min: 5 })).toBe('inconclusive')
  })
})
