import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, parseDurationMs, writeDuration } from './duration.ts'

describe('parseDurationMs', () => {
  it.each([
    ['1m30s', 90_000],
    ['90s', 90_000],
    ['1.5m', 90_000],
    ['1h15m30.918s', 4_530_918],
    ['100us', 0.1],
    ['100µs', 0.1],
    ['100μs', 0.1],
    ['3ns', 0.000003],
    ['.5s', 500],
    ['5.s', 5000],
    ['+5s', 5000],
    ['1.001s', 1001],
    ['0', 0],
    ['0s', 0],
    ['30s1m', 90_000],
    ['2562047h47m16.854775807s', 9_223_372_036_854.775],
  ])('should read %s as Go does', (text, durationMs) => {
    expect(parseDurationMs(text)).toBe(durationMs)
  })

  it.each([
    '',
    '10',
    '1',
    '-5s',
    '-0',
    '.s',
    '.',
    's',
    '1d',
    '60 s',
    ' 1s',
    '1s ',
    '1S',
    '1e3s',
    '1m30',
    'NaNs',
    '+',
    '0x1s',
  ])('should refuse %j', (text) => {
    expect(parseDurationMs(text)).toBeUndefined()
  })

  it('should refuse what is longer than Go can hold, or than anybody writes', () => {
    expect(parseDurationMs('2562047h47m16.854775808s')).toBeUndefined()
    expect(parseDurationMs(`${'9'.repeat(5_000_000)}s`)).toBeUndefined()
    expect(parseDurationMs('1s'.repeat(51))).toBeUndefined()
  })
})

describe('writeDuration', () => {
  it('should write equal durations alike', () => {
    const spellings = ['1m30s', '90s', '1.5m', '90000ms', '0.025h'].map((text) =>
      writeDuration(parseDurationMs(text) ?? 0),
    )
    expect(new Set(spellings)).toEqual(new Set(['90s']))
  })

  it('should write what is read again as the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 45 }), (nanoseconds) => {
        const durationMs = parseDurationMs(`${nanoseconds}ns`) ?? 0
        expect(parseDurationMs(writeDuration(durationMs))).toBe(durationMs)
      }),
    )
  })
})

describe('formatDuration', () => {
  it.each([
    [850, '850 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [9994, '9.99 s'],
    [9996, '10.0 s'],
    [79_700, '79.7 s'],
    [179_940, '179.9 s'],
    [179_960, '3 m 0 s'],
    [252_000, '4 m 12 s'],
    [2_092_000, '34 m 52 s'],
    [596 * 3_600_000, '596 h 0 m'],
  ])('should say %d ms as people do (hostile 42)', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text)
  })
})
