import { describe, expect, it } from 'vitest'
import { distributionOf } from './distribution.ts'

describe('distributionOf', () => {
  it('should give nearest-rank percentiles when every sample is there', () => {
    const samples = Array.from({ length: 200 }, (_, index) => 200 - index)
    expect(distributionOf(samples)).toEqual({ count: 200, missing: 0, p50: 100, p90: 180, p99: 198, max: 200 })
  })

  it('should leave a percentile open when it falls among those that never happened', () => {
    expect(distributionOf([1, 2, 3, 4, 5, 6, 7, 8, 9], 1)).toEqual({
      count: 9,
      missing: 1,
      p50: 5,
      p90: 9,
      p99: null,
      max: null,
    })
  })

  it('should be all null when there is no sample', () => {
    expect(distributionOf([])).toEqual({ count: 0, missing: 0, p50: null, p90: null, p99: null, max: null })
  })
})
