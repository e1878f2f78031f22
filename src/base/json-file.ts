import { z } from 'zod'
import { formatCount } from './count.ts'
import { Failure } from './errors.ts'
import { shownPath } from './file-failures.ts'
import { readTextFile } from './files.ts'
import { schemaProblems, sentenceOf } from './schema-problems.ts'

/** What a file was to be. */
export interface Wanted {
  /** `a result`. */
  what: string
  /** How to come by one. */
  next: string
  /** Brings what older versions wrote to the form of today; leaves anything else as it is. */
  upgrade?: (value: unknown) => unknown
}

const mostShown = 5

/**
 * Reads what scale-test wrote: JSON of an object with the number of its `schema`. Its fields keep their order, so that what is written
 * again is the same. Throws `Failure('bad-input')` for anything else, and
 * shows nothing of what some other program wrote.
 */
export function readJsonFile<Schema extends z.ZodObject<{ schema: z.ZodLiteral<number> }>>(
  path: string,
  schema: Schema,
  { what, next, upgrade = (value) => value }: Wanted,
): z.infer<Schema> {
  const refusal = (reason: string, advice = next) =>
    new Failure('bad-input', `${shownPath(path)} ${reason}`, { next: advice })
  const value = upgrade(parsed(readTextFile(path), refusal))
  const version = z.object({ schema: z.int() }).safeParse(value).data?.schema
  if (version === undefined) throw refusal(`is not ${what}: it has no schema number`)
  const known = schema.shape.schema.value
  if (version !== known)
    throw refusal(
      `has schema ${version}: it was written by ${version > known ? 'a newer' : 'an older'} scale-test`,
      'Use the scale-test that wrote it',
    )
  const checked = schema.safeParse(value, { reportInput: true })
  if (checked.success) return inOrderOf(value, checked.data)
  const problems = schemaProblems(schema, checked.error, what)
  const more = problems.length - mostShown
  const lines = [
    ...problems.slice(0, mostShown).map(sentenceOf),
    ...(more > 0 ? [`and ${formatCount(more)} more`] : []),
  ]
  throw refusal(`is not ${what}:\n${lines.map((line) => `  ${line}`).join('\n')}`)
}

function parsed(text: string, refusal: (reason: string) => Failure): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // The message of the library quotes what it does not understand.
    const [, line, column] = /\(line (\d+) column (\d+)\)/.exec(String(error)) ?? []
    throw refusal(`is not JSON${line === undefined ? '' : ` (line ${line}, column ${column})`}`)
  }
}

/** A value whose fields are in the order in which another one has them; those that only it has come last. */
function inOrderOf<T>(written: unknown, value: T): T {
  if (Array.isArray(written) && Array.isArray(value))
    return value.map((item, index) => inOrderOf(written[index], item)) as T
  if (!isObject(written) || !isObject(value)) return value
  const order = [...Object.keys(written).filter((key) => Object.hasOwn(value, key)), ...Object.keys(value)]
  return Object.fromEntries(order.map((key) => [key, inOrderOf(written[key], value[key])])) as T
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
