import { parseDurationMs } from '../base/duration.ts'
import { bytes, percentage, perSecond } from './scalars.ts'

/** What a series is counted in. */
export type SeriesUnit = 'ms' | 'bytes' | 'count' | 'per second' | 'ratio' | 'cores'

/** A series as the catalogue has it: what thresholds may speak of, and what docs/series.md says. */
export interface SeriesEntry {
  name: string
  labels: readonly string[]
  unit: SeriesUnit
  /** value: one figure. distribution: of observations that are all known. histogram: percentiles within buckets, and no maximum. */
  form: 'value' | 'distribution' | 'histogram'
  /** What it is, in a phrase. */
  what: string
  /** Where it comes from. */
  from: string
  /** Why target sim has none; absent where it has. */
  notSimulated?: string
}

/** What a threshold may take of a distribution. */
export const percentiles = ['p50', 'p90', 'p99', 'max'] as const
export type Percentile = (typeof percentiles)[number]

/** How a bound of a series is written, by its unit. */
export const boundForms: Record<SeriesUnit, string> = {
  ms: 'a duration with a unit, such as 30s',
  bytes: 'a size, such as 2GiB',
  count: 'a plain number',
  'per second': 'a rate, such as 50/s',
  ratio: 'a share, such as 80% or 0.8',
  cores: 'a plain number of cores',
}

/** The number behind a bound, in the unit of its series; undefined when it has the wrong form. */
export function parseBound(value: number | string, unit: SeriesUnit): number | undefined {
  const parsed = readerOf[unit](value)
  return parsed === undefined || !(parsed >= 0) ? undefined : parsed
}

const numberAlone = (value: number | string) => (typeof value === 'number' ? value : undefined)

const readerOf: Record<SeriesUnit, (value: number | string) => number | undefined> = {
  ms: (value) => (typeof value === 'string' ? parseDurationMs(value) : undefined),
  bytes: (value) => bytes.safeParse(value).data,
  count: numberAlone,
  'per second': (value) => (typeof value === 'string' ? perSecond.safeParse(value).data : undefined),
  ratio: (value) => numberAlone(value) ?? percentage.safeParse(value).data,
  cores: numberAlone,
}
