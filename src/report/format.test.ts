import { describe, expect, it } from 'vitest'
import {
  formatDeviation,
  formatInstant,
  formatLatency,
  formatLimit,
  formatRange,
  formatRate,
  formatRatio,
  formatSpeedup,
} from './format.ts'

describe('format', () => {
  it('should keep three digits of a ratio whatever its size', () => {
    const ratios = [0.000024, 0.1067, 9.378, 15.52, 148.3, 41_765]
    expect(ratios.map(formatRatio)).toEqual(['0.0000240×', '0.107×', '9.38×', '15.5×', '148×', '41,765×'])
  })

  it('should say how many times as slow what is slower is', () => {
    const ratios = [9.378, 1.06, 1.05, 1, 0.9999, 1 / 1.05, 1 / 1.06, 0.5, 17 / 710_000]
    expect(ratios.map(formatSpeedup)).toEqual([
      '9.38× faster',
      '1.06× faster',
      '≈ 1×',
      '≈ 1×',
      '≈ 1×',
      '≈ 1×',
      '1.06× slower',
      '2.00× slower',
      '41,765× slower',
    ])
  })

  it('should sign a deviation and leave out digits that mean nothing', () => {
    expect([0.0158, -0.6583, 0.0001, -0.0999].map(formatDeviation)).toEqual(['+1.6 %', '−66 %', '±0 %', '−10 %'])
  })

  it('should say the unit of a range once when both ends share it', () => {
    expect(formatRange('79.0 s', '79.7 s')).toBe('79.0–79.7 s')
    expect(formatRange('716 ms', '1.08 s')).toBe('716 ms – 1.08 s')
    expect(formatRange('4 m 2 s', '4 m 9 s')).toBe('4 m 2 s – 4 m 9 s')
    expect(formatRange('8.69 s', '8.69 s')).toBe('8.69 s')
  })

  it('should show no idle decimals of a limit', () => {
    expect([5, 0.3333].map(formatLimit)).toEqual(['5', '0.33'])
  })

  it('should leave a time alone when it is not in UTC', () => {
    expect(formatInstant('2026-11-14T09:30:00.000Z')).toBe('2026-11-14 09:30:00 UTC')
    expect(formatInstant('2026-11-14T09:30:00+01:00')).toBe('2026-11-14T09:30:00+01:00')
  })

  it('should keep three digits of a rate and the decimals of a short latency', () => {
    expect([0.4167, 19.33, 99.4, 1239.6].map(formatRate)).toEqual(['0.42/s', '19.3/s', '99.4/s', '1,240/s'])
    expect([0, 0.416, 3.14, 9.96, 79_702].map(formatLatency)).toEqual(['0 ms', '0.42 ms', '3.1 ms', '10 ms', '79.7 s'])
  })
})
