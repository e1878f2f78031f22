import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bucketOf, createTokenBucket } from './token-bucket.ts'

describe('a client’s limit', () => {
  it('should let the burst pass at once, and then one request every 1/qps', () => {
    const bucket = createTokenBucket({ qps: 5, burst: 3 })
    const waitsMs = Array.from({ length: 6 }, () => bucket.reserve(0))
    expect(waitsMs).toEqual([0, 0, 0, 200, 400, 600])
  })

  it('should give the time of the document: 199 pods with two calls each at 5/s after a burst of 10', () => {
    const bucket = createTokenBucket({ qps: 5, burst: 10 })
    const waitsMs = Array.from({ length: 2 * 199 }, () => bucket.reserve(0))
    expect(waitsMs.at(-1)).toBeCloseTo(77_600)
  })

  it('should fill up with time, but not beyond the burst', () => {
    const bucket = createTokenBucket({ qps: 10, burst: 2 })
    bucket.reserve(0)
    bucket.reserve(0)
    expect(bucket.reserve(100)).toBe(0)
    expect(Array.from({ length: 3 }, () => bucket.reserve(60_000))).toEqual([0, 0, 100])
  })

  it('should only take a token that is there when it is asked to try', () => {
    const bucket = createTokenBucket({ qps: 1, burst: 1 })
    expect([bucket.tryTake(0), bucket.tryTake(500), bucket.tryTake(1000), bucket.tryTake(1000)]).toEqual([
      true,
      false,
      true,
      false,
    ])
  })

  it('should make nobody wait where there is no limit', () => {
    const bucket = bucketOf({ kind: 'none' })
    expect(new Set(Array.from({ length: 1000 }, () => bucket.reserve(0)))).toEqual(new Set([0]))
  })

  it('should never send more than the burst and what has been refilled, in any stretch of time, and in the order asked', () => {
    const limit = { qps: fc.integer({ min: 1, max: 100 }), burst: fc.integer({ min: 1, max: 50 }) }
    const pauses = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 100 })
    fc.assert(
      fc.property(limit.qps, limit.burst, pauses, (qps, burst, pausesMs) => {
        const bucket = createTokenBucket({ qps, burst })
        let nowMs = 0
        const sentMs = pausesMs.map((pauseMs) => {
          nowMs += pauseMs
          return nowMs + bucket.reserve(nowMs)
        })
        expect(sentMs).toEqual(sentMs.toSorted((one, other) => one - other))
        for (const [first, fromMs] of sentMs.entries()) {
          for (const [last, untilMs] of sentMs.entries())
            if (last >= first)
              expect(last - first + 1).toBeLessThanOrEqual(burst + ((untilMs - fromMs) * qps) / 1000 + 1e-6)
        }
      }),
    )
  })
})
