import { describe, expect, it } from 'vitest'
import type { ComparisonCell, FigureRow } from '../../report/comparison.ts'
import { figureRows } from '../../report/comparison.ts'
import { sampleText } from '../../report/sample.ts'
import type { ArmOutcome, Result } from '../../result/result.ts'
import { probesIn, stepsDone } from '../../testing/outcomes.ts'
import { speedupOf, viewFor } from '../../testing/reports.ts'
import { sampleArm, sampleResult } from '../../testing/results.ts'

describe('comparison', () => {
  it('should set the median of each profile beside the document and the baseline', () => {
    const { cells, documented } = row(sampleResult(), 'rollout 1 → 200', 'available')

    expect(documented).toBe(true)
    expect(cells.map(({ arm, measured }) => [arm, measured?.median])).toEqual([
      ['untuned', 79_374],
      ['tuned', 8464],
    ])
    expect(cells[0]?.difference).toBeNull()
    expect(cells[1]?.difference).toMatchObject({ kind: 'shown', direction: 'less', estimate: { n: 2 } })
    expect(speedupOf(cells[1])).toBeCloseTo(79_374 / 8464, 1)
    expect(cells[0]?.reference?.deviation).toBeCloseTo((79_374 - 78_123) / 78_123)
    expect(cells[1]?.reference).toMatchObject({ valueMs: 24_769, note: 1, ratio: 78_123 / 24_769 })
  })

  it('should take the profile that ran first as the baseline when arms are listed in another order', () => {
    const result = sampleResult()
    const view = viewFor({ ...result, arms: result.arms.toSorted((a, b) => a.name.localeCompare(b.name)) })
    expect(view.armNames).toEqual(['untuned', 'tuned'])
  })

  it('should count a repetition that did not get there as infinitely late', () => {
    const once = tunedRollouts([7000, 8000, null])
    expect(once.measured).toMatchObject({ runs: 3, reached: 2, median: 8000 })
    expect(sampleText(once.measured)).toEqual({ figure: '8.00 s', detail: 'reached in 2 of 3 runs' })

    const mostly = tunedRollouts([7000, null])
    expect(sampleText(mostly.measured)).toEqual({ figure: 'not reached', detail: 'reached in 1 of 2 runs' })
    expect(mostly.difference?.kind).toBe('not-comparable')
    expect(mostly.reference?.deviation).toBeNull()
  })

  it('should show an em dash for a stop that does not apply', () => {
    const result = sampleResult()
    const only = { ...result, arms: result.arms.map((arm) => (arm.name === 'tuned' ? { ...arm, steps: [] } : arm)) }
    expect(sampleText(row(only, 'rollout 1 → 200', 'created').cells[1]?.measured ?? null).figure).toBe('—')
    expect(rowsOf(result, 'rollout 1 → 200').map(({ name }) => name)).toEqual(['created', 'available', 'ready'])
  })

  it('should show a stop of the document even when no arm timed it', () => {
    const reference = {
      source: 'notes',
      figures: [{ probe: 'rollout', stop: 'deleted', arm: 'tuned', valueMs: 1 }],
    }
    const { cells } = row(sampleResult({ reference }), 'rollout 1 → 200', 'deleted')
    expect(cells[1]).toMatchObject({ measured: null, reference: { valueMs: 1, deviation: null } })
  })

  it('should not compare times of a machine that was the limit', () => {
    const cell = row(withProbe({ machineBusy: 0.93 }), 'rollout 1 → 200', 'available').cells[1]
    expect(speedupOf(cell)).toBeNull()
    expect(cell?.reference?.deviation).toBeNull()
    expect(sampleText(cell?.measured ?? null).detail).toContain('machine-bound')

    expect(speedupOf(row(withProbe({ machineBusy: 0.9 }), 'rollout 1 → 200', 'available').cells[1])).not.toBeNull()
  })

  it('should pick the run nearest to the median at the stop of the document as the typical one', () => {
    const arms = [9000, 7000, 30_000].map((available, index) => tuned(index + 1, available))
    const [rollout] = viewFor(sampleResult({ arms })).steps
    expect(rollout?.runs.map(({ label }) => label)).toEqual(['tuned #1', 'tuned #2', 'tuned #3'])
    expect(rollout?.reasons.map((reason) => reason.split(',')[0])).toEqual(Array(3).fill('tuned #1'))
  })
})

describe('charted curve', () => {
  it('should mark the figures of the document only where the curve ends at that stop', () => {
    const [rollout, scaleDown] = viewFor(sampleResult())
      .sections.flatMap(({ blocks }) => blocks)
      .filter((block) => block.kind === 'drawing')
    expect(rollout).toMatchObject({
      title: 'Pods Ready, rollout 1 → 200 (measured)',
      marks: [
        { arm: 'untuned', atMs: 78_123 },
        { arm: 'tuned', atMs: 24_769 },
      ],
    })
    // The document timed `kubectl get rs`, not the deletions that this curve shows.
    expect(scaleDown).toMatchObject({ title: 'Pods remaining, scale-down 200 → 1 (measured)', marks: [] })
    expect(scaleDown?.lines).toHaveLength(4)
  })
})

function rowsOf(result: Result, title: string): FigureRow[] {
  return viewFor(result)
    .steps.filter((step) => step.title === title)
    .flatMap(({ figures }) => figureRows(figures))
}

function row(result: Result, title: string, stop: string): FigureRow {
  const found = rowsOf(result, title).find(({ name }) => name === stop)
  if (found === undefined) throw new Error(`no row ${title}, ${stop}`)
  return found
}

function tuned(repetition: number, available: number): ArmOutcome {
  const rollout = { created: 700, ready: 6900, available }
  return sampleArm('tuned', repetition, repetition + 1, { rollout, scaleDown: { rsCurrent: 500, deleted: 14_000 } })
}

/** What `tuned` made of `available` when its repetitions took these times. */
function tunedRollouts(times: (number | null)[]): ComparisonCell {
  const [baseline] = sampleResult().arms
  if (baseline === undefined) throw new Error('the sample has arms')
  const arms = times.map((available, index) => {
    const arm = tuned(index + 1, available ?? 0)
    const [rollout, ...others] = probesIn(arm)
    if (rollout === undefined) throw new Error('the sample has probes')
    const late = { ...rollout, stopsMs: { ...rollout.stopsMs, available } }
    return { ...arm, steps: stepsDone(null, [late, ...others]) }
  })
  const cell = row(sampleResult({ arms: [baseline, ...arms] }), 'rollout 1 → 200', 'available').cells[1]
  if (cell === undefined) throw new Error('two profiles have two cells')
  return cell
}

/** The sample with the rollout of the first tuned arm changed. */
function withProbe(changes: { machineBusy: number }): Result {
  const result = sampleResult()
  Object.assign(probesIn(result.arms[1])[0] ?? {}, changes)
  return result
}
