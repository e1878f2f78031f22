import { describe, expect, it } from 'vitest'
import { divideByShares } from './shares.ts'

const shares = (...values: number[]) => values.map((share) => ({ share }))

describe('divideByShares', () => {
  it('should make 13, 12 and 25 of 50 namespaces, as the document reads', () => {
    expect(divideByShares(50, shares(0.25, 0.25, 0.5))).toEqual([13, 12, 25])
  })

  it('should hand out every namespace, also when no share is a whole number', () => {
    expect(divideByShares(10, shares(1 / 3, 1 / 3, 1 / 3))).toEqual([4, 3, 3])
    expect(divideByShares(100, shares(0.07, 0.93))).toEqual([7, 93])
    expect(divideByShares(1, shares(0.25, 0.25, 0.5))).toEqual([0, 0, 1])
  })
})
