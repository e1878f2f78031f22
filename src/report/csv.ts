import { printable } from '../base/printable.ts'
import { isUpperBound } from '../result/sample.ts'
import type { Series } from '../result/series.ts'
import type { ComparisonCell } from './comparison.ts'
import { figureRows, pairRatio, pairsOf } from './comparison.ts'
import { seriesIn } from './series-lines.ts'
import type { ReportView } from './view.ts'

const figureColumns = [
  ...['step', 'figure', 'arm', 'repetition', 'value', 'unit', 'bound', 'hindrance', 'evidence'],
  ...['pair_ratio', 'ratio', 'ratio_low', 'ratio_high', 'difference'],
]

/** Every figure of every run as comma-separated values (RFC 4180), for spreadsheets and statistics; empty where a stop was not reached. */
export function renderCsv({ result: { evidence }, steps, series }: ReportView): string {
  const whole = series === null ? [] : [{ name: 'arm', figures: series }]
  const rows = [...steps, ...whole].flatMap(({ name, figures }) =>
    figureRows(figures).flatMap((row) =>
      row.cells.flatMap((cell) =>
        cell.readings.map(({ repetition, reading: { value, hindrance } }) => {
          const bound = isUpperBound({ hindrance }) ? row.bound : ''
          const figure = [name, row.name, cell.arm, repetition, value, row.unit, bound, hindrance, evidence]
          return [...figure, ...comparedFields(row.cells[0], cell, repetition)]
        }),
      ),
    ),
  )
  return commaSeparated([figureColumns, ...rows])
}

/**
 * Every series of every step and arm as comma-separated values (RFC 4180), a line for each figure: the value, or what is known of a
 * distribution. Labels are `verb=POST;resource=pods`; a value is empty where nothing is known, and `gaps` says why.
 */
export function renderSeriesCsv({ result }: ReportView): string {
  const rows = seriesIn(result).flatMap(({ arm, repetition, step, series }) => {
    const { name, evidence, gaps } = series
    const labels = Object.entries(series.labels).map(([label, value]) => `${label}=${value}`)
    return statisticsOf(series).map(({ statistic, value, unit }) => [
      ...[step, name, labels.join(';'), statistic, arm, repetition, value, unit, evidence, gaps.join('; ')],
    ])
  })
  const columns = ['step', 'series', 'labels', 'statistic', 'arm', 'repetition', 'value', 'unit', 'evidence', 'gaps']
  return commaSeparated([columns, ...rows])
}

interface Statistic {
  statistic: string
  value: number | null
  unit: string
}

/**
 * What there is to say of a series, a figure each: of a distribution, how many are in it and its percentiles, the last bound that a
 * histogram has where a percentile lies beyond that, and the percentiles of the worst window.
 */
function statisticsOf(series: Series): Statistic[] {
  const { unit } = series
  if ('value' in series) return [{ statistic: 'value', value: series.value, unit }]
  const { count, missing, beyondMs, ...percentiles } = series.distribution
  const told = (all: Record<string, number | null>, prefix = ''): Statistic[] =>
    Object.entries(all).map(([key, value]) => ({ statistic: `${prefix}${key}`, value, unit }))
  const { lengthMs: _, windows, beyondMs: beyondInWindow, ...worst } = series.worstWindow ?? {}
  return [
    { statistic: 'count', value: count, unit: 'count' },
    { statistic: 'missing', value: missing, unit: 'count' },
    ...told(percentiles),
    ...(beyondMs === undefined ? [] : told({ beyond: beyondMs })),
    ...(windows === undefined ? [] : [{ statistic: 'windows', value: windows, unit: 'count' }]),
    ...told(worst, 'worst_window_'),
    ...(beyondInWindow === undefined ? [] : told({ beyond: beyondInWindow }, 'worst_window_')),
  ]
}

function commaSeparated(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map((row) => `${row.map(field).join(',')}\r\n`).join('')
}

/** What the arm took over what the baseline did: in this repetition, and over all of them with its interval. */
function comparedFields(
  baseline: ComparisonCell | undefined,
  cell: ComparisonCell,
  repetition: number,
): (string | number | null)[] {
  const { difference } = cell
  if (baseline === undefined || difference === null) return ['', '', '', '', '']
  const pair = pairsOf(baseline, cell).find((one) => one.repetition === repetition)
  const kind = 'atLeast' in difference && difference.atLeast ? `${difference.kind}, at least` : difference.kind
  const estimate = 'estimate' in difference ? difference.estimate : null
  const ratio = difference.kind === 'one-run' ? difference.ratio : (estimate?.ratio ?? null)
  return [pair === undefined ? null : pairRatio(pair), ratio, estimate?.low ?? null, estimate?.high ?? null, kind]
}

function field(value: string | number | null): string {
  const text = value === null ? '' : printable(String(value))
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
