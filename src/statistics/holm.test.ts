import { describe, expect, it } from 'vitest'
import { holm } from './holm.ts'

describe('holm', () => {
  it.each([
    ['all are small enough in their turn', [0.01, 0.04, 0.02], [true, true, true]],
    ['the smallest is above its share', [0.02, 0.03, 0.04], [false, false, false]],
    ['one in the middle is above its share', [0.04, 0.001, 0.03], [false, true, false]],
    ['there is one', [0.05], [true]],
    ['there are none', [], []],
  ])('should reject as many as it may when %s', (_, pValues, rejected) => {
    expect(holm(pValues)).toEqual(rejected)
  })

  it('should reject nothing after the first that it keeps, however small', () => {
    // 0.02 > 0.05 / 3, so 0.021 is not looked at, although it is below 0.05 / 2.
    expect(holm([0.02, 0.021, 0.9])).toEqual([false, false, false])
  })
})
