import { describe, expect, it } from 'vitest'
import { quantileOfT, tailOfT } from './student-t.ts'

describe("Student's t", () => {
  // NIST/SEMATECH e-Handbook, 1.3.6.7.2, and for 1 and 2 degrees of freedom the closed forms.
  it.each([
    [1, 0.975, 12.706],
    [2, 0.975, 4.303],
    [3, 0.975, 3.182],
    [9, 0.975, 2.262],
    [30, 0.975, 2.042],
    [1000, 0.975, 1.962],
    [4, 0.95, 2.132],
    [1, 0.8, Math.tan(0.3 * Math.PI)],
  ])('should have the quantiles of printed tables when there are %i degrees of freedom', (df, probability, t) => {
    expect(quantileOfT(probability, df)).toBeCloseTo(t, 3)
  })

  it('should have tails that add up, and lie between those of the whole numbers around its degrees of freedom', () => {
    for (const df of [1, 2.5, 7, 40]) expect(tailOfT(1.3, df) + tailOfT(-1.3, df)).toBeCloseTo(1, 12)
    expect(tailOfT(0, 3)).toBe(0.5)
    expect(tailOfT(1, 1)).toBeCloseTo(0.25, 12)
    expect(tailOfT(2, 3.5)).toBeLessThan(tailOfT(2, 3))
    expect(tailOfT(2, 3.5)).toBeGreaterThan(tailOfT(2, 4))
  })
})
