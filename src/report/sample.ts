import { formatDuration } from '../base/duration.ts'
import type { Hindrance, Sample } from '../result/sample.ts'
import { isUpperBound } from '../result/sample.ts'
import { formatRange, none } from './format.ts'

/** How a figure that is not compared is marked. */
const marks: Partial<Record<Hindrance, string>> = {
  'unfinished-start': 'unfinished start',
  'machine-bound': 'machine-bound',
  'seen-late': 'seen late',
}

/** A sample in two pieces: the figure, `≤` before what may have been less, and what spread stands behind it. */
export function sampleText(
  sample: Sample | null,
  format: (value: number) => string = formatDuration,
  bound: '≤' | '≥' = '≤',
): { figure: string; detail: string } {
  if (sample === null) return { figure: none, detail: '' }
  const { runs, reached, median, min, max, hindrance } = sample
  const details = [
    reached < runs && runs > 1 && `reached in ${reached} of ${runs} runs`,
    reached === runs &&
      runs > 1 &&
      min !== null &&
      max !== null &&
      `${formatRange(format(min), format(max))}, n = ${runs}`,
    hindrance !== null && (marks[hindrance] ?? false),
  ]
  const sign = isUpperBound(sample) ? `${bound} ` : ''
  return {
    figure: median === null ? 'not reached' : `${sign}${format(median)}`,
    detail: details.filter((detail) => detail !== false).join(', '),
  }
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
