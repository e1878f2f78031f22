import { printable } from '../base/printable.ts'
import { isUpperBound } from '../result/sample.ts'
import { figureRows } from './comparison.ts'
import type { ReportView } from './view.ts'

const columns = ['step', 'figure', 'arm', 'repetition', 'value', 'unit', 'bound', 'hindrance', 'evidence']

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
  return [columns, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('')
}

function field(value: string | number | null): string {
  const text = value === null ? '' : printable(String(value))
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
