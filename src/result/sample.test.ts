import { describe, expect, it } from 'vitest'
import type { Hindrance, Reading } from './sample.ts'
import { comparable, exactly, hindranceOf, ratioOf, sampleOf } from './sample.ts'

const of = (...values: (number | null)[]) => sampleOf(values.map(exactly))
const hindered = (value: number, hindrance: Hindrance, least = 0) => sampleOf([{ value, least, hindrance }])

describe('a sample', () => {
  it('should count a repetition that did not get there as infinitely late', () => {
    expect(of(100, null, 300)).toMatchObject({ runs: 3, reached: 2, median: 300, min: 100, max: 300 })
    expect(of(100, null, null)).toMatchObject({ median: null, hindrance: 'not-reached' })
    expect(sampleOf([])).toBeNull()
  })

  it('should be hindered by the worst that happened in any repetition', () => {
    const readings: Reading[] = [exactly(9), { value: 9, least: 1, hindrance: 'seen-late' }, exactly(null)]
    expect(sampleOf(readings)?.hindrance).toBe('not-reached')
    expect(sampleOf(readings.slice(0, 2))).toMatchObject({ hindrance: 'seen-late', median: 9, least: 5 })
  })
})

describe('comparing two samples', () => {
  it.each([
    ['both are exact', of(80_000), of(8000), 10],
    ['the baseline was not measured', null, of(8000), null],
    ['one was not reached', of(80_000), of(null), null],
    ['one of three repetitions was not reached', of(9, 9, null), of(8000), null],
    ['one was timed on a machine at its limit', hindered(80_000, 'machine-bound'), of(8000), null],
    ['one was seen late', of(80_000), hindered(8000, 'seen-late', 7000), null],
    ['one started from an unfinished probe', of(80_000), hindered(8000, 'unfinished-start', 8000), null],
    ['both are below the resolution of the clock', of(4), of(2), null],
    ['one is below the resolution of the clock', of(4000), of(2), null],
    ['one is nothing', of(4000), of(0), null],
    ['both are just above it', of(10), of(5), 2],
  ])('should have a ratio only of what is known exactly: %s', (_, baseline, other, ratio) => {
    expect(ratioOf(baseline, other)).toBe(ratio)
    expect(ratioOf(other, baseline)).toBe(ratio === null ? null : 1 / ratio)
    expect(hindranceOf(baseline) === null && hindranceOf(other) === null).toBe(ratio !== null)
  })

  it('should show no figure as comparable that is not', () => {
    expect([of(7), hindered(7, 'seen-late'), null].map(comparable)).toEqual([7, null, null])
  })
})
