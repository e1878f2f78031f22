import { z } from 'zod'
import type { ValuePath } from '../base/schema-problems.ts'
import { formsAt } from '../base/schema-problems.ts'
import { similarTo } from '../base/similar.ts'

/** A section with its own mistakes put right. */
export interface Mended<T> {
  section: T
  /** A number was put in: comparing it with others would tell nothing. */
  isGuess: boolean
}

/** An unknown field may hide that a required one is missing, and so on. */
const mostRounds = 10
/** Where probes begin and end: what they are follows from that. */
const telling: readonly unknown[] = ['from', 'to']

/**
 * A section as it would be without its own mistakes, so that these do not hide what it has wrong together with others: misspelt fields by
 * their right names, and any valid value for a duration, a size or a number that is none. Undefined where that would decide what is meant.
 */
export function mended<Schema extends z.ZodType>(schema: Schema, given: unknown): Mended<z.infer<Schema>> | undefined {
  const asGiven = schema.safeParse(given)
  if (asGiven.success) return { section: asGiven.data, isGuess: false }
  const value: unknown = structuredClone(given)
  const form = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  let isGuess = false
  const mend = ({ code, path, ...issue }: z.core.$ZodIssue): boolean => {
    const way = path.filter((part) => typeof part !== 'symbol')
    if (code === 'unrecognized_keys') return (issue as { keys: string[] }).keys.every((key) => rename(way, key))
    const field = way.at(-1)
    const parent = mapAt(value, way.slice(0, -1))
    const [only, ...others] = formsAt(form, way)
    if (field === undefined || parent === undefined || telling.includes(field) || others.length > 0) return false
    const standIn: unknown = (Array.isArray(only?.examples) ? only.examples[0] : undefined) ?? only?.minimum
    if (standIn === undefined) return false
    isGuess ||= typeof standIn === 'number'
    parent[field] = standIn
    return true
  }
  const rename = (way: ValuePath, key: string): boolean => {
    const map = mapAt(value, way)
    if (map === undefined) return false
    const fields = formsAt(form, way).flatMap(({ properties = {} }) => Object.keys(properties))
    const [meant, ...others] = similarTo(
      key,
      fields.filter((name) => map[name] === undefined),
    )
    if (meant !== undefined && others.length === 0) map[meant] = map[key]
    delete map[key]
    return true
  }

  for (let round = 0; round < mostRounds; round++) {
    const parsed = schema.safeParse(value)
    if (parsed.success) return { section: parsed.data, isGuess }
    if (!parsed.error.issues.every(mend)) return undefined
  }
  return undefined
}

/** An item of a list, and its position there. */
interface Positioned<T> {
  item: T
  index: number
}

/** The items of a list that are right, each by itself. `list` is the schema of the whole. */
export function rightItems<T>(list: z.ZodType<readonly T[]>, given: unknown): Positioned<T>[] {
  return eachOf(given, (one) => list.safeParse([one]).data)
}

/** The items of a list that are not, without their fields that are wrong. `list` is the schema of the whole. */
export function soundParts<T>(list: z.ZodType<readonly T[]>, given: unknown): Positioned<T>[] {
  return eachOf(given, (one) => soundPart(list, one))
}

function eachOf<T>(given: unknown, read: (one: unknown) => readonly T[] | undefined): Positioned<T>[] {
  if (!Array.isArray(given)) return []
  return given.flatMap((one, index) => (read(one) ?? []).map((item) => ({ item, index })))
}

function soundPart<T>(list: z.ZodType<readonly T[]>, item: unknown): readonly T[] | undefined {
  const { error } = list.safeParse([item])
  if (error === undefined || typeof item !== 'object' || item === null) return undefined
  const wrong = error.issues.flatMap(({ path: [, field], ...issue }) =>
    field === undefined ? ((issue as { keys?: string[] }).keys ?? []) : [String(field)],
  )
  const rest = Object.fromEntries(Object.entries(item).filter(([field]) => !wrong.includes(field)))
  return list.safeParse([rest]).data
}

/** What can be assigned to there; a list's positions are its fields. */
function mapAt(value: unknown, path: ValuePath): Record<string | number, unknown> | undefined {
  const found = path.reduce<unknown>(
    (map, step) => (typeof map === 'object' && map !== null ? (map as Record<string | number, unknown>)[step] : map),
    value,
  )
  return typeof found === 'object' && found !== null ? (found as Record<string | number, unknown>) : undefined
}
