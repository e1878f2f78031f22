import type { Document, Node } from 'yaml'
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
import { yamlErrorInWords } from '../../base/yaml-errors.ts'

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

/** So many values may come in by aliases: a few lines can otherwise stand for more than fits into memory. */
const mostAliased = 1000

/** Reads one document; or why that cannot be done, and where. Never quotes the text, which may hold secrets. */
export function readYaml(text: string): PlacedValue | { reason: string; at: Place } {
  const lines = new LineCounter()
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      // The library compares each key with every other one.
      uniqueKeys: false,
      merge: true,
      // Its warnings would quote keys on standard error.
      logLevel: 'error',
    })
    const error = document.errors[0] ?? document.warnings[0]
    if (error !== undefined) return { reason: yamlErrorInWords(error), at: placeAt(error.pos[0]) }
    const odd = oddKeyIn(document)
    if (odd !== undefined) return { reason: odd.reason, at: placeAt(odd.offset) }
    return {
      value: document.toJS({ maxAliasCount: mostAliased }) as unknown,
      placeOf: (path, key) => placeAt(offsetOf(document, path, key)),
    }
  } catch {
    const reason = 'an alias refers to nothing, to itself or to too much, or the file is nested too deeply'
    return { reason, at: { line: 1, column: 1 } }
  }
}

/** The first key that is a duplicate, or not text. */
function oddKeyIn(document: Document.Parsed): { reason: string; offset: number } | undefined {
  let odd: { reason: string; offset: number } | undefined
  visit(document, {
    Map(_, { items, range }) {
      const seen = new Set<unknown>()
      for (const { key } of items) {
        // What has no place is reported at the beginning of the file.
        const offset = (isNode(key) ? key.range : range)?.[0] ?? 0
        if (!isScalar(key)) odd = { reason: 'a key has to be plain text', offset }
        else if (seen.has(String(key.value))) odd = { reason: 'this key is written twice', offset }
        else seen.add(String(key.value))
        if (odd !== undefined) return visit.BREAK
      }
      return undefined
    },
  })
  return odd
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
