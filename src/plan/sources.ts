import { dirname, join } from 'node:path'
import type { Document } from 'yaml'
import { isMap, isNode, isPair, LineCounter, parseDocument } from 'yaml'
import { messageOf } from '../base/errors.ts'

/** The way to a value in a plan: keys and positions in lists. */
export type PlanPath = readonly (string | number)[]

/** A place in what somebody wrote, for people to find. */
export interface Place {
  /** `plans/x.yaml:4:10`, or `--set fleet.nodes=two`. */
  where: string
  /** Orders mistakes: the order of the sources, then line, then column. */
  order: readonly [number, number, number]
  /** The line itself, with its number if it has one. */
  gutter: string
  line: string
  column: number
}

/** A mistake that was found before the plan could be looked at as a whole. */
export interface SourceProblem {
  place: Place
  message: string
}

/** A plan from several sources. */
export interface MergedPlan {
  value: unknown
  problems: SourceProblem[]
  /**
   * Where the value at `path` was written, or its nearest parent; with `key`, where this key of that map was. What was
   * overridden is never pointed at.
   */
  locate(path: PlanPath, key?: string): Place
}

export interface MergeOptions {
  /** Reads an included file; throws when that cannot be done. */
  read: (file: string) => string
  /** `path=value`, applied last, in order. */
  overrides: readonly string[]
}

interface Source {
  /** The order in which mistakes are told: the plan itself, what it includes, overrides. */
  position: number
  /** A file's path, or the override as it was given. */
  name: string
  text: string
  isFile: boolean
  document: Document
  lineCounter: LineCounter
  /** Where in the plan the document's root goes, and how many characters come before it in `text`. */
  at: PlanPath
  offset: number
}

/**
 * Merges a plan with the files it includes and with overrides. Included files come first, in order, then the file itself:
 * maps are merged key by key, everything else is replaced.
 */
export function mergeSources(text: string, file: string, { read, overrides }: MergeOptions): MergedPlan {
  /** The later, the more it counts. */
  const sources: Source[] = []
  const problems: SourceProblem[] = []
  let parsedSources = 0
  let value: unknown

  const parse = (source: Pick<Source, 'name' | 'text' | 'isFile' | 'at' | 'offset'>): Source => {
    const lineCounter = new LineCounter()
    const body = source.text.slice(source.offset)
    const document = parseDocument(body, { lineCounter, prettyErrors: false, uniqueKeys: true })
    const parsed = { ...source, position: parsedSources++, document, lineCounter }
    for (const { pos, message } of document.errors) problems.push({ place: placeAt(parsed, pos[0]), message })
    return parsed
  }

  const include = (name: string, contents: string, including: readonly string[]) => {
    // A byte order mark is no part of the first key.
    const source = parse({ name, text: contents.replace(/^\uFEFF/, ''), isFile: true, at: [], offset: 0 })
    if (source.document.errors.length > 0) return
    const own = plainValue(source, problems)
    if (!isPlainMap(own)) {
      sources.push(source)
      value = own
      return
    }
    const { include: included, ...rest } = own
    const files = Array.isArray(included) ? included : []
    if (included !== undefined && !Array.isArray(included)) {
      const place = placeOf(source, ['include']) ?? startOf(source)
      problems.push({ place, message: `include: expected a list of files, found ${JSON.stringify(included)}` })
    }
    for (const [index, item] of files.entries()) {
      const path = join(dirname(name), String(item))
      const place = placeOf(source, ['include', index]) ?? startOf(source)
      const problem = (message: string) => problems.push({ place, message: `include[${index}]: ${message}` })
      if (typeof item !== 'string') problem(`expected a file, found ${JSON.stringify(item)}`)
      else if ([...including, name].includes(path)) problem(`${path} includes itself, by way of ${name}`)
      else {
        const fragment = readFragment(read, path)
        if ('error' in fragment) problem(fragment.error)
        else include(path, fragment.text, [...including, name])
      }
    }
    sources.push(source)
    value = merged(value, rest)
  }

  include(file, text, [])
  for (const override of overrides) {
    const split = splitOverride(override)
    const name = `--set ${override}`
    const source = parse({ name, text: override, isFile: false, at: split?.path ?? [], offset: split?.offset ?? 0 })
    if (split === undefined) {
      const message = 'expected path=value, such as fleet.nodes=100 or arms[0].set[0].value=5'
      problems.push({ place: startOf(source), message })
    } else if (source.document.errors.length === 0) {
      const set = withValueAt(value, split.path, plainValue(source, problems))
      if ('error' in set) problems.push({ place: startOf(source), message: set.error })
      else value = set.value
      sources.push(source)
    }
  }
  return { value, problems, locate: (path, key) => locate(sources, path, key) }
}

function readFragment(read: (file: string) => string, file: string): { text: string } | { error: string } {
  try {
    return { text: read(file) }
  } catch (error) {
    return { error: `${file} cannot be read: ${messageOf(error)}` }
  }
}

function plainValue(source: Source, problems: SourceProblem[]): unknown {
  try {
    return source.document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    problems.push({ place: startOf(source), message: messageOf(error) })
    return undefined
  }
}

function isPlainMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function merged(below: unknown, above: unknown): unknown {
  if (!isPlainMap(below) || !isPlainMap(above)) return above
  const both = { ...below }
  for (const [key, value] of Object.entries(above)) both[key] = merged(below[key], value)
  return both
}

/** `arms[1].profile=tuned` -> its path and where its value begins; undefined when it has another form. */
function splitOverride(override: string): { path: PlanPath; offset: number } | undefined {
  const match = /^([A-Za-z]\w*(?:\.[A-Za-z]\w*|\[\d+\])*)=/.exec(override)
  if (match?.[1] === undefined) return undefined
  const parts = match[1].matchAll(/([A-Za-z]\w*)|\[(\d+)\]/g)
  return {
    path: [...parts].map(([, name, index]) => name ?? Number(index)),
    offset: match[0].length,
  }
}

/** `into` with another value at `path`; maps that are missing on the way are made, items of lists are not. */
function withValueAt(into: unknown, path: PlanPath, value: unknown): { value: unknown } | { error: string } {
  const [step, ...rest] = path
  if (step === undefined) return { value }
  if (typeof step === 'number') {
    if (!Array.isArray(into)) return { error: `[${step}]: there is no list` }
    if (step >= into.length) return { error: `[${step}]: the list has ${into.length} items, counted from 0` }
    const inner = withValueAt(into[step], rest, value)
    return 'error' in inner ? inner : { value: into.with(step, inner.value) }
  }
  if (into !== undefined && !isPlainMap(into)) return { error: `${step}: there is no map to set it in` }
  const inner = withValueAt(into?.[step], rest, value)
  return 'error' in inner
    ? { error: `${step}${inner.error.startsWith('[') ? '' : '.'}${inner.error}` }
    : { value: { ...into, [step]: inner.value } }
}

function locate(sources: readonly Source[], path: PlanPath, key: string | undefined): Place {
  const lastFirst = sources.toReversed()
  for (const source of lastFirst) {
    const place = placeOf(source, path, key)
    if (place !== undefined) return place
  }
  // What is missing is missing from a file: an override only adds.
  const files = lastFirst.filter(({ isFile }) => isFile)
  for (let depth = path.length; depth > 0; depth--) {
    for (const source of files) {
      const place = placeOf(source, path.slice(0, depth))
      if (place !== undefined) return place
    }
  }
  const [main] = files
  if (main === undefined) throw new Error('a plan has a file')
  return placeOf(main, []) ?? startOf(main)
}

/** Where exactly this is written in one source; undefined when it is not. */
function placeOf(source: Source, path: PlanPath, key?: string): Place | undefined {
  const { document, at } = source
  if (path.length < at.length || at.some((step, index) => path[index] !== step)) return undefined
  const inner = path.slice(at.length)
  const node = inner.length === 0 ? document.contents : document.getIn(inner, true)
  if (!isNode(node) || node.range === undefined || node.range === null) return undefined
  if (key === undefined) return placeAt(source, node.range[0])
  const pair = isMap(node) ? node.items.find((item) => isPair(item) && String(item.key) === key) : undefined
  return isPair(pair) && isNode(pair.key) && pair.key.range ? placeAt(source, pair.key.range[0]) : undefined
}

function startOf(source: Source): Place {
  return placeAt({ ...source, offset: 0 }, 0)
}

function placeAt({ position, name, text, isFile, lineCounter, offset }: Source, at: number): Place {
  if (!isFile)
    return { where: name, order: [position, 1, offset + at], gutter: '', line: text, column: offset + at + 1 }
  const { line, col } = lineCounter.linePos(at)
  return {
    where: `${name}:${line}:${col}`,
    order: [position, line, col],
    gutter: `${line} | `,
    line: text.split('\n')[line - 1] ?? '',
    column: col,
  }
}
