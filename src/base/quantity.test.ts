import { describe, expect, it } from 'vitest'
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
    expect(() => quantityOf('much')).toThrow('much is no Kubernetes quantity')
  })
})

describe('parseBytes', () => {
  it('should give whole bytes, and refuse less than none', () => {
    expect(parseBytes('1.5Gi')).toBe(1_610_612_736)
    expect(parseBytes('0.0001Ki')).toBe(0)
    expect(parseBytes('-1Gi')).toBeUndefined()
  })
})
