import { describe, expect, it } from 'vitest'
import { logDifferenceOf } from './log-difference.ts'
import { repetitionsToShow, smallestSeen } from './power.ts'

function pairsWith(spread: number, n = 4) {
  const difference = logDifferenceOf({
    kind: 'pairs',
    pairs: Array.from({ length: n }, (_, index) => [100, 100 * Math.exp(index % 2 === 0 ? spread : -spread)] as const),
  })
  if (difference === null) throw new Error('no pairs')
  return difference
}

describe('what an experiment can see', () => {
  it('should be the t interval and the t of 8 in 10 together', () => {
    // Standard deviation 0.1155, standard error 0.0577; t 3.182 + 0.978.
    expect(smallestSeen(pairsWith(0.1))).toBeCloseTo(Math.expm1(0.0577 * 4.16), 2)
  })

  it('should be less the more it repeats and the less it varies', () => {
    expect(smallestSeen(pairsWith(0.1, 8))).toBeLessThan(smallestSeen(pairsWith(0.1)))
    expect(smallestSeen(pairsWith(0.05))).toBeLessThan(smallestSeen(pairsWith(0.1)))
    expect(smallestSeen(pairsWith(0))).toBe(0)
  })

  it('should ask for an even number of repetitions, more of them the more it varies, and give up at a thousand', () => {
    const asked = [0, 0.02, 0.05, 0.1, 0.2].map((spread) => repetitionsToShow(0.2, pairsWith(spread)) ?? 0)
    expect(asked.every((n) => n >= 2 && n % 2 === 0)).toBe(true)
    expect(asked).toEqual(asked.toSorted((one, other) => one - other))
    expect(new Set(asked).size).toBeGreaterThan(3)
    expect(repetitionsToShow(0.01, pairsWith(1))).toBeNull()
  })
})
