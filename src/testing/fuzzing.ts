import fc from 'fast-check'
import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** How many times the usual number of runs; `FUZZ=20 vitest run ...` sets it. */
    fuzzFactor: number
  }
}

/** The same inputs each time, and more of them where somebody asks for that. */
export function fuzzed(runs: number): { seed: number; numRuns: number } {
  return { seed: 19, numRuns: runs * inject('fuzzFactor') }
}

/** What takes the place of a value: of another type, too large, too small, or dangerous to whoever uses it as a key or shows it. */
const strange = fc.constantFrom<readonly unknown[]>(
  ...[null, true, false, 0, -1, 0.5, 2 ** 53, 1e308, -1e308, 5e-324].map((value) => [value]),
  ...[
    '',
    ' ',
    'x',
    'NaN',
    '-1',
    '__proto__',
    'constructor',
    'toString',
    '\ud800',
    '\0',
    '\u001b[2J',
    '\ufeff',
    '<&">',
  ].map((value) => [value]),
  ...[[], {}, [null], [[]], [{}], { a: 1 }, 'x'.repeat(2 ** 16)].map((value) => [value]),
)
const names = fc.constantFrom('__proto__', 'constructor', 'toString', '', 'name', 'x', '0', '\ud800', 'a b')

type Container = unknown[] | Record<string, unknown>
interface Slot {
  container: Container
  key: string
}

function slotsOf(value: unknown, slots: Slot[] = []): Slot[] {
  if (typeof value !== 'object' || value === null) return slots
  for (const [key, inner] of Object.entries(value)) {
    slots.push({ container: value as Container, key })
    slotsOf(inner, slots)
  }
  return slots
}

function put(container: Container, key: string, value: unknown): void {
  Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true })
}

/** One value, key or item of a whole is left out, doubled, renamed, replaced by a strange one or by one from elsewhere in it. */
const edit = fc.oneof(
  fc.record({ at: fc.nat(), kind: fc.constantFrom('drop' as const, 'double' as const, 'empty' as const) }),
  fc.record({ at: fc.nat(), kind: fc.constant('rename' as const), name: names }),
  fc.record({ at: fc.nat(), kind: fc.constant('replace' as const), by: strange }),
  fc.record({ at: fc.nat(), kind: fc.constant('move' as const), from: fc.nat() }),
)
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never

function edited(whole: unknown, change: Edit): void {
  const slots = slotsOf(whole)
  const slot = slots[change.at % slots.length]
  if (slot === undefined) return
  const { container, key } = slot
  const value = Reflect.get(container, key) as unknown
  switch (change.kind) {
    case 'drop':
      if (Array.isArray(container)) container.splice(Number(key), 1)
      else Reflect.deleteProperty(container, key)
      break
    case 'double':
      if (Array.isArray(container)) container.splice(Number(key), 0, structuredClone(value))
      else put(container, `${key}2`, structuredClone(value))
      break
    case 'empty':
      put(
        container,
        key,
        Array.isArray(value) ? [] : typeof value === 'object' ? {} : typeof value === 'number' ? -value : '',
      )
      break
    case 'rename':
      if (Array.isArray(container)) break
      Reflect.deleteProperty(container, key)
      put(container, change.name, value)
      break
    case 'replace':
      put(container, key, structuredClone(change.by[0]))
      break
    case 'move': {
      const other = slots[change.from % slots.length]
      if (other !== undefined) put(container, key, structuredClone(Reflect.get(other.container, other.key)))
      break
    }
  }
}

/** A JSON value with up to three edits; shrinks to fewer of them. */
export function nearly(whole: unknown): fc.Arbitrary<unknown> {
  return fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) => {
    const copy = structuredClone(whole)
    for (const one of edits) edited(copy, one)
    return copy
  })
}

const piece = fc.constantFrom(
  ...[
    '\0',
    '\ufeff',
    '\r\n',
    '\r',
    '\n',
    '\t',
    ' ',
    '\ud800',
    '\u001b',
    '"',
    "'",
    '\\',
    '{',
    '}',
    '[',
    ']',
    ':',
    ': ',
    ',',
  ],
  ...[
    '- ',
    '? ',
    '#',
    '&a',
    '*a',
    '!t',
    '<<: *a',
    '---\n',
    '|\n',
    '%',
    '1e999',
    '-',
    '0',
    '.nan',
    'null',
    '__proto__: ',
    '~',
  ],
  'x'.repeat(5000),
)

/** A text that is cut off somewhere, or with pieces put in or in the place of others. */
export function nearlyText(whole: string): fc.Arbitrary<string> {
  const place = fc.nat(whole.length)
  const insertions = fc.array(fc.record({ at: place, cut: fc.nat(5), piece }), { minLength: 1, maxLength: 3 })
  return fc.oneof(
    place.map((at) => whole.slice(0, at)),
    insertions.map((all) =>
      all.reduce((text, one) => text.slice(0, one.at) + one.piece + text.slice(one.at + one.cut), whole),
    ),
  )
}
