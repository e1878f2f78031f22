import { describe, expect, it } from 'vitest'
import { createRandom } from '../base/random.ts'
import { noisy } from '../testing/noise.ts'
import { changePoints } from './change-points.ts'

describe('changePoints', () => {
  const around = (level: number, count: number, stream = `${level}`) =>
    noisy(createRandom(1, stream), count, level, 0.02)

  it('should find where the level changes, and by how much', () => {
    const [point, ...more] = changePoints([...around(100, 12), ...around(115, 9)])
    expect(more).toEqual([])
    expect(point?.index).toBe(12)
    expect((point?.after ?? 0) / (point?.before ?? 1)).toBeCloseTo(1.15, 1)
    expect(point?.p).toBeLessThan(0.001)
  })

  it('should find every change when the level goes up and comes back', () => {
    const values = [...around(100, 10), ...around(130, 8), ...around(101, 10)]
    expect(changePoints(values).map(({ index }) => index)).toEqual([10, 18])
  })

  it('should find none when there is none, or nothing to find it in', () => {
    const found = Array.from({ length: 100 }, (_, seed) => changePoints(around(100, 20, `quiet ${seed}`)))
    expect(found.filter(({ length }) => length > 0).length).toBeLessThanOrEqual(5)
    expect(changePoints([])).toEqual([])
    expect(changePoints([1])).toEqual([])
    expect(changePoints([1, 2])).toEqual([])
    expect(changePoints([7, 7, 7, 7])).toEqual([])
  })

  it('should leave out changes that are too small to matter', () => {
    const values = [...around(100, 15), ...around(106, 15), ...around(140, 15)]
    expect(changePoints(values).map(({ index }) => index)).toEqual([15, 30])
    expect(changePoints(values, { leastChange: 0.1 }).map(({ index }) => index)).toEqual([30])
  })

  it('should find a change of figures that never vary, as those of a simulation', () => {
    expect(changePoints([5, 5, 5, 6, 6, 6])).toEqual([{ index: 3, before: 5, after: 6, p: 0 }])
  })
})
