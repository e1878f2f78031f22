import { describe, expect, it } from 'vitest'
import type { ArmOutcome } from '../result/result.ts'
import { sampleResult } from '../testing/results.ts'
import { evidenceOf } from './evidence.ts'

/** What is said of a result whose arms start containers like this, one each. */
function saidOf(evidence: 'measured' | 'simulated', ...starts: ArmOutcome['fleet']['containerStarts'][]): string {
  const { arms, ...rest } = sampleResult({ evidence })
  const armsWith = starts.map((containerStarts) =>
    arms.slice(0, 1).map((arm) => ({ ...arm, fleet: { ...arm.fleet, containerStarts } })),
  )
  return evidenceOf({ ...rest, arms: armsWith.flat() })
}

describe('what is said of evidence', () => {
  it.each(['measured', 'simulated'] as const)('should name what is assumed of container starts when %s', (evidence) => {
    const four = { timeMs: 495, parallel: 4 }
    expect(saidOf(evidence, four, four)).toContain(
      ' Assumed: starting a container takes 495 ms, with at most 4 at a time on a node.',
    )
    expect(saidOf(evidence, { timeMs: 80 })).toContain(' Assumed: starting a container takes 80 ms.')
    expect(saidOf(evidence, four, { timeMs: 495, parallel: 8 })).toContain(
      'takes 495 ms, with at most 4 at a time on a node; or 495 ms, with at most 8 at a time on a node.',
    )
    for (const starts of [undefined, { timeMs: 0, parallel: 4 }])
      expect(saidOf(evidence, starts)).not.toContain('Assumed')
  })
})
