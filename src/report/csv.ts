import { printable } from '../base/printable.ts'
import { isUpperBound } from '../result/sample.ts'
import type { Series } from '../result/series.ts'
import { figureRows } from './comparison.ts'
import { seriesIn } from './series-lines.ts'
import type { ReportView } from './view.ts'

/** Every figure of every run as comma-separated values (RFC 4180), for spreadsheets and statistics; empty where a stop was not reached. */
export function renderCsv({ result: { evidence }, steps, series }: ReportView): string {
  const whole = series === null ? [] : [{ name: 'arm', figures: series }]
  const rows = [...steps, ...whole].flatMap(({ name, figures }) =>
    figureRows(figures).flatMap((row) =>
      row.cells.flatMap(({ arm, readings }) =>
        readings.map(({ repetition, reading: { value, hindrance } }) => {
          const bound = isUpperBound({ hindrance }) ? row.bound : ''
          return [name, row.name, arm, repetition, value, row.unit, bound, hindrance, evidence]
        }),
      ),
    ),
  )
  const columns = ['step', 'figure', 'arm', 'repetition', 'value', 'unit', 'bound', 'hindrance', 'evidence']
  return commaSeparated([columns, ...rows])
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

/** What there is to say of a series, a figure each; of a distribution, how many are in it and their percentiles. */
function statisticsOf(series: Series): { statistic: string; value: number | null; unit: string }[] {
  if ('value' in series) return [{ statistic: 'value', value: series.value, unit: series.unit }]
  const { count, missing, ...percentiles } = series.distribution
  return [
    ...Object.entries({ count, missing }).map(([statistic, value]) => ({ statistic, value, unit: 'count' })),
    ...Object.entries(percentiles).map(([statistic, value]) => ({ statistic, value, unit: series.unit })),
  ]
}

function commaSeparated(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map((row) => `${row.map(field).join(',')}\r\n`).join('')
}

function field(value: string | number | null): string {
  const text = value === null ? '' : printable(String(value))
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
