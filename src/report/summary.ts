import { formatCount, plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { printable } from '../base/printable.ts'
import { formatBytes } from '../base/quantity.ts'
import type { FillOutcome, Result } from '../result/result.ts'
import { isMachineBound } from '../result/result.ts'
import type { FillRow, FillView } from './fill-view.ts'
import { configObjects } from './fill-view.ts'
import { formatActual, formatShare, formatSpeedup, none } from './format.ts'
import { sampleText } from './sample.ts'
import type { ComparisonCell, ReportView } from './view.ts'
import { viewOf } from './view.ts'
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
const colours = { pass: 'green', fail: 'red', inconclusive: 'yellow' } as const

/** Columns that a summary keeps within. */
export const width = 80
const labelWidth = 31
const columnWidth = 12
const ratioWidth = 15

/** The outcome in a screenful of at most 80 columns: verdict, stops beside the document's figures, thresholds. */
export function renderSummary(result: Result, { reportPath, styles = plain }: SummaryOptions): string {
  const view = viewOf(result)
  return joined([
    ...opening(view, result, styles),
    ...fills(view, result, styles),
    ...comparisons(view, result, styles),
    thresholds(result, styles),
    [...ownMemory(result), ...reportLine(reportPath)],
  ])
}

/** Where the report is. */
export function reportLine(path: string | undefined): string[] {
  return path === undefined ? [] : [`report: ${printable(path)}`]
}

/** The verdict, the reasons for it, and what to know before trusting the figures. */
export function opening(view: ReportView, result: Result, styles: SummaryStyles): string[][] {
  return [
    [
      styles.bold(styles[colours[result.verdict]](shorten(view.title, width))),
      ...(view.partial === null ? [] : [styles.yellow(view.partial)]),
      ...result.reasons.flatMap((reason) => wrap(reason, '  ')),
    ],
    worseLines(view, styles),
    ...view.caveats.map(({ severity, title, places }) => [
      ...wrap(title, '').map(severity === 'bad' ? styles.red : styles.yellow),
      ...places.flatMap((place) => wrap(place, '  ')),
    ]),
  ]
}

/** How many are said in a screenful; the report has them all. */
const shownWorse = 5

function worseLines({ profiles, worse }: ReportView, styles: SummaryStyles): string[] {
  if (worse.length === 0) return []
  const more = worse.length - shownWorse
  return [
    ...wrap(`Worse than ${profiles[0]}`, '').map(styles.yellow),
    ...worse.slice(0, shownWorse).flatMap((one) => hanging(worsenedText(one))),
    ...(more > 0 ? [`  and ${plural(more, 'more figure')}, in the report`] : []),
  ]
}

/** Wrapped text whose further lines are indented by more than its first. */
function hanging(text: string): string[] {
  return wrap(text, '    ').map((line, index) => (index === 0 ? line.slice(2) : line))
}

/** Blocks of lines with an empty line between them. */
export function joined(blocks: readonly (readonly string[])[]): string {
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => line.trimEnd()).join('\n'))
    .join('\n\n')
}

/** Two profiles at a time, the baseline and one other, so that any number of them stays within the width. */
function pairsOf({ profiles: [baseline = '', ...others] }: ReportView): string[][] {
  return others.length === 0 ? [[baseline]] : others.map((other) => [baseline, other])
}

function ratioTitle(pair: string[]): string {
  return pair.length === 1 ? '' : 'ratio'
}

/** How the cluster was filled: medians of what was timed, counts of the fill nearest to the median. */
function fills(view: ReportView, result: Result, styles: SummaryStyles): string[][] {
  const { fill } = view
  if (fill === null) return []
  return pairsOf(view).map((profiles) => [
    ...fullNames(profiles),
    styles.bold(line(`filling the cluster (${result.evidence})`, profiles, ratioTitle(profiles))),
    ...fill.rows.filter(({ label }) => timedOfFill.includes(label)).map((row) => timedLine(row, profiles)),
    ...countLines(fill, profiles),
    ...machineLines(fill, profiles),
  ])
}

/** Names that the head of a table cuts off, which may be where they differ. */
function fullNames(profiles: string[]): string[] {
  return profiles.some((profile) => profile.length > columnWidth) ? wrap(profiles.join(' against '), '') : []
}

const timedOfFill = ['filled', 'pod startup, p99']

function timedLine({ label, cells, format, bound }: FillRow, profiles: string[]): string {
  const pair = cells.filter(({ profile }) => profiles.includes(profile))
  const figures = pair.map(({ measured }) => sampleText(measured, format, bound).figure)
  return line(`  ${label}`, figures, ratioText(pair))
}

function countLines({ typical }: FillView, profiles: string[]): string[] {
  const fills = profiles.map((profile) => typical.find((run) => run.profile === profile)?.fill)
  const counted = (label: string, count: (fill: FillOutcome) => { found: number; expected: number }): string => {
    const texts = fills.map((fill) => (fill === undefined ? none : outOf(count(fill))))
    return line(`  ${label}`, texts, '')
  }
  return [
    counted('pods Ready', ({ pods }) => ({ found: pods.ready, expected: pods.expected })),
    counted('config objects', configObjects),
  ]
}

/** How busy the machine was at worst, where that was too busy to compare. */
function machineLines({ runs }: FillView, profiles: string[]): string[] {
  const worst = profiles.map((profile) => {
    const shares = runs.filter((run) => run.profile === profile).flatMap(({ fill }) => fill.machineBusy ?? [])
    return { machineBusy: shares.length === 0 ? null : Math.max(...shares) }
  })
  if (!worst.some(isMachineBound)) return []
  const texts = worst.map(({ machineBusy }) => {
    const share = machineBusy === null ? none : formatShare(machineBusy)
    return isMachineBound({ machineBusy }) ? `bound, ${share}` : share
  })
  return [line('  machine', texts, '')]
}

/** Without commas where both are said, so that 40000 of them fit a column. */
function outOf({ found, expected }: { found: number; expected: number }): string {
  return found === expected ? formatCount(found) : `${found}/${expected}`
}

function ratioText(pair: { ratio: number | null }[]): string {
  const ratio = pair[1]?.ratio
  return ratio === undefined ? '' : ratio === null ? none : formatSpeedup(ratio)
}

function ownMemory({ orchestrator }: Result): string[] {
  return orchestrator === null ? [] : [`orchestrator: at most ${formatBytes(orchestrator.peakMemoryBytes)} of memory`]
}

function comparisons(view: ReportView, result: Result, styles: SummaryStyles): string[][] {
  return pairsOf(view).flatMap((profiles) =>
    view.probes.map(({ title, rows }) => [
      ...fullNames(profiles),
      styles.bold(
        line(
          `${shorten(title, labelWidth - result.evidence.length - 3)} (${result.evidence})`,
          profiles,
          ratioTitle(profiles),
        ),
      ),
      ...rows.flatMap(({ label, cells }) => {
        const pair = cells.filter(({ profile }) => profiles.includes(profile))
        const times = pair.map(({ measured }) => sampleText(measured).figure)
        return [line(`  ${label}`, times, ratioText(pair)), ...documentLine(pair)]
      }),
    ]),
  )
}

/** The document's figures below those they stand beside, if it has any. */
function documentLine(cells: ComparisonCell[]): string[] {
  if (cells.every(({ reference }) => reference === null)) return []
  const times = cells.map(({ reference }) => (reference === null ? none : formatDuration(reference.valueMs)))
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
  return result.thresholds.flatMap((threshold) => {
    const { name, verdict, reason } = threshold
    const found = formatActual(threshold) ?? 'no figure'
    const shown = `${styles[colours[verdict]](verdict.padEnd(13))}${shorten(name, 54).padEnd(54)}${found.padStart(13)}`
    return [shown, ...(reason === undefined ? [] : wrap(reason, ' '.repeat(13)))]
  })
}

/** The text in lines that keep within the width, each with the indent. */
export function wrap(text: string, indent: string): string[] {
  const lines: string[] = []
  for (const word of printable(text).split(/\s+/).filter(Boolean)) {
    const current = lines.at(-1)
    if (current !== undefined && current.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${current} ${word}`
    else lines.push(`${indent}${shorten(word, width - indent.length)}`)
  }
  return lines
}

/** The text in at most so many columns. */
export function shorten(text: string, length: number): string {
  const clean = printable(text).replace(/\s/g, ' ').trimEnd()
  return clean.length <= length ? clean : `${clean.slice(0, length - 1)}…`
}
