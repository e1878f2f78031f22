import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { payloads } from './payload.ts'

describe('payloads', () => {
  it('should be printable and of exactly the size asked for', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.string(), (size, key) => {
        const payload = payloads(1, size)(key)
        expect(payload).toHaveLength(size)
        expect(payload).toMatch(/^[A-Za-z0-9+/]*$/)
      }),
    )
  })

  it('should follow from seed and key, whatever was made before', () => {
    const one = payloads(1, 100)
    const [first, second] = [one('a'), one('b')]
    expect(payloads(1, 100)('b')).toBe(second)
    expect(one('a')).toBe(first)
    expect(new Set([first, second, payloads(2, 100)('a')]).size).toBe(3)
  })

  it('should hardly compress: a character holds 6 bits of its 8', () => {
    expect(deflateSync(payloads(1, 100_000)('a')).length).toBeGreaterThan(75_000)
  })
})
