import { describe, expect, it } from 'vitest'
import { growingCurve } from './curve.ts'

describe('growingCurve', () => {
  it('should draw few points, the first and the last among them, however many there were', () => {
    const curve = growingCurve()
    for (let second = 0; second <= 100_001; second++) curve.push([second, 2 * second])
    const points = curve.points()
    expect(points.length).toBeLessThanOrEqual(240)
    expect(points[0]).toEqual([0, 0])
    expect(points.at(-1)).toEqual([100_001, 200_002])
    const steps = points.slice(1).map(([second], index) => second - (points[index]?.[0] ?? 0))
    // About equally far apart.
    expect(Math.max(...steps)).toBeLessThan(1.3 * Math.min(...steps.slice(0, -1)))
  })

  it('should be empty when nothing was noted', () => {
    expect(growingCurve().points()).toEqual([])
  })
})
