import { printable } from '../base/printable.ts'
import type { ThresholdOutcome } from '../result/result.ts'
import { formatActual } from './format.ts'
import type { ReportView } from './view.ts'

/*
 * What GitHub Actions shows of a run: annotations, which are commands among what a step prints (toolkit, packages/core/src/command.ts says how
 * they are escaped), and the summary of the step, which is Markdown.
 */

/** An error that GitHub shows, at a line of a file where one is known. */
export interface Annotation {
  title: string
  message: string
  file?: string | undefined
  line?: number | undefined
}

/** An annotation for each missed threshold, and one for a run without a verdict. */
export function annotationsOf({ result, title }: ReportView): Annotation[] {
  const missed = result.thresholds.filter(({ verdict }) => verdict === 'fail')
  const open = result.verdict === 'inconclusive' ? [{ title, message: result.reasons.join('\n') }] : []
  return [...missed.map(annotationOf), ...open]
}

function annotationOf(threshold: ThresholdOutcome): Annotation {
  const { name, id, place, reason } = threshold
  const actual = formatActual(threshold)
  const found = [actual === undefined ? [] : `actual ${actual}`, reason ?? []].flat()
  return { title: `missed: ${id ?? name}`, message: [name, ...found].join(': '), ...place }
}

/** The command by which a step annotates. */
export function renderAnnotation({ title, message, file, line }: Annotation): string {
  const properties = Object.entries({ file, line, title })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`)
  return `::error ${properties.join(',')}::${escapeData(message)}`
}

function escapeData(text: string): string {
  return printable(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

/** A larger summary of a step is refused as a whole. */
export const largestSummaryBytes = 2 ** 20

const cut = '\n\n**Truncated: GitHub allows 1 MiB of summary per step. The full report is in `report.md`.**\n'

/** The Markdown as far as it fits into so many bytes: whole lines, and a note where some are missing; nothing where there is no room for that. */
export function fitted(markdown: string, roomBytes: number): string {
  if (Buffer.byteLength(markdown) <= roomBytes) return markdown
  const room = roomBytes - Buffer.byteLength(cut)
  if (room < 0) return ''
  // What is left of a character that was cut in two stands behind the last end of a line, and goes with it.
  const start = Buffer.from(markdown).subarray(0, room).toString()
  return `${start.slice(0, Math.max(0, start.lastIndexOf('\n')))}${cut}`
}
