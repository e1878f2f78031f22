import { formatCount } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { formatBytes } from '../base/quantity.ts'
import { usualMaterial } from '../plan/limits.ts'
import type { SeriesUnit } from '../plan/series.ts'
import type { KnobValue, ThresholdOutcome } from '../result/result.ts'

/** What stands in a cell where there is nothing to say. */
export const none = '—'

/** A value in words, or a dash where it is not known. */
export function orNone<Value>(value: Value | null, format: (value: Value) => string): string {
  return value === null ? none : format(value)
}

/** A factor with three digits that matter: `0.107×`, `9.40×`, `12.3×`, `41,765×`. */
export function formatRatio(ratio: number): string {
  return `${formatFactor(ratio)}×`
}

/** The same without the sign. */
export function formatFactor(ratio: number): string {
  if (ratio < 1) return ratio.toPrecision(3)
  return ratio < 100 ? ratio.toFixed(ratio < 10 ? 2 : 1) : formatCount(ratio)
}

/** How many times as fast, or as slow: `9.40× faster`, `41,765× slower`; `≈ 1×` for times that are the same to a reader. */
export function formatSpeedup(ratio: number): string {
  if (Math.max(ratio, 1 / ratio) <= 1 + usualMaterial) return '≈ 1×'
  return ratio > 1 ? `${formatRatio(ratio)} faster` : `${formatRatio(1 / ratio)} slower`
}

/** A share of one in percent: `97 %`. */
export function formatShare(share: number): string {
  return `${Math.round(share * 100)} %`
}

/** A signed deviation, as a share of the reference: `+2.0 %`, `−94 %`. */
export function formatDeviation(deviation: number): string {
  const percent = Math.abs(deviation * 100)
  const digits = percent < 9.95 ? percent.toFixed(1) : percent.toFixed(0)
  if (Number(digits) === 0) return '±0 %'
  return `${deviation < 0 ? '−' : '+'}${digits} %`
}

/** Two values as a range, the unit said once where both share it: `79.0–79.7 s`, `850 ms – 1.20 s`. */
export function formatRange(min: string, max: string): string {
  if (min === max) return min
  const [low, unit, ...more] = min.split(' ')
  return more.length === 0 && max.endsWith(` ${unit}`) && max.split(' ').length === 2
    ? `${low}–${max}`
    : `${min} – ${max}`
}

/** A series' figure in its unit. */
export function formatFigure(value: number, unit: SeriesUnit): string {
  return formats[unit](value)
}

const formats: Record<SeriesUnit, (value: number) => string> = {
  ms: formatDuration,
  bytes: formatBytes,
  count: (value) => (Number.isInteger(value) ? formatCount(value) : value.toFixed(1)),
  'per second': formatRate,
  ratio: formatShare,
  cores: formatCores,
}

/** What a threshold looks at, in its own unit: `209 ms`, `≤ 209 ms`, `0.107×`; undefined when there is no figure. */
export function formatActual({
  actual,
  unit,
  isUpperBound,
}: Pick<ThresholdOutcome, 'actual' | 'unit' | 'isUpperBound'>): string | undefined {
  if (actual === null) return undefined
  const figure = unit === 'ratio' ? formatRatio(actual) : formatFigure(actual, unit === 'share' ? 'ratio' : unit)
  return isUpperBound ? `≤ ${figure}` : figure
}

/** A knob's value as its component writes it. */
export function formatKnobValue(value: KnobValue): string {
  return value === '' ? '(empty)' : String(value)
}

/** A value as it stands in a list or a sentence: in quotes where its end would not be seen otherwise. */
export function formatListed(value: KnobValue): string {
  return typeof value === 'string' && /[^\w.\-/]/.test(value) ? JSON.stringify(value) : formatKnobValue(value)
}

/** A rate or burst limit: at most two decimals, none of them idle. */
export function formatLimit(value: number): string {
  return String(Number(value.toFixed(2)))
}

/** How often per second, with three digits that matter: `0.42/s`, `19.3/s`, `1,240/s`. */
export function formatRate(perSecond: number): string {
  if (perSecond >= 100) return `${formatCount(perSecond)}/s`
  return `${perSecond.toFixed(perSecond < 10 ? 2 : 1)}/s`
}

/** A latency, also one of less than a few milliseconds: `0.42 ms`, `3.1 ms`, `79.7 s`. */
export function formatLatency(ms: number): string {
  return ms > 0 && ms < 9.95 ? `${ms.toFixed(ms < 0.995 ? 2 : 1)} ms` : formatDuration(ms)
}

/** Processor cores in use: `1.24`. */
export function formatCores(cores: number): string {
  return cores.toFixed(2)
}

/** The instant an ISO time names, to the second and without its letters: `2026-11-14 09:30:00 UTC`. */
export function formatInstant(iso: string): string {
  return iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/, '$1 $2 UTC')
}

/** When a run was and how long it took: `2026-11-24 14:08 UTC, took 4 m 2 s`; a simulation has no date, and a time of its own. */
export function formatTaken({ startedAt, durationMs }: { startedAt: string | null; durationMs: number }): string {
  const took = `took ${formatDuration(durationMs)}`
  return startedAt === null ? `${took} of virtual time` : `${formatInstant(startedAt)}, ${took}`
}
