import { describe, expect, it } from 'vitest'
import type { PodTimeline } from '../result/sample-line.ts'
import { schedulingRate } from './scheduling.ts'

const boundAt = (...seconds: number[]): PodTimeline[] =>
  seconds.map((second) => ({ name: '', uid: `${second}`, createdMs: 0, boundMs: 1000 * second, censored: [] }))

describe('schedulingRate', () => {
  it('should tell the mean over all and the peak over the best ten seconds, in whatever order pods come', () => {
    const slow = Array.from({ length: 50 }, (_, index) => index * 2)
    const burst = Array.from({ length: 100 }, (_, index) => 40 + index / 10)
    const { mean, peak } = schedulingRate(boundAt(...burst, ...slow))
    expect(mean).toBeCloseTo(149 / 98)
    // The burst itself, and the slow ones among it.
    expect(peak).toBeCloseTo(10.5, 0)
  })

  it('should take the whole time when all were bound within less than ten seconds', () => {
    expect(schedulingRate(boundAt(1, 2, 3))).toEqual({ mean: 1, peak: 1 })
  })

  it('should know no rate of a single pod, or of none', () => {
    expect(schedulingRate(boundAt(1))).toEqual({ mean: null, peak: null })
    expect(schedulingRate([{ name: '', uid: '', createdMs: 0, censored: [] }])).toEqual({ mean: null, peak: null })
  })
})
