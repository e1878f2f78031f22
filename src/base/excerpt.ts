import { hidden } from './known-secrets.ts'
import { printable } from './printable.ts'
import type { Range } from './secrets.ts'
import { secretRanges } from './secrets.ts'

/** Longer texts are cut before anybody looks for secrets in them: a command line can have megabytes. */
const mostLookedAt = 4096

/** A text of unknown origin as messages show it: in one line, cut, without control characters and secrets. */
export function excerpt(text: string, longest = 60): string {
  const start = text.slice(0, mostLookedAt)
  const line = inOneLine(withoutSecrets(start, { start: 0, end: start.length }, 0).line)
  return line.length <= longest && start.length === text.length ? line : `${line.slice(0, longest).toWellFormed()}…`
}

/** How much of a line is shown, and at least so much of it before the place. */
const widest = 76
const before = 40

/** The line of a text in which `offset` is, cut around it, without control characters and secrets; and a caret below the place. */
export function lineExcerpt(text: string, offset: number): { line: string; caret: string } {
  const from = text.lastIndexOf('\n', offset - 1) + 1
  const next = text.indexOf('\n', offset)
  const end = next === -1 ? text.length : next
  const { line, column } = withoutSecrets(text, { start: from, end: text[end - 1] === '\r' ? end - 1 : end }, offset)
  const start = line.length <= widest ? 0 : Math.max(0, Math.min(column - before, line.length - widest))
  const shown = line.slice(start, start + widest)
  const [head, tail] = [start > 0 ? '…' : '', start + widest < line.length ? '…' : '']
  const cut = printable(`${head}${shown}${tail}`)
  // Tabs stay tabs, so that the caret stands where it should however wide they are.
  return { line: cut, caret: `${cut.slice(0, head.length + column - start).replace(/[^\t]/g, ' ')}^` }
}

/** Part of a text with its secrets replaced, and which column `offset` has in what comes out. */
function withoutSecrets(text: string, part: Range, offset: number): { line: string; column: number } {
  let line = ''
  let column: number | undefined
  let at = part.start
  const upTo = (end: number) => {
    if (offset >= at && offset < end) column = line.length + offset - at
    line += text.slice(at, end)
    at = end
  }
  for (const { start, end } of secretRanges(text)) {
    if (end <= part.start || start >= part.end) continue
    upTo(Math.max(start, part.start))
    if (offset >= at && offset < end) column = line.length
    line += hidden
    at = Math.min(end, part.end)
  }
  upTo(part.end)
  return { line, column: column ?? line.length }
}

function inOneLine(text: string): string {
  return printable(text.replace(/[\t\n\r]+/g, ' '))
}
