import { describe, expect, it } from 'vitest'
import { medianOf } from './median.ts'

describe('medianOf', () => {
  it('should take the mean of the two middle values when their number is even', () => {
    expect([medianOf([9, 1, 5]), medianOf([4, 1, 3, 2]), medianOf([])]).toEqual([5, 2.5, null])
  })
})
