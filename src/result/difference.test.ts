import { describe, expect, it } from 'vitest'
import { createRandom } from '../base/random.ts'
import { noisy } from '../testing/noise.ts'
import type { DifferenceRule, RunReading } from './difference.ts'
import { differenceOf, isDifference } from './difference.ts'
import type { Hindrance, Reading } from './sample.ts'
import { exactly } from './sample.ts'

const rule: DifferenceRule = { material: 0.05, pairing: 'repetition', resolution: 5 }
const apart: DifferenceRule = { ...rule, pairing: 'none' }

const runsOf = (readings: readonly Reading[]): RunReading[] =>
  readings.map((reading, index) => ({ repetition: index + 1, reading }))
const of = (...values: (number | null)[]) => runsOf(values.map(exactly))
const hindered = (value: number, hindrance: Hindrance, least = 0) => runsOf([{ value, least, hindrance }])
const bounds = (least: number, ...values: number[]) =>
  runsOf(values.map((value): Reading => ({ value, least, hindrance: 'seen-late' })))

describe('a difference', () => {
  it('should be shown when the interval is clear of 1 and the ratio is material', () => {
    const found = differenceOf(of(100, 110, 90, 105), of(121, 132, 108, 125), rule)
    expect(found).toMatchObject({ kind: 'shown', direction: 'more', p: null, test: null, atLeast: false })
    expect(found).toMatchObject({ estimate: { n: 4, confidence: 0.95 } })
    expect(differenceOf(of(121, 132, 108, 125), of(100, 110, 90, 105), rule)).toMatchObject({ direction: 'less' })
  })

  it('should not be shown when it is of no interest, however sure', () => {
    const [before, after] = [of(1000, 1100, 900, 1050), of(1030, 1134, 926, 1081)]
    const found = differenceOf(before, after, rule)
    expect(found).toMatchObject({ kind: 'none-shown', wouldHaveSeen: 0.05, repetitionsFor20Percent: 2 })
    expect(differenceOf(before, after, { ...rule, material: 0.01 }).kind).toBe('shown')
  })

  it('should say what would have been seen, and how many repetitions would show 20 %, when chance accounts for it', () => {
    const found = differenceOf(of(100, 130, 90, 120), of(121, 110, 120, 105), rule)
    if (found.kind !== 'none-shown') throw new Error(found.kind)
    expect(found.wouldHaveSeen).toBeGreaterThan(0.2)
    expect(found.repetitionsFor20Percent).toBeGreaterThan(4)
  })

  it('should need the exact test as well when there are runs enough for one', () => {
    const six = differenceOf(of(100, 101, 99, 100, 102, 98), of(121, 120, 119, 122, 118, 120), rule)
    expect(six).toMatchObject({ kind: 'shown', test: 'sign-flip', p: 2 / 64 })
    const four = differenceOf(of(100, 101, 99, 100), of(121, 120, 119, 122), apart)
    expect(four).toMatchObject({ kind: 'shown', test: 'mann-whitney' })
    // The interval alone would claim this: one run of the other arm is below one of the baseline.
    expect(differenceOf(of(100, 100, 100, 107), of(106, 112, 112, 112), apart).kind).toBe('none-shown')
  })

  it('should be of pairs, so that drift of the machine is no chance', () => {
    const [before, after] = [of(100, 200, 400), of(120, 242, 478)]
    expect(differenceOf(before, after, rule).kind).toBe('shown')
    expect(differenceOf(before, after, apart).kind).toBe('none-shown')
  })

  it('should be of the repetitions that both arms have', () => {
    const [first, , third] = of(120, 999, 122)
    const other = [third, first].flatMap((run) => run ?? [])
    expect(differenceOf(of(100, 5000, 102), other, rule)).toMatchObject({ kind: 'shown', estimate: { n: 2 } })
    expect(differenceOf(of(100, 102), other.slice(0, 1), rule)).toMatchObject({ kind: 'one-run' })
  })

  it('should be exact, without a width, when nothing varies', () => {
    const found = differenceOf(of(100, 100, 100), of(150, 150, 150), rule)
    if (found.kind !== 'shown') throw new Error(found.kind)
    expect(found.estimate?.ratio).toBeCloseTo(1.5, 12)
    expect(found.estimate?.low).toBe(found.estimate?.high)
    expect(differenceOf(of(100, 100, 100), of(100, 100, 100), rule)).toMatchObject({
      kind: 'none-shown',
      wouldHaveSeen: 0.05,
    })
  })

  it('should not be shown when it is less than the clock tells', () => {
    expect(differenceOf(of(10, 10, 10), of(14, 14, 14), rule).kind).toBe('none-shown')
    expect(differenceOf(of(10, 10, 10), of(14, 14, 14), { ...rule, resolution: 0 }).kind).toBe('shown')
  })

  it.each([
    ['is 6 % longer', of(106), of(100), 'more'],
    ['is 4 % longer', of(104), of(100), null],
    ['differs by less than the clock tells', of(9), of(5), null],
    ['is a tenth', of(8000), of(80_000), 'less'],
  ])('should be said of one run each without significance: it %s', (_, other, baseline, direction) => {
    expect(differenceOf(baseline, other, rule)).toMatchObject({ kind: 'one-run', direction, atLeast: false })
  })

  it.each([
    ['may have been as short, as it was seen late', hindered(900, 'seen-late', 90), of(100), null],
    ['was seen late and is longer all the same', hindered(900, 'seen-late', 800), of(100), 8],
    ['is longer than an upper bound', of(900), hindered(100, 'machine-bound'), 9],
    ['is an upper bound', hindered(900, 'machine-bound'), of(100), null],
    ['is an upper bound and shorter all the same', hindered(100, 'machine-bound'), of(900), 1 / 9],
    ['grows from nothing', of(30), of(0), 6],
    ['is below the resolution of the clock, as the other is', of(4), of(2), null],
    ['started from an unfinished probe', hindered(900, 'unfinished-start', 900), of(100), null],
    ['was not reached', of(null), of(100), null],
    ['has no figure', [], of(100), null],
  ])('should be at least what its bounds leave, or not comparable: it %s', (_, other, baseline, ratio) => {
    const found = differenceOf(baseline, other, rule)
    if (ratio === null) expect(found.kind).toBe('not-comparable')
    else expect(found).toMatchObject({ kind: 'one-run', atLeast: true, ratio: expect.closeTo(ratio, 9) })
    expect(isDifference(found, 'more') && isDifference(differenceOf(other, baseline, rule), 'more')).toBe(false)
  })

  it('should be judged by what repetitions were at least when they were seen late', () => {
    const found = differenceOf(of(100, 101, 99), bounds(800, 900, 905, 910), rule)
    expect(found).toMatchObject({ kind: 'shown', direction: 'more', atLeast: true })
    expect(found).toMatchObject({ estimate: { ratio: expect.closeTo(8, 1) } })
    expect(differenceOf(of(100, 101, 99), bounds(90, 900, 905, 910), rule)).toEqual({
      kind: 'not-comparable',
      reason: 'it was seen late',
    })
  })

  it('should be of ranks when a run never got there, and only of four runs or more', () => {
    const found = differenceOf(of(10, 11, 12, 13), of(100, null, null, null), rule)
    expect(found).toMatchObject({ kind: 'shown', direction: 'more', estimate: null, test: 'mann-whitney' })
    expect(differenceOf(of(10, 11, 12, null), of(100, 9, 14, 15), rule)).toEqual({
      kind: 'none-shown',
      estimate: null,
      wouldHaveSeen: null,
      repetitionsFor20Percent: null,
    })
    expect(differenceOf(of(null, null, null, null), of(null, null, null, null), rule).kind).toBe('none-shown')
    expect(differenceOf(of(10, 11, 12), of(100, null, null), rule)).toEqual({
      kind: 'not-comparable',
      reason: 'it was not reached',
    })
  })

  it('should be of ranks when figures are zero and have no ratio', () => {
    const counts = { material: 0.05, pairing: 'none' } as const
    expect(differenceOf(of(0, 0, 0, 0), of(3, 4, 5, 6), counts)).toMatchObject({ kind: 'shown', direction: 'more' })
    expect(differenceOf(of(0), of(3), counts).kind).toBe('not-comparable')
  })
})

describe('many experiments', () => {
  const experiments = 200

  it.each(
    ([2, 3, 4, 5, 6, 8, 10] as const).flatMap((n) =>
      (['repetition', 'none'] as const).map((pairing) => ({ n, pairing })),
    ),
  )(
    'should claim a difference of equal arms in at most 5 of 100: $n repetitions, pairing $pairing',
    ({ n, pairing }) => {
      const random = createRandom(4, `equal arms ${n} ${pairing}`)
      const claims = Array.from({ length: experiments }, () =>
        differenceOf(of(...noisy(random, n, 1000, 0.05)), of(...noisy(random, n, 1000, 0.05)), { ...rule, pairing }),
      ).filter(({ kind }) => kind === 'shown')
      expect(claims.length).toBeLessThanOrEqual(0.05 * experiments)
    },
  )

  it.each([
    { pilot: 2, spread: 0.05 },
    { pilot: 4, spread: 0.02 },
    { pilot: 4, spread: 0.1 },
    { pilot: 6, spread: 0.05 },
  ])(
    'should find 20 % in at least 80 of 100 with the repetitions that $pilot equal ones asked for, spread $spread',
    ({ pilot, spread }) => {
      const random = createRandom(5, `pilot ${pilot} ${spread}`)
      const found = Array.from({ length: experiments }, () => {
        const equal = differenceOf(
          of(...noisy(random, pilot, 1000, spread)),
          of(...noisy(random, pilot, 1000, spread)),
          rule,
        )
        const n = equal.kind === 'none-shown' ? equal.repetitionsFor20Percent : null
        if (n === null) return []
        const drift = noisy(random, n, 1, 0.1)
        const drifting = (level: number) =>
          of(...noisy(random, n, level, spread).map((value, index) => value * (drift[index] ?? 1)))
        return [differenceOf(drifting(1000), drifting(1200), rule)]
      }).flat()
      expect(found.length).toBeGreaterThan(0.9 * experiments)
      const shown = found.filter((one) => isDifference(one, 'more') && one.kind === 'shown')
      expect(shown.length / found.length).toBeGreaterThanOrEqual(0.8)
    },
  )
})
