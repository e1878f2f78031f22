import { describe, expect, it } from 'vitest'
import type { Difference } from '../result/difference.ts'
import { differenceLine, nothingShown, repetitionsInWords } from './difference.ts'

const estimate = (ratio: number, low: number, high: number, n = 4) => ({ ratio, low, high, confidence: 0.95, n })
const shown = (direction: 'more' | 'less', of: ReturnType<typeof estimate> | null, atLeast = false): Difference => ({
  kind: 'shown',
  direction,
  estimate: of,
  atLeast,
  p: null,
  test: null,
})
const noneShown = (wouldHaveSeen: number | null, repetitionsFor20Percent: number | null): Difference => ({
  kind: 'none-shown',
  estimate: wouldHaveSeen === null ? null : estimate(1.02, 0.9, 1.16),
  wouldHaveSeen,
  repetitionsFor20Percent,
})

describe('a difference in words', () => {
  it.each<[string, Difference | null]>([
    ['10.1× faster (9.60 to 10.7)', shown('less', estimate(1 / 10.1, 1 / 10.7, 1 / 9.6))],
    ['1.12× slower (1.08 to 1.16)', shown('more', estimate(1.12, 1.08, 1.16))],
    ['2.00× faster (all 4 alike)', shown('less', estimate(0.5, 0.5, 0.5))],
    ['2.00× faster (both alike)', shown('less', estimate(0.5, 0.5, 0.5, 2))],
    ['≥ 8.00× slower', shown('more', estimate(8, 7, 9), true)],
    ['slower (by rank alone)', shown('more', null)],
    ['none shown (0.862 to 1.11)', noneShown(0.12, 10)],
    ['none shown', noneShown(null, null)],
    ['9.38× faster', { kind: 'one-run', ratio: 1 / 9.38, direction: 'less', atLeast: false }],
    ['≥ 9.38× faster', { kind: 'one-run', ratio: 1 / 9.38, direction: 'less', atLeast: true }],
    ['≈ 1×', { kind: 'one-run', ratio: 1.03, direction: null, atLeast: false }],
    ['—', { kind: 'not-comparable', reason: 'it was seen late' }],
    ['—', null],
  ])('should be %s', (text, difference) => {
    expect(differenceLine(difference)).toBe(text)
  })

  it.each<[string, Difference]>([
    ['3.00× as much (2.50 to 3.60)', shown('more', estimate(3, 2.5, 3.6))],
    ['0.500× as much (0.400 to 0.625)', shown('less', estimate(0.5, 0.4, 0.625))],
    ['more (by rank alone)', shown('more', null)],
    ['none shown (0.900 to 1.16)', noneShown(0.12, 10)],
  ])('should be %s of what is no time', (text, difference) => {
    expect(differenceLine(difference, 'amount')).toBe(text)
  })

  it('should say what would have been seen, and how many repetitions would show 20 %', () => {
    const differences = [
      { label: 'created', difference: noneShown(0.12, 4) },
      { label: 'available', difference: noneShown(2.4, 40) },
      { label: 'ready', difference: shown('more', estimate(1.12, 1.08, 1.16)) },
      { label: 'deleted', difference: noneShown(null, null) },
    ]
    expect(nothingShown(differences, 'tuned')).toEqual([
      'tuned: no difference shown in created (12 % or more would have been seen), available (3.40× or more would have been seen), deleted. 40 repetitions would show 20 %.',
    ])
    // As many as there were would have shown it.
    expect(nothingShown(differences.slice(0, 1), 'tuned')[0]).not.toContain('repetitions')
    expect(nothingShown(differences.slice(2, 3), 'tuned')).toEqual([])
  })

  it('should say once how often the arms ran, and what that is worth', () => {
    const of = (differences: Difference[], repetitions: number, evidence: 'measured' | 'simulated' = 'measured') =>
      repetitionsInWords(differences, { repetitions, material: 0.05, evidence }).join(' ')
    const once: Difference = { kind: 'one-run', ratio: 2, direction: 'more', atLeast: false }
    const said = of([once, once], 1)
    expect(said.match(/One run each/g)).toHaveLength(1)
    expect(said).not.toMatch(/signific|95 %/)
    const several = [shown('more', estimate(1.12, 1.08, 1.16))]
    expect(of(several, 4)).toContain('with 95 % intervals; less than 5 % counts as no difference')
    expect(of(several, 4)).not.toContain('odd')
    expect(of(several, 3)).toContain('An odd number of repetitions: machine drift does not cancel')
    expect(of(several, 3, 'simulated')).not.toContain('odd')
    expect(of([shown('less', estimate(0.5, 0.5, 0.5))], 4, 'simulated')).toContain('chance plays no part')
    expect(of([], 1)).toBe('')
  })
})
