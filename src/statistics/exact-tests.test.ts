import { describe, expect, it } from 'vitest'
import { mannWhitney, signFlip } from './exact-tests.ts'

describe('signFlip', () => {
  it('should be 2 / 2^n when all pairs differ in the same direction', () => {
    expect(signFlip([1, 2, 3, 4])).toBe(2 / 16)
    expect(signFlip([-0.1, -0.2, -0.3, -0.4, -0.5, -0.6])).toBe(2 / 64)
  })

  it('should count every way to turn the signs that goes as far', () => {
    // Of the 16 sums of 1, 2, 3 and 4, these are at least 8 from zero: ±10, ±8.
    expect(signFlip([-1, 2, 3, 4])).toBe(4 / 16)
    expect(signFlip([1, -1])).toBe(1)
    expect(signFlip([0, 0, 0])).toBe(1)
  })

  it('should count equals as equal when their sums round differently', () => {
    expect(signFlip([0.1, 0.2, 0.3])).toBe(2 / 8)
    expect(signFlip([0.3, -0.1, -0.2])).toBe(1)
  })

  it('should leave it to others when there are too many pairs', () => {
    expect(signFlip(Array.from({ length: 16 }, () => 1))).toBe(2 / 2 ** 16)
    expect(signFlip(Array.from({ length: 17 }, () => 1))).toBeNull()
  })
})

describe('mannWhitney', () => {
  it('should be 2 / 70 when each of four runs is beyond each of four others', () => {
    expect(mannWhitney([1, 2, 3, 4], [5, 6, 7, 8])).toBeCloseTo(2 / 70, 12)
    expect(mannWhitney([5, 6, 7, 8], [1, 2, 3, 4])).toBeCloseTo(2 / 70, 12)
  })

  it('should count every way to deal the ranks that goes as far', () => {
    // Two of the 70 ways to deal the ranks go as far on each side.
    expect(mannWhitney([1, 2, 3, 5], [4, 6, 7, 8])).toBeCloseTo(4 / 70, 12)
    expect(mannWhitney([1, 2, 3, 4, 5], [6, 7, 8])).toBeCloseTo(2 / 56, 12)
  })

  it('should share the ranks of equals, and those of what never happened', () => {
    const never = Number.POSITIVE_INFINITY
    expect(mannWhitney([1, 1, 1, 1], [2, 2, 2, 2])).toBeCloseTo(2 / 70, 12)
    expect(mannWhitney([1, 1, 1, 1], [1, 1, 1, 1])).toBe(1)
    expect(mannWhitney([1, 2, 3, 4], [never, never, never, never])).toBeCloseTo(2 / 70, 12)
    expect(mannWhitney([1, 2, 3, never], [never, never, never, never])).toBeGreaterThan(0.05)
  })

  it('should be quick with many runs, and leave it to others when there are too many', () => {
    const run = (_: unknown, index: number) => index
    expect(mannWhitney(Array.from({ length: 30 }, run), Array.from({ length: 30 }, run))).toBeCloseTo(1, 1)
    expect(mannWhitney(Array.from({ length: 31 }, run), Array.from({ length: 30 }, run))).toBeNull()
  })
})
