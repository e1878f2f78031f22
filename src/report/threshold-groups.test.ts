import { describe, expect, it } from 'vitest'
import type { ThresholdOutcome } from '../result/result.ts'
import { viewFor } from '../testing/reports.ts'
import { sampleResult } from '../testing/results.ts'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import { renderSummary } from './summary.ts'
import { metText, thresholdLines } from './threshold-groups.ts'

const calls = Array.from({ length: 60 }, (_, index): ThresholdOutcome => {
  const isMissed = index === 7
  return {
    name: `tuned calls of kind-${index} p99 at most 1.00 s`,
    group: 'slo/calls',
    verdict: isMissed ? 'fail' : 'pass',
    actual: isMissed ? 1500 : index,
    max: 1000,
    unit: 'ms',
    ...(isMissed && { note: 'the worst of 7 windows' }),
  }
})

describe('thresholds with many outcomes', () => {
  it('should be told in full where they are missed, and counted where they are met', () => {
    const [missed, met, ...others] = thresholdLines(calls)
    expect(missed).toMatchObject({ outcome: { verdict: 'fail', actual: 1500 } })
    expect(met).toEqual({ met: { group: 'slo/calls', count: '59 of 60 met', furthest: '59 ms', margin: '94 % below' } })
    expect(others).toEqual([])
  })

  it('should take two lines in every report', () => {
    const view = viewFor(sampleResult({ thresholds: calls, verdict: 'fail' }))
    for (const text of [renderHtml(view), renderMarkdown(view), renderSummary(view, { isFull: true })]) {
      expect(text).toContain('kind-7')
      expect(text).not.toContain('kind-8')
      expect(text).toContain('59 of 60 met')
      expect(text).toContain('the worst of 7 windows')
    }
  })

  it.each([
    [1, 'the only threshold is met'],
    [2, 'both thresholds met'],
    [3, 'all 3 thresholds met'],
  ])('should be called by how many there are: %d', (count, text) => {
    const met = calls.filter(({ verdict }) => verdict === 'pass').slice(0, count)
    expect(metText(met)).toBe(text)
  })

  it('should be one line of a short summary, whatever their names', () => {
    const text = renderSummary(viewFor(sampleResult({ thresholds: calls, verdict: 'fail' })), {})
    expect(text).toMatch(/^fail .*\n[\s\S]*^pass +59 thresholds met$/m)
  })

  it('should be told one by one where a threshold has one outcome', () => {
    const single = calls.slice(0, 3).map(({ group: _, ...outcome }) => outcome)
    expect(thresholdLines(single)).toEqual(single.map((outcome) => ({ outcome })))
  })
})
