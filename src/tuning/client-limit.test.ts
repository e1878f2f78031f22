import { describe, expect, it } from 'vitest'
import { clientLimitOf, limitRead } from './client-limit.ts'

describe('clientLimitOf', () => {
  it.each([
    [50, 100, { kind: 'limited', qps: 50, burst: 100 }],
    [0, 100, { kind: 'limited', qps: 5, burst: 100 }],
    [0, 0, { kind: 'limited', qps: 5, burst: 10 }],
    [0.5, 1, { kind: 'limited', qps: 0.5, burst: 1 }],
    [-1, 100, { kind: 'none' }],
    [-0.1, 0, { kind: 'none' }],
  ])('should be what client-go makes of qps %d and burst %d', (qps, burst, limit) => {
    expect(clientLimitOf({ qps, burst })).toEqual(limit)
  })
})

describe('limitRead', () => {
  it('should be unknown when it could not be read, and none when the qps alone switches it off', () => {
    expect(limitRead(null, 100)).toEqual({ kind: 'unknown' })
    expect(limitRead(50, null)).toEqual({ kind: 'unknown' })
    expect(limitRead('5 | 50', 100)).toEqual({ kind: 'unknown' })
    expect(limitRead(-1, null)).toEqual({ kind: 'none' })
    expect(limitRead(0, 0)).toEqual({ kind: 'limited', qps: 5, burst: 10 })
  })
})
