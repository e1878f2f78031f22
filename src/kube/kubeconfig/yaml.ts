import type { Document, ErrorCode, Node } from 'yaml'
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'

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

/** The library's own words quote the text, which may be a secret. */
const reasons: Partial<Record<ErrorCode, string>> = {
  BAD_INDENT: 'the indentation does not fit',
  DUPLICATE_KEY: 'a key is there twice',
  MISSING_CHAR: 'a quote or a bracket is not closed, or a colon or comma is missing',
  MULTIPLE_DOCS: 'there are several documents; only one is read',
  TAB_AS_INDENT: 'a tab is used to indent',
  TAG_RESOLVE_FAILED: 'tags are not read',
}

/** Reads one document; the reason, and where, when that cannot be done. Never quotes the text. */
export function readYaml(text: string): PlacedValue | { reason: string; at: Place } {
  const lines = new LineCounter()
  const start = { line: 1, column: 1 }
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: true,
      merge: true,
      logLevel: 'error',
    })
    const placeAt = (offset: number): Place => {
      const { line, col } = lines.linePos(offset)
      return { line: Math.max(line, 1), column: Math.max(col, 1) }
    }
    const mistake = document.errors[0] ?? document.warnings[0]
    if (mistake !== undefined) return { reason: reasons[mistake.code] ?? 'it is not YAML', at: placeAt(mistake.pos[0]) }
    return {
      value: document.toJS({ maxAliasCount: mostAliased }) as unknown,
      placeOf: (path, key) => placeAt(offsetOf(document, path, key)),
    }
  } catch {
    return { reason: 'an alias has no anchor, there are too many of them, or it is nested too deeply', at: start }
  }
}

function offsetOf(document: Document.Parsed, path: FieldPath, key: string | undefined): number {
  let node: Node | null | undefined = document.contents
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
