import { describe, expect, it } from 'vitest'
import { filledResult } from '../testing/filled-results.ts'
import { fillIn, probesIn, resultSchema } from '../testing/outcomes.ts'
import { junitOf, markdownOf } from '../testing/reports.ts'
import type { ArmOutcome, Result } from './result.ts'
import { upgraded } from './upgrade.ts'

/** A result as schema 1 wrote it: with a fill and probes, an arm's name as its profile, and its profile only where that differs. */
function asSchema1(result: Result): unknown {
  const { arms, reference, ...rest } = structuredClone(result)
  const armIn1 = (arm: ArmOutcome) => {
    const { id: _, name, profile, steps: __, ...others } = arm
    const basedOn = profile === name ? {} : { basedOn: profile }
    return { ...others, profile: name, ...basedOn, fill: fillIn(arm), probes: probesIn(arm) }
  }
  const figures = reference?.figures.map(({ arm, ...figure }) => ({ ...figure, profile: arm }))
  return { ...rest, schema: 1, arms: arms.map(armIn1), reference: reference && { ...reference, figures } }
}

describe('upgraded', () => {
  it('should make of a result of schema 1 what it would be today (review 31)', () => {
    const result = filledResult()
    expect(resultSchema.parse(upgraded(asSchema1(result)))).toEqual(resultSchema.parse(result))
  })

  it.each([
    [80, { timeMs: 80 }],
    [0, undefined],
  ])('should take containers that took %d ms to start for what they are called today', (timeMs, starts) => {
    const { arms, ...rest } = structuredClone(filledResult())
    const former = arms.map((arm) => ({ ...arm, fleet: { ...arm.fleet, containerStartDelayMs: timeMs } }))
    for (const old of [{ ...rest, arms: former }, asSchema1({ ...rest, arms: former })]) {
      const { arms: read } = resultSchema.parse(upgraded(old))
      expect(read.map(({ fleet }) => fleet.containerStarts)).toEqual(read.map(() => starts))
    }
  })

  it('should leave figures and verdicts of reports as they were', () => {
    const old = resultSchema.parse(upgraded(asSchema1(filledResult())))
    expect(markdownOf(old)).toBe(markdownOf(filledResult()))
    expect(junitOf(old)).toBe(junitOf(filledResult()))
  })

  it.each([[null], [7], [{ schema: 2, arms: 1 }], [{ schema: 1 }], [{ schema: 1, arms: [null, { probes: 3 }] }]])(
    'should not stumble over %j, which the schema refuses',
    (value) => {
      expect(resultSchema.safeParse(upgraded(value)).success).toBe(false)
    },
  )
})
