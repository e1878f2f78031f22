import type { CellUnit } from './cells.ts'
import type { ComparedCell, Spread } from './compare.ts'
import { countWithin, toleratedPercent } from './compare.ts'

/** One run, cell by cell, with the range of its repetitions where there are several. */
export function comparisonText(title: string, cells: readonly ComparedCell[]): string {
  const rows = cells.map(({ arm, figure, unit, measured, simulated, offPercent, machineBound }) => [
    arm,
    figure,
    valueText(measured.median, unit),
    rangeText(measured, unit),
    valueText(simulated.median, unit),
    rangeText(simulated, unit),
    percentText(offPercent),
    machineBound ? 'machine-bound' : '',
  ])
  const head = ['arm', 'figure', 'measured', 'range', 'simulated', 'range', 'off by', '']
  const summary = `${countWithin(cells)} of ${cells.length} cells within ${toleratedPercent} %`
  return `\n${title}\n${tableText([head, ...rows], 2)}${summary}\n`
}

/** Columns as wide as their widest text; the first `left` and the last one start at the left, figures end at the right. */
export function tableText(rows: readonly (readonly string[])[], left: number): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const cell = (text: string, column: number) => {
    const width = widths[column] ?? 0
    return column < left || column === widths.length - 1 ? text.padEnd(width) : text.padStart(width)
  }
  return rows.map((row) => `${row.map(cell).join('  ').trimEnd()}\n`).join('')
}

/** `23.5 s`, `618 requests`, `2,451/s`. */
export function valueText(value: number, unit: CellUnit): string {
  if (unit === 'ms') return `${(value / 1000).toFixed(value < 10_000 ? 2 : 1)} s`
  return unit === 'requests' ? `${Math.round(value)} requests` : `${value.toFixed(1)}/s`
}

/** `+2.0 %`. */
export function percentText(percent: number): string {
  return `${percent > 0 ? '+' : ''}${percent.toFixed(Math.abs(percent) < 100 ? 1 : 0)} %`
}

/** Empty where both ends read the same. */
function rangeText({ min, max }: Spread, unit: CellUnit): string {
  const [least, most] = [min, max].map((value) => valueText(value, unit).split(' ')[0])
  return least === most ? '' : `${least} - ${most}`
}
