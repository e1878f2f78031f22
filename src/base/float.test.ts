import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFloat64 } from './float.ts'

describe('parseFloat64', () => {
  // As strconv.ParseFloat of Go 1.26 reads them.
  it.each<[string, number | undefined]>([
    ['+Inf', Number.POSITIVE_INFINITY],
    ['-infinity', Number.NEGATIVE_INFINITY],
    ['INF', Number.POSITIVE_INFINITY],
    ['nan', Number.NaN],
    ['+NaN', undefined],
    ['.5', 0.5],
    ['5.', 5],
    ['+1.5E+3', 1500],
    ['-0', -0],
    ['1e-999', 0],
    ['1e999', undefined],
    ['0x1p-2', 0.25],
    ['-0X1.8P+1', -3],
    ['0x.8p0', 0.5],
    ['0x10', undefined],
    ['0x.p1', undefined],
    ['0x1p-1074', Number.MIN_VALUE],
    ['0x1p-1075', 0],
    ['0x1.8p-1075', Number.MIN_VALUE],
    ['0x1.fffffffffffff7p1023', Number.MAX_VALUE],
    ['0x1.fffffffffffff8p1023', undefined],
    ['0x0p99999999999', 0],
    ['0x1p99999999999', undefined],
    ['', undefined],
    [' 1', undefined],
    ['1_000', undefined],
    ['0b1', undefined],
    ['1n', undefined],
    ['٣', undefined],
  ])('should read %j as %j', (text, value) => {
    expect(parseFloat64(text)).toBe(value)
  })

  it('should read back any number, and never throw', () => {
    fc.assert(fc.property(fc.double({ noNaN: true }), (value) => parseFloat64(String(value)) === value || value === 0))
    const alike = fc.array(fc.constantFrom(...'+-0123abf.xXpPeEinfNat_')).map((characters) => characters.join(''))
    fc.assert(
      fc.property(fc.oneof(alike, fc.string({ unit: 'binary' })), (text) => {
        const value = parseFloat64(text)
        expect(value === undefined || typeof value === 'number').toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})
