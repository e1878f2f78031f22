import { formatDuration } from '../base/duration.ts'
import { formatRange, none } from './format.ts'

/** The repetitions of one figure, in its own unit. A repetition that did not get there counts as infinitely late. */
export interface Sample {
  runs: number
  reached: number
  /** Null when the median repetition did not get there. */
  median: number | null
  /** Over those that got there. */
  min: number | null
  max: number | null
  /** The machine was the limit in one of them: such figures are shown but not compared. */
  machineBound: boolean
}

/** What the repetitions make together: null stands for one that did not get there. Null when there are none. */
export function sampleOf(values: (number | null)[], machineBound: boolean): Sample | null {
  if (values.length === 0) return null
  const sorted = values.map((value) => value ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b)
  const reached = sorted.filter(Number.isFinite)
  const middle = ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2
  return {
    runs: sorted.length,
    reached: reached.length,
    median: Number.isFinite(middle) ? middle : null,
    min: reached[0] ?? null,
    max: reached.at(-1) ?? null,
    machineBound,
  }
}

/** A sample in two pieces: the figure, and what spread stands behind it. */
export function sampleText(
  sample: Sample | null,
  format: (value: number) => string = formatDuration,
): { figure: string; detail: string } {
  if (sample === null) return { figure: none, detail: '' }
  const { runs, reached, median, min, max, machineBound } = sample
  const details = [
    reached < runs && runs > 1 && `reached in ${reached} of ${runs} runs`,
    reached === runs && runs > 1 && `${formatRange(format(min ?? 0), format(max ?? 0))}, n = ${runs}`,
    machineBound && 'machine-bound',
  ]
  return {
    figure: median === null ? 'not reached' : format(median),
    detail: details.filter((detail) => detail !== false).join(', '),
  }
}

/** The median, where it may be set against another: not what a machine at its limit gave. */
export function comparable(sample: Sample | null): number | null {
  return sample === null || sample.machineBound ? null : sample.median
}

/** How many times as long the baseline took; null where either is unknown. */
export function ratioOf(baseline: number | null | undefined, other: number | null): number | null {
  return baseline === null || baseline === undefined || other === null || other === 0 ? null : baseline / other
}

/** The one whose figure is nearest to the median; undefined when there are none. */
export function nearestTo<T>(
  median: number | null,
  runs: readonly T[],
  figure: (run: T) => number | null,
): T | undefined {
  const target = median ?? Number.POSITIVE_INFINITY
  const distance = (run: T): number => {
    const value = figure(run) ?? Number.POSITIVE_INFINITY
    return value === target ? 0 : Math.abs(value - target)
  }
  return runs.toSorted((a, b) => distance(a) - distance(b))[0]
}
