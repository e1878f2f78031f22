import { describe, expect, it } from 'vitest'
import { markOf } from './arm-marks.ts'

describe('markOf', () => {
  it('should give no two of the first 36 arms the same colour and shape', () => {
    const marks = Array.from({ length: 36 }, (_, place) => JSON.stringify(markOf(place)))
    expect(new Set(marks).size).toBe(36)
  })

  it('should give neighbours different shapes, for readers who see no colours', () => {
    for (let place = 0; place < 30; place++) expect(markOf(place).shape).not.toBe(markOf(place + 1).shape)
  })
})
