import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Failure } from './errors.ts'
import { parseBytes, parseQuantity, quantityOf } from './quantity.ts'

describe('parseQuantity', () => {
  it.each([
    ['10k', 10_000],
    ['2M', 2_000_000],
    ['1e3', 1000],
    ['1E3', 1000],
    ['1E', 1e18],
    ['1Ki', 1024],
    ['8Gi', 8_589_934_592],
    ['1.1G', 1_100_000_000],
    ['.5k', 500],
    ['5.', 5],
    ['-20', -20],
    ['250m', 0.25],
    ['100u', 1e-4],
    ['5n', 5e-9],
    ['8.589934592e+09', 8_589_934_592],
  ])('should read %s as Kubernetes does', (text, number) => {
    expect(parseQuantity(text)).toBe(number)
  })

  it.each(['', 'k', '10K', '10 k', '10kB', '8gi', '0x10', 'NaN', 'Infinity', '1e', '1_000', '1e5k', '1,5'])(
    'should refuse %j',
    (text) => {
      expect(parseQuantity(text)).toBeUndefined()
    },
  )
})

describe('quantityOf', () => {
  it('should read what the API has, nothing as 0, and fail for what is no quantity', () => {
    expect(quantityOf('128974848000m')).toBe(128_974_848)
    expect(quantityOf(4)).toBe(4)
    expect(quantityOf(undefined)).toBe(0)
    expect(() => quantityOf('much')).toThrow('much is not a Kubernetes quantity')
  })

  it('should read back any quantity, and refuse everything else as a Failure', () => {
    const suffix = fc.constantFrom('', 'k', 'Ki', 'Mi', 'm', 'u', 'n')
    fc.assert(
      fc.property(fc.nat(), suffix, (digits, unit) => {
        const factors: Record<string, number> = { k: 1e3, Ki: 2 ** 10, Mi: 2 ** 20, m: 1e-3, u: 1e-6, n: 1e-9 }
        const amount = digits * (factors[unit] ?? 1)
        expect(Math.abs(quantityOf(`${digits}${unit}`) - amount)).toBeLessThanOrEqual(amount * 1e-12)
      }),
    )
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[-+.0-9eEkKMGimun]{0,8}$/))
    fc.assert(
      fc.property(text, (quantity) => {
        try {
          expect(Number.isNaN(quantityOf(quantity))).toBe(false)
        } catch (error) {
          expect(error).toBeInstanceOf(Failure)
        }
      }),
    )
  })
})

describe('parseBytes', () => {
  it('should give whole bytes, and refuse less than none', () => {
    expect(parseBytes('1.5Gi')).toBe(1_610_612_736)
    expect(parseBytes('0.0001Ki')).toBe(0)
    expect(parseBytes('-1Gi')).toBeUndefined()
  })
})
