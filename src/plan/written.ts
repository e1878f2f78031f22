import { isAlias, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml'

/** The way to a value in a plan: keys and positions in lists. */
export type PlanPath = readonly (string | number)[]

/** A text in which values of a plan are written. */
export interface Source {
  /** A fragment is included by a plan, or by another fragment, and need not be complete. */
  kind: 'plan' | 'fragment' | 'override'
  /** A file's path, or `--set fleet.nodes=two`. */
  name: string
  text: string
  /** Orders mistakes: the plan itself, what it includes, overrides. */
  position: number
}

export interface Place {
  source: Source
  /** Characters before it in the source's text. */
  offset: number
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

/** So many values may come in by aliases: a few lines of YAML can otherwise stand for more than fits into memory. */
const mostAliased = 1000

/**
 * Reads YAML from `start` in a source's text. `broken` says that the value lacks something that was meant to be there;
 * a key that is written twice does not count, the last one holds.
 */
export function readYaml(source: Source, start = 0): { root: Written; problems: PlacedProblem[]; broken: boolean } {
  const document = parseDocument(source.text.slice(start), { prettyErrors: false, uniqueKeys: true })
  const placeAt = (offset: number): Place => ({ source, offset: start + offset })
  const problems = document.errors.map(({ pos, message }) => ({ place: placeAt(pos[0]), message }))
  const empty: Written = { kind: 'scalar', at: placeAt(0), value: null }
  if (document.errors.some(({ code }) => code !== 'DUPLICATE_KEY')) return { root: empty, problems, broken: true }

  let broken = false
  let aliased = 0
  const fail = (place: Place, message: string): Written => {
    if (!broken) problems.push({ place, message })
    broken = true
    return { kind: 'scalar', at: place, value: null }
  }
  const placeOf = (node: unknown, otherwise: Place) => (isNode(node) && node.range ? placeAt(node.range[0]) : otherwise)
  /** What an alias stands for counts as written where the alias is. */
  const written = (node: unknown, parent: Place, alias?: Place): Written => {
    const at = alias ?? placeOf(node, parent)
    if (alias !== undefined && ++aliased > mostAliased)
      return fail(at, `aliases stand for more than ${mostAliased} values`)
    if (isAlias(node)) {
      const target = node.resolve(document)
      if (target === undefined) return fail(at, `*${node.source}: nothing before it is marked &${node.source}`)
      return written(target, at, at)
    }
    if (isSeq(node)) return { kind: 'list', at, items: node.items.map((item) => written(item, at, alias)) }
    if (!isMap(node)) return { kind: 'scalar', at, value: isScalar(node) ? node.value : null }
    const entries = node.items.map(({ key, value }): [string, Entry] => {
      const place = alias ?? placeOf(key, at)
      return [String(isScalar(key) ? key.value : key), { key: place, value: written(value, place, alias) }]
    })
    return { kind: 'map', at, entries: new Map(entries) }
  }
  const root = written(document.contents, placeAt(0))
  return { root, problems, broken }
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

/** A place as people find it: line and column count from 1. */
export function lineAt({ source, offset }: Place): { line: number; column: number; text: string } {
  const before = source.text.slice(0, offset).split('\n')
  const line = before.length
  return { line, column: (before.at(-1) ?? '').length + 1, text: source.text.split(/\r?\n/)[line - 1] ?? '' }
}
