import { medianOf } from '../base/median.ts'

/**
 * Figures closer to zero than this are not told from it, milliseconds. Events are stamped when the orchestrator's event loop gets to
 * them, some milliseconds late at most while it does not stall; a simulation hands them over in batches of 5 ms.
 */
export const clockResolutionMs = 5

/**
 * Why a figure cannot be set against another, worst first. unfinished-start: what is timed is not what the plan asks for. not-reached:
 * there is no figure. machine-bound, seen-late: it is an upper bound.
 */
const hindrances = ['unfinished-start', 'not-reached', 'machine-bound', 'seen-late'] as const
export type Hindrance = (typeof hindrances)[number]

/** One repetition's figure, in its own unit. */
export interface Reading {
  /** Null when it was not reached. */
  value: number | null
  /** The least that it may have been; `value` itself where that is known exactly. */
  least: number
  hindrance: Hindrance | null
}

/** The repetitions of one figure. One that did not get there counts as infinitely late. */
export interface Sample {
  runs: number
  reached: number
  /** Null when the median repetition did not get there. */
  median: number | null
  /** The median of the least that each may have been. */
  least: number | null
  /** Over those that got there. */
  min: number | null
  max: number | null
  /** What keeps it from being compared, in any repetition; null where nothing does. */
  hindrance: Hindrance | null
}

/** A figure that is known exactly; null when it was not reached. */
export function exactly(value: number | null): Reading {
  return { value, least: value ?? Number.POSITIVE_INFINITY, hindrance: value === null ? 'not-reached' : null }
}

/** A time that a saturated machine took: another one would have taken no longer. */
export function upperBound(value: number): Reading {
  return { value, least: 0, hindrance: 'machine-bound' }
}

/** What the repetitions make together; null when there are none. */
export function sampleOf(readings: readonly Reading[]): Sample | null {
  if (readings.length === 0) return null
  const reached = readings.flatMap(({ value }) => value ?? []).sort((left, right) => left - right)
  const finite = (value: number | null) => (value !== null && Number.isFinite(value) ? value : null)
  return {
    runs: readings.length,
    reached: reached.length,
    median: finite(medianOf(readings.map(({ value }) => value ?? Number.POSITIVE_INFINITY))),
    least: finite(medianOf(readings.map(({ least }) => least))),
    min: reached[0] ?? null,
    max: reached.at(-1) ?? null,
    hindrance: hindrances.find((one) => readings.some(({ hindrance }) => hindrance === one)) ?? null,
  }
}

/** Whether all that is known of a time is that it was no longer. */
export function isUpperBound({ hindrance }: Pick<Sample, 'hindrance'>): boolean {
  return hindrance === 'machine-bound' || hindrance === 'seen-late'
}

/** The median, where it may be set against another. */
export function comparable(sample: Sample | null): number | null {
  return sample === null || sample.hindrance !== null ? null : sample.median
}

const predicates: Record<Hindrance, string> = {
  'unfinished-start': 'started from an unfinished probe',
  'not-reached': 'was not reached',
  'machine-bound': 'was timed on a machine at its limit',
  'seen-late': 'was seen late',
}

/** What keeps a figure from being compared, as the rest of a sentence that it begins; null where nothing does. */
export function hindranceOf(sample: Sample | null, resolution = clockResolutionMs): string | null {
  if (sample === null) return 'has no figure'
  if (sample.hindrance !== null) return predicates[sample.hindrance]
  if (sample.median === null) return predicates['not-reached']
  return sample.median < resolution ? `is below the clock's resolution of ${resolution} ms` : null
}

/**
 * How many times as long the baseline took; null where there is no saying. Of medians, for thresholds; reports show what
 * `differenceOf` (difference.ts) says. Both have to be measured, and free of every hindrance.
 */
export function ratioOf(baseline: Sample | null, other: Sample | null): number | null {
  if (hindranceOf(baseline) !== null || hindranceOf(other) !== null) return null
  const [above, below] = [comparable(baseline), comparable(other)]
  return above === null || below === null ? null : above / below
}
