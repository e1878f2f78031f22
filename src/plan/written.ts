import type { Node, YAMLMap, YAMLSeq } from 'yaml'
import { isAlias, isMap, isNode, isScalar } from 'yaml'
import { formatCount } from '../base/count.ts'
import { excerpt } from '../base/excerpt.ts'
import { parseYaml } from '../base/yaml.ts'
import { yamlErrorInWords } from '../base/yaml-errors.ts'

/** The way to a value in a plan: keys and positions in lists. */
export type PlanPath = readonly (string | number)[]

/** A text in which values of a plan are written. */
export interface Source {
  /** A fragment is included by a plan, or by another fragment, and need not be complete. A plan names profiles. */
  kind: 'plan' | 'fragment' | 'override' | 'profile'
  /** A file's path, or `--set fleet.nodes=two`. */
  name: string
  text: string
  /** Orders mistakes: the plan itself, what it includes, overrides, profiles. */
  position: number
  /** Whether lines of it may be shown: what is no part of a plan may be anything, a file of passwords for example. */
  isQuotable: boolean
}

export interface Place {
  source: Source
  /** Characters before it in the source's text; undefined for the text as a whole. */
  offset: number | undefined
}

/** A mistake and where it was made. */
export interface PlacedProblem {
  place: Place
  message: string
}

/** A value that knows where it was written, as does everything in it. */
export type Written = { at: Place } & (
  | { kind: 'map'; entries: ReadonlyMap<string, Entry> }
  | { kind: 'list'; items: readonly Written[] }
  | { kind: 'scalar'; value: unknown }
)

/** A value of a map, and where its key was written. */
export interface Entry {
  key: Place
  value: Written
}

/**
 * What a plan may hold, where those that ship with the product have at most 100 values: a few lines of YAML with aliases can
 * otherwise stand for more than fits into memory.
 */
const mostValues = 10_000
/** How many lists and maps may lie within each other. */
export const deepest = 50

/** Tags that say what YAML sees without them. */
const plainTags = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((tag) => `tag:yaml.org,2002:${tag}`),
)

/** What was read. */
export interface ReadYaml {
  root: Written
  problems: PlacedProblem[]
  /** Something is missing that was meant to be there; a key that is written twice does not count, the last one holds. */
  broken: boolean
}

/** Reads YAML from `start` in a source's text. Of mistakes that make the rest unreadable, only the first is reported: others follow from it. */
export function readYaml(source: Source, start = 0): ReadYaml {
  const text = source.text.slice(start)
  const placeAt = (offset: number): Place => ({ source, offset: start + offset })
  const unreadable = (at: Place, message: string): ReadYaml => ({
    root: { kind: 'scalar', at: placeAt(0), value: null },
    problems: [{ place: at, message }],
    broken: true,
  })
  // To YAML a carriage return alone ends a line, to the library it does not.
  const carriageReturn = text.search(/\r(?!\n)/)
  if (carriageReturn !== -1)
    return unreadable(placeAt(carriageReturn), 'a lone carriage return; lines must end with a line feed')
  const read = parseYaml(text)
  if ('reason' in read) return unreadable(placeAt(read.offset), read.reason)
  const { document, lines } = read

  const problems: PlacedProblem[] = []
  let broken = false
  let values = 0
  const anchored = new Map<string, Node>()
  const open = new Set<Node>()
  const fail = (at: Place, message: string): Written => {
    if (!broken) problems.push({ place: at, message })
    broken = true
    return { kind: 'scalar', at, value: null }
  }
  /** What an alias stands for counts as written where the alias is. */
  const written = (node: Node | null, parent: Place, alias?: Place): Written => {
    const at = alias ?? (node?.range ? placeAt(node.range[0]) : parent)
    if (node === null || broken) return { kind: 'scalar', at, value: null }
    if (++values > mostValues) return fail(at, `more than ${formatCount(mostValues)} values, those of aliases included`)
    if (open.size >= deepest) return fail(at, `nested more than ${deepest} deep`)
    if (isAlias(node)) {
      const name = excerpt(node.source)
      const target = anchored.get(node.source)
      if (target === undefined) return fail(at, `*${name}: nothing above is marked &${name}`)
      return open.has(target) ? fail(at, `*${name} refers to something that contains it`) : written(target, at, at)
    }
    if (node.tag !== undefined && !plainTags.has(node.tag))
      return fail(at, yamlErrorInWords({ code: 'TAG_RESOLVE_FAILED', message: '' }))
    if ('anchor' in node && node.anchor !== undefined) anchored.set(node.anchor, node)
    if (isScalar(node)) return { kind: 'scalar', at, value: node.value }
    open.add(node)
    const collection = isMap(node) ? map(node, at, alias) : list(node as YAMLSeq, at, alias)
    open.delete(node)
    return collection
  }
  const list = ({ items }: YAMLSeq, at: Place, alias: Place | undefined): Written => ({
    kind: 'list',
    at,
    items: items.map((item) => written(nodeOf(item), at, alias)),
  })
  const map = ({ items }: YAMLMap, at: Place, alias: Place | undefined): Written => {
    const entries = new Map<string, Entry>()
    const keyLines = new Map<string, number>()
    for (const { key: keyNode, value } of items) {
      const place = alias ?? (isNode(keyNode) && keyNode.range ? placeAt(keyNode.range[0]) : at)
      const key = keyOf(keyNode)
      if (key === undefined) {
        fail(place, 'a key has to be plain text')
        continue
      }
      if (key === '<<') fail(place, 'merge keys (<<) are not supported; use include')
      const before = keyLines.get(key)
      if (before !== undefined) {
        if (!broken) problems.push({ place, message: `${excerpt(key)}: written twice, first in line ${before}` })
      } else if (isNode(keyNode) && keyNode.range) keyLines.set(key, lines.linePos(keyNode.range[0]).line)
      entries.set(key, { key: place, value: written(nodeOf(value), place, alias) })
    }
    return { kind: 'map', at, entries }
  }
  const root = written(nodeOf(document.contents), placeAt(0))
  return { root, problems, broken }
}

function nodeOf(value: unknown): Node | null {
  return isNode(value) ? value : null
}

function keyOf(node: unknown): string | undefined {
  if (!isScalar(node)) return undefined
  return typeof node.value === 'object' ? undefined : String(node.value)
}

/** The value alone. */
export function plainOf(written: Written): unknown {
  if (written.kind === 'scalar') return written.value
  if (written.kind === 'list') return written.items.map(plainOf)
  return Object.fromEntries([...written.entries].map(([key, { value }]) => [key, plainOf(value)]))
}

/**
 * Where the value at `path` was written; with `key`, where this key of that map was. What is missing is missing from its
 * nearest parent, but not from a map in a fragment: that is for the plan to complete.
 */
export function placeOf(root: Written, path: PlanPath, key?: string): Place {
  let node = root
  let nearest = root.at
  let isInList = false
  for (const step of path) {
    const next = childOf(node, step)
    if (next === undefined) return nearest
    node = next
    isInList ||= typeof step === 'number'
    if (isInList || node.at.source.kind !== 'fragment') nearest = node.at
  }
  if (key === undefined) return node.at
  return (node.kind === 'map' ? node.entries.get(key)?.key : undefined) ?? node.at
}

/** What a map or a list holds under this key or at this position. */
export function childOf(parent: Written, step: string | number): Written | undefined {
  if (typeof step === 'number') return parent.kind === 'list' ? parent.items[step] : undefined
  return parent.kind === 'map' ? parent.entries.get(step)?.value : undefined
}

/** Whether nothing is written there. */
export function isEmpty(written: Written): boolean {
  return written.kind === 'scalar' && written.value === null
}

/** A place as people find it: line and column count from 1. */
export function lineAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 }
}
