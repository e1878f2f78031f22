import { plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { printable } from '../base/printable.ts'
import { formatBytes } from '../base/quantity.ts'
import { wordsOf } from '../base/words.ts'
import type { Result, Verdict } from '../result/result.ts'
import type { ComparisonCell, Row } from './comparison.ts'
import { nothingShownIn, shownRows } from './comparison.ts'
import { differenceText } from './difference.ts'
import { formatActual, formatSpeedup, orNone } from './format.ts'
import { sampleText } from './sample.ts'
import type { StepReport } from './step-view.ts'
import { remarksOn, thresholdLines } from './threshold-groups.ts'
import type { ReportView } from './view.ts'
import { worsenedText } from './worse.ts'

/** Functions that give back the text in other clothes, its width unchanged. */
export interface SummaryStyles {
  bold(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
}

export interface SummaryOptions {
  /** Where the report is; undefined where it could not be written. */
  reportPath?: string
  /** Plain text unless given. */
  styles?: SummaryStyles
}

const same = (text: string): string => text
/** For text that is not for a terminal. */
export const plain: SummaryStyles = { bold: same, red: same, green: same, yellow: same }
/** Of a verdict. */
export const colours = { pass: 'green', fail: 'red', inconclusive: 'yellow' } as const

/** Columns that a summary keeps within. */
export const width = 80
const labelWidth = 31
const columnWidth = 12
const ratioWidth = width - labelWidth - 2 * (columnWidth + 1)

/** The outcome in a screenful of at most 80 columns: verdict, stops beside the document's figures, thresholds. */
export function renderSummary(view: ReportView, { reportPath, styles = plain }: SummaryOptions): string {
  const { result } = view
  return joined([
    ...opening(view, styles),
    ...pairsOf(view).flatMap((names) => view.steps.map((step) => comparison(step, names, result.evidence, styles))),
    view.steps.flatMap(({ title, briefReasons = [] }) =>
      briefReasons.flatMap((reason) => hanging(`${title}, ${reason}`)),
    ),
    thresholds(result, styles),
    [...ownMemory(result), ...reportLine(reportPath)],
  ])
}

/** Where the report is. */
export function reportLine(path: string | undefined): string[] {
  return path === undefined ? [] : [`report: ${printable(path)}`]
}

/** The verdict, the reasons for it, and what to know before trusting the figures. */
export function opening(view: ReportView, styles: SummaryStyles): string[][] {
  const { result } = view
  return [
    [
      styles.bold(styles[colours[result.verdict]](shorten(view.title, width))),
      ...(view.partial === null ? [] : [styles.yellow(view.partial)]),
      ...result.reasons.flatMap((reason) => wrap(reason, '  ')),
    ],
    view.repetitions.flatMap((text) => wrap(text, '')),
    worseLines(view, styles),
    ...view.caveats.map(({ severity, title, places }) => [
      ...wrap(title, '').map(severity === 'bad' ? styles.red : styles.yellow),
      ...places.flatMap((place) => wrap(place, '  ')),
    ]),
  ]
}

/** How many are said in a screenful; the report has them all. */
const shownWorse = 5

function worseLines({ armNames, worse }: ReportView, styles: SummaryStyles): string[] {
  if (worse.length === 0) return []
  const more = worse.length - shownWorse
  return [
    ...wrap(`Worse than ${armNames[0]}`, '').map(styles.yellow),
    ...worse.slice(0, shownWorse).flatMap((one) => hanging(worsenedText(one))),
    ...(more > 0 ? [`  and ${plural(more, 'more figure')}, in the report`] : []),
  ]
}

/** Wrapped text whose further lines are indented by more than its first. */
export function hanging(text: string): string[] {
  return wrap(text, '    ').map((line, index) => (index === 0 ? line.slice(2) : line))
}

/** Blocks of lines with an empty line between them. */
export function joined(blocks: readonly (readonly string[])[]): string {
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => line.trimEnd()).join('\n'))
    .join('\n\n')
}

/** Two arms at a time, the baseline and one other, so that any number of them stays within the width. */
function pairsOf({ armNames: [baseline = '', ...others] }: ReportView): string[][] {
  return others.length === 0 ? [[baseline]] : others.map((other) => [baseline, other])
}

/** The most important figures of a step, medians over the repetitions. */
function comparison(
  { title, figures }: StepReport,
  names: string[],
  evidence: Result['evidence'],
  styles: SummaryStyles,
): string[] {
  const head = `${shorten(title, labelWidth - evidence.length - 3)} (${evidence})`
  return [
    ...fullNames(names),
    styles.bold(line(head, names, names.length === 1 ? '' : 'ratio')),
    ...shownRows(figures, 'headline').flatMap((row) => rowLines(row, names)),
    ...nothingShownIn([figures], names, 'headline').flatMap(hanging),
  ]
}

/** Names that the head of a table cuts off, which may be where they differ. */
function fullNames(names: string[]): string[] {
  return names.some((name) => name.length > columnWidth) ? wrap(names.join(' against '), '') : []
}

function rowLines(row: Row, names: string[]): string[] {
  if (row.kind === 'text') {
    const pair = row.cells.filter(({ arm }) => names.includes(arm))
    return [
      line(
        `  ${row.label}`,
        pair.map(({ text }) => text),
        '',
      ),
    ]
  }
  const { label, cells, format, bound } = row
  const pair = cells.filter(({ arm }) => names.includes(arm))
  const figures = pair.map(({ measured }) => sampleText(measured, format, bound).figure)
  const other = pair[1]
  const { figure, detail } = other === undefined ? { figure: '', detail: '' } : differenceText(other.difference)
  const interval = detail === '' ? '' : `(${detail})`
  const inOne = `${figure} ${interval}`.trimEnd()
  const fits = inOne.length < ratioWidth
  return [
    line(`  ${label}`, figures, fits ? inOne : figure),
    ...(fits ? [] : [interval.padStart(width)]),
    ...documentLine(pair),
  ]
}

function ownMemory({ orchestrator }: Result): string[] {
  return orchestrator === null ? [] : [`orchestrator: at most ${formatBytes(orchestrator.peakMemoryBytes)} of memory`]
}

/** The document's figures below those they stand beside, if it has any. */
function documentLine(cells: ComparisonCell[]): string[] {
  if (cells.every(({ reference }) => reference === null)) return []
  const times = cells.map(({ reference }) => orNone(reference, ({ valueMs }) => formatDuration(valueMs)))
  const ratio = cells[1]?.reference?.ratio
  return [line('    document', times, typeof ratio === 'number' ? formatSpeedup(ratio) : '')]
}

function line(label: string, times: string[], ratio: string): string {
  const columns = [
    ...times.map((time) => shorten(time, columnWidth).padStart(columnWidth + 1)),
    shorten(ratio, ratioWidth).padStart(ratioWidth),
  ]
  return `${shorten(label, labelWidth).padEnd(labelWidth)}${columns.join('')}`
}

function thresholds(result: Result, styles: SummaryStyles): string[] {
  const row = (verdict: Verdict, name: string, figure: string) =>
    `${styles[colours[verdict]](verdict.padEnd(13))}${shorten(name, 54).padEnd(54)}${figure.padStart(13)}`
  return thresholdLines(result.thresholds).flatMap((line) => {
    if ('met' in line) {
      const { group, count, furthest = '' } = line.met
      return [row('pass', `${group}: ${count}`, furthest)]
    }
    const { name, verdict } = line.outcome
    const remarks = verdict === 'pass' ? [] : remarksOn(line.outcome)
    const indent = ' '.repeat(13)
    // A name that is cut would be that of any of them.
    const [first = '', ...others] = verdict === 'pass' ? [name] : wrap(name, '', 54)
    return [
      row(verdict, first, formatActual(line.outcome) ?? 'no figure'),
      ...others.map((text) => `${indent}${text}`),
      ...remarks.flatMap((text) => wrap(text, indent)),
    ]
  })
}

/** The text in lines that keep within the width, each with the indent. */
export function wrap(text: string, indent: string, most = width): string[] {
  const lines: string[] = []
  for (const word of wordsOf(printable(text).replace(/\s+/g, ' ')).filter(Boolean)) {
    const current = lines.at(-1)
    if (current !== undefined && current.length + 1 + word.length <= most)
      lines[lines.length - 1] = `${current} ${word}`
    else lines.push(`${indent}${shorten(word, most - indent.length)}`)
  }
  return lines
}

/** The text in at most so many columns. */
export function shorten(text: string, length: number): string {
  const clean = printable(text).replace(/\s/g, ' ').trimEnd()
  return clean.length <= length ? clean : `${clean.slice(0, length - 1)}…`
}
