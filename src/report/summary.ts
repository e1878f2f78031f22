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
import { basisText, headlineText } from './headline.ts'
import { sampleText } from './sample.ts'
import type { StepReport } from './step-view.ts'
import { symptomLines } from './symptoms.ts'
import type { ThresholdLine } from './threshold-groups.ts'
import { marginText, metText, remarksOn, thresholdLines, verdictOf } from './threshold-groups.ts'
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
  /** Of the terminal; lines keep within `width` however many there are. */
  columns?: number
  /** Also thresholds that are met, reasons, and what the orchestrator needed. */
  isFull?: boolean
}

const same = (text: string): string => text
/** For text that is not for a terminal. */
export const plain: SummaryStyles = { bold: same, red: same, green: same, yellow: same }
/** Of a verdict. */
export const colours = { pass: 'green', fail: 'red', inconclusive: 'yellow' } as const

/** Columns that text keeps within where there is room. */
export const width = 80
/** No terminal is taken for narrower than this. */
const leastWidth = 60

/** How wide lines, and the columns of tables, are. */
interface Layout {
  width: number
  label: number
  figure: number
  ratio: number
}

/** How wide text may be in a terminal of so many columns. */
function widthIn(columns = width): number {
  return Math.min(width, Math.max(leastWidth, columns))
}

function layoutIn(most: number): Layout {
  const [figure, ratio] = most < width ? [10, 16] : [12, 23]
  return { width: most, label: most - 2 * (figure + 1) - ratio, figure, ratio }
}

/**
 * The outcome in a screenful: verdict, stops beside the document's figures, thresholds with those that are missed first, and last what the
 * arms made of each step.
 */
export function renderSummary(view: ReportView, options: SummaryOptions): string {
  const { reportPath, styles = plain, columns, isFull = false } = options
  const { result } = view
  const layout = layoutIn(widthIn(columns))
  return joined([
    ...opening(view, options),
    ...pairsOf(view).flatMap((names) =>
      view.steps.map((step) => comparison(step, names, { evidence: result.evidence, styles, layout })),
    ),
    isFull
      ? view.steps.flatMap(({ title, briefReasons = [] }) =>
          briefReasons.flatMap((reason) => hanging(`${title}, ${reason}`, layout.width)),
        )
      : [],
    thresholds(result, { styles, layout, isFull }),
    symptoms(view, styles, layout.width),
    [...view.repetitions, ...(isFull ? [view.evidence] : [])].flatMap((text) => wrap(text, '', layout.width)),
    headlines(view, styles, layout.width),
    [...(isFull ? ownMemory(result) : []), ...reportLine(reportPath)],
  ])
}

/** Where the report is. */
export function reportLine(path: string | undefined): string[] {
  return path === undefined ? [] : [`report: ${printable(path)}`]
}

/** The verdict, the reasons for it, and what to know before trusting the figures. */
export function opening(view: ReportView, { styles = plain, columns, isFull = false }: SummaryOptions): string[][] {
  const { result } = view
  const most = widthIn(columns)
  return [
    [styles.bold(styles[colours[result.verdict]](shorten(view.title, most))), ...endingLines(view, styles, most)],
    worseLines(view, styles, { most, shown: isFull ? Number.POSITIVE_INFINITY : shownWorse }),
    ...view.caveats.map(({ severity, title, places }) => [
      ...wrap(title, '', most).map(severity === 'bad' ? styles.red : styles.yellow),
      ...places.flatMap((place) => wrap(place, '  ', most)),
    ]),
  ]
}

/** What ended a run early, and why its verdict is what it is: of an interruption a single line. */
function endingLines({ partial, result }: ReportView, styles: SummaryStyles, most: number): string[] {
  const [reason, ...others] = result.reasons
  if (partial !== null && result.endedBy === 'interrupted' && reason !== undefined && others.length === 0)
    return wrap(`partial: ${reason}`, '', most).map(styles.yellow)
  return [
    ...(partial === null ? [] : [styles.yellow(partial)]),
    ...result.reasons.flatMap((one) => wrap(one, '  ', most)),
  ]
}

/** How many are said in a screenful; the report has them all. */
const shownWorse = 5

function worseLines(
  { armNames, worse }: ReportView,
  styles: SummaryStyles,
  { most, shown }: { most: number; shown: number },
): string[] {
  if (worse.length === 0) return []
  const more = worse.length - shown
  return [
    ...wrap(`Worse than ${armNames[0]}`, '', most).map(styles.yellow),
    ...worse.slice(0, shown).flatMap((one) => hanging(worsenedText(one), most)),
    ...(more > 0 ? [`  and ${plural(more, 'more figure')}, in the report`] : []),
  ]
}

/** What the components' pages showed; where, when and by which rule is in the report. */
function symptoms({ result }: ReportView, styles: SummaryStyles, most: number): string[] {
  const lines = symptomLines(result.arms)
  if (lines.length === 0) return []
  return [styles.yellow('Symptoms'), ...lines.flatMap((line) => hanging(line, most))]
}

/** What people came for, with what it rests on. */
function headlines({ headlines: all, basis }: ReportView, styles: SummaryStyles, most: number): string[] {
  if (all.length === 0) return []
  const lines = all.flatMap((headline) => {
    const [first = '', ...others] = wrap(headlineText(headline), '  ', most)
    return [styles.bold(first.trimStart()), ...others]
  })
  return [...lines, ...wrap(basisText(basis), '', most)]
}

/** Wrapped text whose further lines are indented by more than its first. */
export function hanging(text: string, most = width): string[] {
  return wrap(text, '    ', most).map((line, index) => (index === 0 ? line.slice(2) : line))
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

interface Drawn {
  evidence: Result['evidence']
  styles: SummaryStyles
  layout: Layout
}

/** The most important figures of a step, medians over the repetitions. */
function comparison({ title, figures }: StepReport, names: string[], { evidence, styles, layout }: Drawn): string[] {
  const ratio = names.length === 1 ? '' : 'ratio'
  const head = `${title} (${evidence})`
  const heads =
    head.length <= layout.label
      ? [line(head, names, ratio, layout)]
      : layout.width === width
        ? [line(`${shorten(title, layout.label - evidence.length - 3)} (${evidence})`, names, ratio, layout)]
        : [shorten(head, layout.width), line('', names, ratio, layout)]
  return [
    ...fullNames(names, layout),
    ...heads.map(styles.bold),
    ...shownRows(figures, 'headline').flatMap((row) => rowLines(row, names, layout)),
    ...nothingShownIn([figures], names, 'headline').flatMap((text) => hanging(text, layout.width)),
  ]
}

/** Names that the head of a table cuts off, which may be where they differ. */
function fullNames(names: string[], layout: Layout): string[] {
  return names.some((name) => name.length > layout.figure) ? wrap(names.join(' against '), '', layout.width) : []
}

function rowLines(row: Row, names: string[], layout: Layout): string[] {
  if (row.kind === 'text') {
    const pair = row.cells.filter(({ arm }) => names.includes(arm))
    return [
      line(
        `  ${row.label}`,
        pair.map(({ text }) => text),
        '',
        layout,
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
  const fits = inOne.length < layout.ratio
  return [
    line(`  ${label}`, figures, fits ? inOne : figure, layout),
    ...(fits ? [] : [interval.padStart(layout.width)]),
    ...documentLine(pair, layout),
  ]
}

function ownMemory({ orchestrator }: Result): string[] {
  return orchestrator === null ? [] : [`orchestrator: at most ${formatBytes(orchestrator.peakMemoryBytes)} of memory`]
}

/** The document's figures below those they stand beside, if it has any. */
function documentLine(cells: ComparisonCell[], layout: Layout): string[] {
  if (cells.every(({ reference }) => reference === null)) return []
  const times = cells.map(({ reference }) => orNone(reference, ({ valueMs }) => formatDuration(valueMs)))
  const ratio = cells[1]?.reference?.ratio
  return [line('    document', times, typeof ratio === 'number' ? formatSpeedup(ratio) : '', layout)]
}

function line(label: string, times: string[], ratio: string, layout: Layout): string {
  const columns = [
    ...times.map((time) => shorten(time, layout.figure).padStart(layout.figure + 1)),
    shorten(ratio, layout.ratio).padStart(layout.ratio),
  ]
  return `${shorten(label, layout.label).padEnd(layout.label)}${columns.join('')}`
}

/** Columns of `inconclusive` and of a figure. */
const verdictWidth = 13

function thresholds(
  { thresholds: outcomes, partial }: Result,
  { styles, layout, isFull }: { styles: SummaryStyles; layout: Layout; isFull: boolean },
): string[] {
  const nameWidth = layout.width - 2 * verdictWidth
  const row = (verdict: Verdict, name: string, figure: string) =>
    `${styles[colours[verdict]](verdict.padEnd(verdictWidth))}${shorten(name, nameWidth).padEnd(nameWidth)}${figure.padStart(verdictWidth)}`
  const lines = thresholdLines(outcomes)
  // Of a run that was stopped early, most have nothing to judge.
  const isEmpty = (one: ThresholdLine) => partial && !('met' in one) && one.outcome.actual === null
  const empty = isFull ? 0 : lines.filter(isEmpty).length
  const shown = isFull ? lines : lines.filter((one) => verdictOf(one) !== 'pass' && !isEmpty(one))
  const met = outcomes.some(({ verdict }) => verdict === 'pass')
  const rows = shown.flatMap((one) => {
    if ('met' in one) {
      const { group, count, furthest = '' } = one.met
      return [row('pass', `${group}: ${count}`, furthest)]
    }
    const { name, verdict } = one.outcome
    const margin = marginText(one.outcome)
    const remarks = verdict === 'pass' ? [] : [...(margin === '' ? [] : [margin]), ...remarksOn(one.outcome)]
    const indent = ' '.repeat(verdictWidth)
    const [first = '', ...others] = wrap(name, '', nameWidth)
    return [
      row(verdict, first, formatActual(one.outcome) ?? 'no figure'),
      ...others.map((text) => `${indent}${text}`),
      ...remarks.flatMap((text) => wrap(text, indent, layout.width)),
    ]
  })
  return [
    ...rows,
    ...(empty > 0 ? [row('inconclusive', `${plural(empty, 'threshold')} with nothing to judge`, '')] : []),
    ...(!isFull && met ? [row('pass', metText(outcomes), '')] : []),
  ]
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
