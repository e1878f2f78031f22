import { parseFloat64 } from '../base/float.ts'
import type { MetricSample } from './metrics.ts'

/** Takes note of a line that cannot be read: of which metric, where its name can be told. */
export type NoteUnreadable = (metric: string | undefined) => void

/**
 * Samples of the Prometheus text format 0.0.4 (prometheus/common, expfmt/text_parse.go), and of OpenMetrics, as far as components write it:
 * all, or those of the metrics in `names`. Comments, timestamps and exemplars are dropped. A line that cannot be read is skipped, and
 * `noteUnreadable` told of it; lines of metrics that nobody asks for are not looked at beyond their name. Never throws.
 *
 * An apiserver's page has 17,000 samples, of which a run needs a tenth.
 */
export function parsePrometheusText(
  text: string,
  names?: ReadonlySet<string>,
  noteUnreadable: NoteUnreadable = () => {},
): MetricSample[] {
  const samples: MetricSample[] = []
  const copied = copier()
  for (let start = 0, next = 0; start < text.length; start = next) {
    const lineFeed = text.indexOf('\n', start)
    const end = lineFeed === -1 ? text.length : lineFeed
    next = end + 1
    const line: Line = { text, end: end > start && text[end - 1] === '\r' ? end - 1 : end }
    const at = skipBlanks(line, start)
    if (at === line.end || text[at] === '#') continue
    const name = nameAt(line, at)
    if (name === undefined) noteUnreadable(undefined)
    else if (names?.has(name.text) ?? true) {
      const sample = sampleAt(line, name, copied)
      if (sample === undefined) noteUnreadable(name.text)
      else samples.push(sample)
    }
  }
  return samples
}

/** Gives a text back without the page that it is from. */
type Copier = (text: string) => string

/** V8 copies what is shorter when it is cut out of a string (SlicedString::kMinLength); what is not keeps that string alive: a page of 3 MB. */
const shortestSlice = 13

/** Copies each text of a page once: the same names and values are in thousands of lines. */
function copier(): Copier {
  const copies = new Map<string, string>()
  return (text) => {
    if (text.length < shortestSlice) return text
    const known = copies.get(text)
    if (known !== undefined) return known
    const copy = Buffer.from(text).toString()
    copies.set(copy, copy)
    return copy
  }
}

/**
 * A line of a page, up to `end`. Every function below begins at a place in it and tells the place behind what it has read, which is never
 * before its beginning: none goes back, so reading a page ends.
 */
interface Line {
  text: string
  end: number
}

/** Something that was read, and the place behind it. */
interface Read {
  text: string
  next: number
}

const [metricName, labelName] = [/[a-zA-Z_:][a-zA-Z0-9_:]*/y, /[a-zA-Z_][a-zA-Z0-9_]*/y]

/** A metric's name, up to a blank, its labels or the end; undefined when there is none. */
function nameAt(line: Line, at: number): Read | undefined {
  const name = wordAt(line, at, metricName)
  if (name === undefined) return undefined
  const isWhole = name.next === line.end || isBlank(line, name.next) || line.text[name.next] === '{'
  return isWhole ? name : undefined
}

/** What follows a metric's name: labels, value, timestamp, exemplar. */
function sampleAt(line: Line, { text: name, next }: Read, copied: Copier): MetricSample | undefined {
  const start = skipBlanks(line, next)
  const set = line.text[start] === '{' ? labelsAt(line, start + 1, copied) : { labels: {}, next: start }
  if (set === undefined) return undefined
  const written = tokenAt(line, skipBlanks(line, set.next))
  const value = parseFloat64(written.text)
  if (value === undefined || !isTimestampAndExemplar(line, skipBlanks(line, written.next))) return undefined
  return { name: copied(name), labels: set.labels, value }
}

/** Labels and their closing brace; undefined when they are not as the format has them. */
function labelsAt(
  line: Line,
  from: number,
  copied: Copier,
): { labels: Record<string, string>; next: number } | undefined {
  const labels: Record<string, string> = {}
  for (let at = skipBlanks(line, from); ; ) {
    if (line.text[at] === '}') return { labels, next: at + 1 }
    const name = wordAt(line, at, labelName)
    // Names that begin with two underscores are reserved: `__name__`, and what is none to JavaScript, `__proto__`.
    if (name === undefined || name.text.startsWith('__') || Object.hasOwn(labels, name.text)) return undefined
    const equals = skipBlanks(line, name.next)
    if (line.text[equals] !== '=') return undefined
    const value = quotedAt(line, skipBlanks(line, equals + 1))
    if (value === undefined) return undefined
    labels[copied(name.text)] = copied(value.text)
    at = skipBlanks(line, value.next)
    if (line.text[at] === ',') at = skipBlanks(line, at + 1)
    else if (line.text[at] !== '}') return undefined
  }
}

const escaped: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', n: '\n' }

/** A label's value in quotes, without them and its escapes; undefined when it does not end, or has an escape that the format has not. */
function quotedAt(line: Line, from: number): Read | undefined {
  if (line.text[from] !== '"') return undefined
  let text = ''
  let start = from + 1
  for (let at = start; at < line.end; at++) {
    if (line.text[at] === '"') return { text: text + line.text.slice(start, at), next: at + 1 }
    if (line.text[at] !== '\\') continue
    const character = at + 1 < line.end ? escaped[line.text[at + 1] as string] : undefined
    if (character === undefined) return undefined
    text += line.text.slice(start, at) + character
    start = ++at + 1
  }
  return undefined
}

/** Whether nothing is left of a line but what a sample may have behind its value. */
function isTimestampAndExemplar(line: Line, at: number): boolean {
  if (at === line.end || line.text[at] === '#') return true
  const timestamp = tokenAt(line, at)
  const next = skipBlanks(line, timestamp.next)
  return parseFloat64(timestamp.text) !== undefined && (next === line.end || line.text[next] === '#')
}

/** What the pattern, a sticky one that matches no line feed, finds right here. */
function wordAt({ text }: Line, at: number, pattern: RegExp): Read | undefined {
  pattern.lastIndex = at
  const word = pattern.exec(text)?.[0]
  return word === undefined ? undefined : { text: word, next: at + word.length }
}

/** Everything up to the next blank. */
function tokenAt(line: Line, at: number): Read {
  let next = at
  while (next < line.end && !isBlank(line, next)) next++
  return { text: line.text.slice(at, next), next }
}

function skipBlanks(line: Line, from: number): number {
  let at = from
  while (at < line.end && isBlank(line, at)) at++
  return at
}

function isBlank({ text }: Line, at: number): boolean {
  return text[at] === ' ' || text[at] === '\t'
}
