import { printable } from '../base/printable.ts'
import { isUpperBound } from '../result/sample.ts'
import type { ComparisonCell } from './comparison.ts'
import { figureRows, pairRatio, pairsOf } from './comparison.ts'
import type { ReportView } from './view.ts'

const columns = [
  'step',
  'figure',
  'arm',
  'repetition',
  'value',
  'unit',
  'bound',
  'hindrance',
  'evidence',
  'pair_ratio',
  'ratio',
  'ratio_low',
  'ratio_high',
  'difference',
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
  return [columns, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('')
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
