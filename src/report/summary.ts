import { formatDuration } from '../base/duration.ts'
import type { Result, Verdict } from '../result/result.ts'
import { formatActual, formatRatio, none, printable } from './format.ts'
import { type ComparisonCell, type ReportView, sampleText, viewOf } from './view.ts'

/** How the summary stands out on a terminal; every function gives back the text in other clothes, none of its width. */
export interface SummaryStyle {
  bold: (text: string) => string
  muted: (text: string) => string
  verdict: (text: string, verdict: Verdict) => string
}

const plain: SummaryStyle = { bold: (text) => text, muted: (text) => text, verdict: (text) => text }

const width = 80
const labelWidth = 31

/** The outcome in a screenful of at most 80 columns: verdict, stops beside the document's figures, thresholds. */
export function renderSummary(result: Result, reportPath: string, style: SummaryStyle = plain): string {
  const view = viewOf(result)
  const blocks = [
    [
      style.bold(style.verdict(fit(view.title, width), result.verdict)),
      ...(view.partial === null ? [] : [style.verdict(view.partial, 'inconclusive')]),
      ...result.reasons.flatMap((reason) => wrap(reason, '  ')),
    ],
    ...view.caveats.map(({ severity, title, places }) => [
      ...wrap(title, '').map((line) => style.verdict(line, severity === 'bad' ? 'fail' : 'inconclusive')),
      ...places.flatMap((place) => wrap(place, '  ')),
    ]),
    ...comparisons(view, result, style),
    thresholds(result, style),
    [`report: ${printable(reportPath)}`],
  ]
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => line.trimEnd()).join('\n'))
    .join('\n\n')}\n`
}

/** Two profiles at a time, the baseline and one other, so that any number of them stays within the width. */
function comparisons(view: ReportView, result: Result, style: SummaryStyle): string[][] {
  const [baseline = '', ...others] = view.profiles
  const pairs = others.length === 0 ? [[baseline]] : others.map((other) => [baseline, other])
  const ratioTitle = others.length === 0 ? '' : 'ratio'
  return pairs.flatMap((profiles) =>
    view.probes.map(({ title, rows }) => [
      style.bold(
        line(
          `${fit(title, labelWidth - result.evidence.length - 3)} (${result.evidence})`,
          profiles,
          ratioTitle,
          result.reference === null ? '' : 'document',
        ),
      ),
      ...rows.map(({ label, cells }) => {
        const pair = cells.filter(({ profile }) => profiles.includes(profile))
        const times = pair.map(({ measured }) => sampleText(measured).figure)
        const ratio = pair[1]?.ratio
        const ratioText = ratio === undefined ? '' : ratio === null ? none : formatRatio(ratio)
        return line(`  ${label}`, times, ratioText, result.reference === null ? '' : documentText(pair))
      }),
    ]),
  )
}

function documentText(cells: ComparisonCell[]): string {
  if (cells.every(({ reference }) => reference === null)) return none
  return cells.map(({ reference }) => (reference === null ? none : formatDuration(reference.valueMs))).join(' / ')
}

function line(label: string, times: string[], ratio: string, document: string): string {
  const columns = [
    ...times.map((time) => fit(time, 11).padStart(12)),
    ratio.padStart(7),
    fit(document, 17).padStart(18),
  ]
  return `${fit(label, labelWidth).padEnd(labelWidth)}${columns.join('')}`
}

function thresholds(result: Result, style: SummaryStyle): string[] {
  return result.thresholds.flatMap(({ name, verdict, actual, unit, reason }) => {
    const found = actual === null ? 'no sample' : formatActual(actual, unit)
    const shown = `${style.verdict(verdict.padEnd(13), verdict)}${fit(name, 54).padEnd(54)}${found.padStart(13)}`
    return [shown, ...(reason === undefined ? [] : wrap(reason, ' '.repeat(13)))]
  })
}

/** The text in lines that keep within the width, each with the indent. */
function wrap(text: string, indent: string): string[] {
  const lines: string[] = []
  for (const word of printable(text).split(/\s+/).filter(Boolean)) {
    const current = lines.at(-1)
    if (current !== undefined && current.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${current} ${word}`
    else lines.push(`${indent}${fit(word, width - indent.length)}`)
  }
  return lines
}

function fit(text: string, length: number): string {
  const clean = printable(text).replace(/\s/g, ' ').trimEnd()
  return clean.length <= length ? clean : `${clean.slice(0, length - 1)}…`
}
