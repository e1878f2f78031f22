import type { Document, Node, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml'
import type { YamlDocument } from '../../base/yaml.ts'
import { parseYaml } from '../../base/yaml.ts'

/** The way to a value: keys and positions in lists. */
export type FieldPath = readonly (string | number)[]

/** Line and column in a text, both from 1. */
export interface Place {
  line: number
  column: number
}

/** One document of YAML, or of JSON, that knows where its values are written. */
export interface PlacedValue {
  value: unknown
  /** Where the value at `path` is, or the nearest one around it; with `key`, where this key of that map is. */
  placeOf(path: FieldPath, key?: string): Place
}

/** So often an alias may stand for a value, and so many values may come in by them: a few lines can otherwise stand for more than fits into memory. */
const mostAliases = 1000
const mostAliased = 10_000

/** Reads one document; or why that cannot be done, and where. Never quotes the text, which may hold secrets. */
export function readYaml(text: string): PlacedValue | { reason: string; at: Place } {
  const read = parseYaml(text, { merge: true })
  const placeAt = (offset: number): Place => {
    const { line, col } = read.lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const odd = 'reason' in read ? read : oddityIn(read.document)
  if (odd !== undefined) return { reason: odd.reason, at: placeAt(odd.offset) }
  const { document } = read as YamlDocument
  return {
    value: document.toJS({ maxAliasCount: -1 }) as unknown,
    placeOf: (path, key) => placeAt(offsetOf(document, path, key)),
  }
}

/** What YAML allows and a kubeconfig has no use for. */
interface Oddity {
  reason: string
  offset: number
}

/** The first key that is a duplicate or not text, or alias that stands for nothing, for itself or for too much. */
function oddityIn(document: Document.Parsed): Oddity | undefined {
  /** What each anchor marks, and how many values that is: undefined while they are being counted. */
  const marked = new Map<string, { node: Node; values: number | undefined }>()
  let aliases = 0
  let aliased = 0
  let odd: Oddity | undefined
  const found = (node: Node | undefined, reason: string) => {
    odd ??= { reason, offset: node?.range?.[0] ?? 0 }
    return 0
  }
  const valuesIn = (node: unknown): number => {
    if (odd !== undefined || !isNode(node)) return 1
    if (isAlias(node)) {
      const target = marked.get(node.source)
      if (target === undefined) return found(node, 'an alias (*name) refers to nothing above')
      const { values } = target
      if (values === undefined) return found(node, 'an alias (*name) refers to something that contains it')
      aliased += values
      if (++aliases > mostAliases || aliased > mostAliased) return found(node, 'aliases (*name) stand for too much')
      return values
    }
    const { anchor } = node as Scalar | YAMLMap | YAMLSeq
    if (anchor !== undefined) marked.set(anchor, { node, values: undefined })
    let values = 1
    if (isSeq(node)) for (const item of node.items) values += valuesIn(item)
    if (isMap(node)) values += valuesInMap(node)
    if (anchor !== undefined) marked.set(anchor, { node, values })
    return values
  }
  const valuesInMap = (map: YAMLMap): number => {
    const seen = new Set<string>()
    let values = 0
    for (const { key, value } of map.items) {
      // What has no place is reported where its map begins.
      const place = isNode(key) ? key : map
      if (!isScalar(key)) return found(place, 'a key has to be plain text')
      if (seen.has(String(key.value))) return found(place, 'this key is written twice')
      seen.add(String(key.value))
      values += valuesIn(key) + valuesIn(value)
      if (isMerge(key) && !(isSeq(value) ? value.items : [value]).every(isMapOrAlias))
        return found(place, 'merge keys (<<) take a map, an alias of one, or a list of these')
    }
    return values
  }
  const isMapOrAlias = (node: unknown) => isMap(isAlias(node) ? marked.get(node.source)?.node : node)
  valuesIn(document.contents)
  return odd
}

/** The library makes a symbol of it, unless it is in quotes. */
function isMerge({ value }: Scalar): boolean {
  return typeof value === 'symbol'
}

function offsetOf(document: Document.Parsed, path: FieldPath, key: string | undefined): number {
  let node: Node | null | undefined = document.contents
  // An empty document has no place but its beginning.
  let offset = node?.range?.[0] ?? 0
  for (const step of path) {
    node = childOf(document, node, step)
    if (node === undefined) return offset
    offset = node.range?.[0] ?? offset
  }
  return (key === undefined ? undefined : keyOf(document, node, key)?.range?.[0]) ?? offset
}

function childOf(document: Document.Parsed, parent: Node | null | undefined, step: string | number): Node | undefined {
  const node = isAlias(parent) ? parent.resolve(document) : parent
  const child =
    isSeq(node) && typeof step === 'number' ? node.items[step] : isMap(node) ? node.get(step, true) : undefined
  return isNode(child) ? child : undefined
}

function keyOf(document: Document.Parsed, parent: Node | null | undefined, key: string): Node | undefined {
  const node = isAlias(parent) ? parent.resolve(document) : parent
  if (!isMap(node)) return undefined
  return node.items.map((pair) => pair.key).find((one): one is Node => isScalar(one) && String(one.value) === key)
}
