import { describe, expect, it } from 'vitest'
import type { Curve } from '../result/parts.ts'
import { stackedCurves, summedCurve, withoutMoments } from './curves.ts'

const often: Curve = [
  [0, 1],
  [10, 1],
  [20, 3],
  [30, 3],
]
const seldom: Curve = [
  [10, 2],
  [30, 6],
]

describe('curves', () => {
  it('should put each curve on top of those before it, at the moments of the one with most points', () => {
    expect(stackedCurves([seldom, often])).toEqual([
      [
        [0, 0],
        [10, 2],
        [20, 4],
        [30, 6],
      ],
      [
        [0, 1],
        [10, 3],
        [20, 7],
        [30, 9],
      ],
    ])
  })

  it('should count a curve as nothing after its end', () => {
    expect(summedCurve([often, [[10, 5]]])).toEqual([
      [0, 1],
      [10, 6],
      [20, 3],
      [30, 3],
    ])
    expect(summedCurve([])).toEqual([])
  })

  it('should leave out points that stand for a moment only', () => {
    const curve: Curve = [
      [1000, 1],
      [1002, 927],
      [1700, 2],
    ]
    expect(withoutMoments(curve, 500)).toEqual([
      [1000, 1],
      [1700, 2],
    ])
  })
})
