import { describe, expect, it } from 'vitest'
import { parseBytes, parseQuantity } from './quantity.ts'

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
    ['8.589934592e+09', 8_589_934_592],
  ])('should read %s as Kubernetes does', (text, number) => {
    expect(parseQuantity(text)).toBe(number)
  })

  it.each(['', 'k', '10K', '10 k', '10kB', '8gi', '100m', '0x10', 'NaN', 'Infinity', '1e', '1_000', '1e5k', '1,5'])(
    'should refuse %j',
    (text) => {
      expect(parseQuantity(text)).toBeUndefined()
    },
  )
})

describe('parseBytes', () => {
  it('should give whole bytes, and refuse less than none', () => {
    expect(parseBytes('1.5Gi')).toBe(1_610_612_736)
    expect(parseBytes('0.0001Ki')).toBe(0)
    expect(parseBytes('-1Gi')).toBeUndefined()
  })
})
