import { describe, expect, it } from 'vitest'
import { sampleResult } from '../testing/results.ts'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import { renderSummary } from './summary.ts'
import { viewOf } from './view.ts'

/** Two arms, two repetitions each (ABBA), stopped after so many arms. */
function resumedAfter(armsDone: number) {
  const result = sampleResult()
  for (const arm of result.arms) if (arm.order > armsDone) arm.session = 2
  const ranAgain = result.arms.filter(({ order }) => order === armsDone + 1).map(({ id }) => id)
  result.resumptions = [{ at: '2026-11-28T02:33:38.512Z', armsDone, afterArm: null, ranAgain }]
  return viewOf(result, [])
}

describe('a run that was stopped and resumed', () => {
  it('should say in every report when, after how many arms, and what was run again', () => {
    const view = resumedAfter(2)
    const told = '2026-11-28 02:33:38 UTC, after 2 arms; run again from the beginning: tuned-2'
    for (const report of [renderHtml(view), renderMarkdown(view), renderSummary(view, {}).replaceAll(/\s+/g, ' ')])
      expect(report).toContain(told)
  })

  it('should name the repetitions that the stop divides, and no others', () => {
    const divided = (armsDone: number) =>
      resumedAfter(armsDone)
        .caveats.filter(({ title }) => title.startsWith('Repetitions'))
        .flatMap(({ places }) => places)
    expect(divided(2)).toEqual([])
    expect(divided(3)).toEqual(['repetition 2: tuned | untuned'])
  })

  it('should not be spoken of where no run was stopped', () => {
    expect(
      viewOf(sampleResult(), [])
        .caveats.map(({ title }) => title)
        .join(),
    ).not.toMatch(/resumed|before and/)
  })
})
