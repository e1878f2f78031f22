import { describe, expect, it } from 'vitest'
import type { FigureRow } from '../../report/comparison.ts'
import { figureRows, shownRows } from '../../report/comparison.ts'
import { sampleText } from '../../report/sample.ts'
import type { StepReport } from '../../report/step-view.ts'
import type { Result } from '../../result/result.ts'
import { filledResult } from '../../testing/filled-results.ts'
import { fillIn, probesIn, stepsDone } from '../../testing/outcomes.ts'
import { htmlOf, markdownOf, speedupOf, summaryOf, viewFor } from '../../testing/reports.ts'
import { sampleResult } from '../../testing/results.ts'
import type { FillOutcome } from './outcome.ts'
import { lacksOf } from './outcome.ts'

describe('fill view', () => {
  it('should be nothing when no arm was filled', () => {
    expect(viewFor(sampleResult()).steps.map(({ name }) => name)).toEqual(['rollout', 'scale-down'])
  })

  it('should set times in ratio to the baseline, and rates not', () => {
    expect(texts(row(filledResult(), 'filled'))).toEqual(['4 m 22 s', '98.7 s'])
    expect(row(filledResult(), 'filled').cells.map(speedupOf)).toEqual([null, expect.closeTo(262_400 / 98_700, 9)])
    expect(texts(row(filledResult(), 'scheduling, peak'))).toEqual(['23.1/s', '96.4/s'])
    expect(row(filledResult(), 'scheduling, peak').cells[1]?.difference).toBeNull()
  })

  it('should take the median over the repetitions and show the fill nearest to it', () => {
    const result = withFills([{ durationMs: 90_000 }, { durationMs: 300_000 }, { durationMs: 100_000 }])
    const { measured } = row(result, 'filled').cells[1] ?? { measured: null }
    expect(sampleText(measured)).toEqual({ figure: '100.0 s', detail: '90.0 s – 5 m 0 s, n = 3' })
    const page = htmlOf(result)
    expect(page).toContain('tuned-split #3 5,000 Ready after 100.0 s')
    expect(page).not.toContain('tuned-split #1 5,000 Ready')
  })

  it('should compare nothing when the machine was the limit in one repetition', () => {
    const result = withFills([{}, { machineBusy: 0.93 }])
    const shown = figureRows(fillOf(result).figures).filter(({ importance }) => importance !== 'background')
    for (const { cells } of shown) {
      expect(speedupOf(cells[1])).toBeNull()
      expect(cells[1]?.measured?.hindrance).toBe('machine-bound')
      expect(cells[0]?.measured?.hindrance).toBeNull()
    }
    expect(speedupOf(row(withFills([{ machineBusy: 0.9 }]), 'filled').cells[1])).not.toBeNull()
  })

  it('should count a fill that lacks something as infinitely late', () => {
    const result = filledResult()
    Object.assign(fillIn(result.arms[1])?.objects['services'] ?? {}, { observed: 124 })
    expect(texts(row(result, 'filled'))).toEqual(['4 m 22 s', 'not reached'])
    expect(row(result, 'filled').cells[1]?.difference?.kind).toBe('not-comparable')
  })

  it('should leave out a figure that no arm has', () => {
    const result = filledResult()
    for (const arm of result.arms)
      Object.assign(fillIn(arm) ?? {}, { schedulingPerSecond: { mean: null, peak: arm.order === 1 ? 21 : null } })
    expect(labelsOf(result)).not.toContain('scheduling, mean')
    expect(texts(row(result, 'scheduling, peak'))).toEqual(['21.0/s', '—'])
  })

  it('should say in every report what each arm’s fill was waiting for', () => {
    const text =
      "bound by the kube-scheduler's client limit: (5000 bindings - burst 100) / 50 per second = 98.0 s of 98.7 s"
    const explanation = { stop: 'filled', boundBy: 'kube-scheduler/bindings', text }
    const result = withFills([{ explanation }])
    const lines = summaryOf(result, { isFull: true }).replaceAll(/\s+/g, ' ')
    expect(lines).toContain(`filling the cluster, tuned-split #1: ${text}`)
    expect(markdownOf(result)).toContain(`1: ${text}`)
    expect(htmlOf(result)).toContain('What the fill was waiting for')
    expect(htmlOf(filledResult())).not.toContain('What the fill was waiting for')
  })

  it('should tell what differs from the plan, whether there is too little or too much', () => {
    const fill = fillIn(filledResult().arms[0])
    if (fill === null) throw new Error('the sample has fills')
    expect(lacksOf(fill)).toEqual([])
    const objects: FillOutcome['objects'] = {
      secrets: { expected: 250, observed: 251, failed: 0 },
      services: { expected: 125, observed: 125, failed: 1 },
    }
    expect(lacksOf({ ...fill, objects, pods: { ...fill.pods, ready: 4999 } })).toEqual([
      '251 of 250 secrets',
      '125 of 125 services (1 could not be created)',
      '4,999 of 5,000 pods Ready',
    ])
  })
})

function fillOf(result: Result): StepReport {
  const step = viewFor(result).steps.find(({ name }) => name === 'fill')
  if (step === undefined) throw new Error('the sample has fills')
  return step
}

function labelsOf(result: Result): string[] {
  return shownRows(fillOf(result).figures).map(({ label }) => label)
}

function row(result: Result, label: string): FigureRow {
  const found = figureRows(fillOf(result).figures).find((one) => one.label === label)
  if (found === undefined) throw new Error(`no row ${label}`)
  return found
}

function texts({ cells, format }: FigureRow): string[] {
  return cells.map(({ measured }) => sampleText(measured, format).figure)
}

/** The sample with as many repetitions of its second arm, their fills changed. */
function withFills(changes: Partial<FillOutcome>[]): Result {
  const [untuned, tuned] = filledResult().arms
  const fill = fillIn(tuned)
  if (untuned === undefined || tuned === undefined || fill === null) throw new Error('the sample has two arms')
  const repetitions = changes.map((change, index) => ({
    ...tuned,
    repetition: index + 1,
    steps: stepsDone({ ...fill, ...change }, probesIn(tuned)),
  }))
  return filledResult({ arms: [untuned, ...repetitions] })
}
