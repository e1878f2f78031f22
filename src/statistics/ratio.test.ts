import { describe, expect, it } from 'vitest'
import { createRandom } from '../base/random.ts'
import { noisy } from '../testing/noise.ts'
import { notWorse, ratioOfGroups, ratioOfPairs } from './ratio.ts'

const counts = [3, 4, 5, 6, 7, 8, 9, 10]
const experiments = 1000

/** In what share of experiments with this many repetitions the interval holds the true ratio. */
function coverage(n: number, experiment: (random: ReturnType<typeof createRandom>) => ReturnType<typeof ratioOfPairs>) {
  const random = createRandom(1, `coverage-${n}`)
  const held = Array.from({ length: experiments }, () => experiment(random)).filter(
    (estimate) => estimate !== null && estimate.low <= 1.2 && estimate.high >= 1.2,
  )
  return held.length / experiments
}

describe('the ratio of two arms', () => {
  it('should be the geometric mean of the pairs, with a t interval that is the same on both sides of it', () => {
    const estimate = ratioOfPairs([
      [10, 20],
      [10, 30],
      [10, 40],
    ])
    // Logs 0.6931, 1.0986, 1.3863: mean 1.0594, standard error 0.2010, t 4.3027.
    expect(estimate).toMatchObject({ n: 3, confidence: 0.95 })
    expect(estimate?.ratio).toBeCloseTo(24 ** (1 / 3), 10)
    expect(estimate?.low).toBeCloseTo(1.215, 2)
    expect(estimate?.high).toBeCloseTo(6.85, 2)
  })

  it('should take drift between repetitions for none of their spread when they are pairs', () => {
    const pairs = [
      [10, 20],
      [20, 41],
      [40, 80],
    ] as const
    const groups = ratioOfGroups(
      pairs.map(([baseline]) => baseline),
      pairs.map(([, other]) => other),
    )
    expect(ratioOfPairs(pairs)?.high).toBeLessThan(2.1)
    expect(groups?.high).toBeGreaterThan(5)
  })

  it("should have Welch's interval when runs share no repetition", () => {
    const estimate = ratioOfGroups([10, 11, 9], [20, 22, 18, 21])
    expect(estimate?.n).toBe(3)
    expect(estimate?.ratio).toBeCloseTo(2.026, 2)
    expect((estimate?.low ?? 0) * (estimate?.high ?? 0)).toBeCloseTo((estimate?.ratio ?? 0) ** 2, 10)
  })

  it('should have no estimate when there is a single pair, or a figure that has no logarithm', () => {
    expect(ratioOfPairs([[1, 2]])).toBeNull()
    expect(
      ratioOfPairs([
        [1, 2],
        [0, 2],
      ]),
    ).toBeNull()
    expect(ratioOfGroups([1, 2], [1])).toBeNull()
    expect(ratioOfGroups([1, 2], [1, Number.POSITIVE_INFINITY])).toBeNull()
  })

  it('should have an interval without width when nothing varies', () => {
    const estimate = ratioOfPairs([
      [10, 30],
      [10, 30],
      [10, 30],
    ])
    expect(estimate?.ratio).toBeCloseTo(3, 12)
    expect([estimate?.low, estimate?.high]).toEqual([estimate?.ratio, estimate?.ratio])
    expect(ratioOfGroups([10, 10], [30, 30])).toMatchObject({ low: estimate?.ratio, high: estimate?.ratio })
  })

  it.each(counts)('should be in 95 of 100 intervals when there are %i pairs', (n) => {
    const share = coverage(n, (random) => {
      const drift = noisy(random, n, 1, 0.3)
      const others = noisy(random, n, 1200, 0.1)
      return ratioOfPairs(
        noisy(random, n, 1000, 0.05).map((one, index) => [
          one * (drift[index] ?? 1),
          (others[index] ?? 1) * (drift[index] ?? 1),
        ]),
      )
    })
    // Three standard errors of a share of 0.95 in 1000.
    expect(Math.abs(share - 0.95)).toBeLessThan(0.021)
  })

  it.each(counts)('should be in at least 95 of 100 intervals when both arms have %i runs of unlike spread', (n) => {
    const share = coverage(n, (random) => ratioOfGroups(noisy(random, n, 1000, 0.05), noisy(random, n, 1200, 0.1)))
    expect(share).toBeGreaterThan(0.95 - 0.021)
  })
})

describe('notWorse', () => {
  const pairs = (ratios: readonly number[]) => ({
    kind: 'pairs' as const,
    pairs: ratios.map((ratio) => [100, 100 * ratio] as const),
  })

  it.each([
    ['pass', [1.0, 1.01, 0.99, 1.01]],
    ['fail', [1.15, 1.14, 1.16, 1.15]],
    ['inconclusive', [1.0, 1.2, 0.9, 1.1]],
    ['inconclusive', [1.05, 1.06, 1.04, 1.05]],
    ['pass', [1, 1]],
    ['fail', [1.2, 1.2]],
  ] as const)('should be %s when the pairs have the ratios %j', (verdict, ratios) => {
    const outcome = notWorse(pairs(ratios), 0.05)
    expect(outcome?.verdict).toBe(verdict)
    expect((outcome?.p ?? 1) < 0.05).toBe(verdict === 'pass')
    expect((outcome?.bound ?? 0) < 1.05).toBe(verdict === 'pass')
  })

  it('should judge runs that share no repetition, and nothing by a single run', () => {
    const groups = { kind: 'groups' as const, baseline: [100, 101, 99], other: [115, 114, 116] }
    expect(notWorse(groups, 0.05)?.verdict).toBe('fail')
    expect(notWorse(groups, 0.25)?.verdict).toBe('pass')
    expect(notWorse(pairs([1]), 0.05)).toBeNull()
  })

  it('should pass an arm that is worse by the margin in no more than 5 of 100 experiments', () => {
    const random = createRandom(2, 'margin')
    const passed = Array.from({ length: 1000 }, () =>
      notWorse({ kind: 'groups', baseline: noisy(random, 4, 1000, 0.05), other: noisy(random, 4, 1050, 0.05) }, 0.05),
    ).filter((one) => one?.verdict === 'pass')
    expect(passed.length).toBeLessThan(50 + 21)
  })
})
