import { z } from 'zod'
import { plural } from './count.ts'
import { excerpt } from './excerpt.ts'
import { didYouMean, formatChoice, formatNames } from './names.ts'
import { shown } from './shown.ts'

/** Keys and positions in lists, from the root of a value. */
export type ValuePath = readonly (string | number)[]

/** What is wrong with a value, and where. */
export interface SchemaProblem {
  path: ValuePath
  message: string
  /** About this key of the map at `path`, rather than about its value. */
  key?: string
}

/** So many names are listed where one is wrong. */
const mostListed = 16

/**
 * What a value that does not fit its schema has wrong, in our words: the library's are for programmers. The value has to be parsed
 * with `reportInput`; `whole` is what it is, such as `a plan`.
 */
export function schemaProblems(schema: z.ZodType, error: z.ZodError, whole: string): SchemaProblem[] {
  const form = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return error.issues.flatMap((issue) => problemsOf(issue, { form, whole }))
}

/** The path of every field of a schema, but for those within lists: `fleet.node.memory`. */
export function fieldsOf(schema: z.ZodType): string[] {
  const below = (form: Form, path: string): string[] =>
    alternatives(form).flatMap(({ properties = {} }) =>
      Object.entries(properties).flatMap(([key, inner]) => {
        const field = path === '' ? key : `${path}.${key}`
        return [field, ...(typeof inner === 'object' ? below(inner, field) : [])]
      }),
    )
  return [...new Set(below(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), ''))]
}

/** A problem with the way to it: `arms[0].profile: expected ...`. */
export function sentenceOf({ path, key, message }: SchemaProblem): string {
  const where = pathText([...path, ...(key === undefined ? [] : [key])])
  return where === '' ? message : `${where}: ${message}`
}

/** `arms[0].profile`; keys of unknown origin are cut. */
export function pathText(path: ValuePath): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${excerpt(part, 40)}`))
    .join('')
}

/** What a schema lets in, as editors are told. */
export type Form = z.core.JSONSchema.JSONSchema

/** What a value should have been like. */
interface Expected {
  form: Form
  whole: string
}

function problemsOf(issue: z.core.$ZodIssue, expected: Expected, above: ValuePath = []): SchemaProblem[] {
  const path = [...above, ...issue.path.filter((part) => typeof part !== 'symbol')]
  const problem = (message: string): SchemaProblem[] => [{ path, message }]
  const found = `found ${shown(issue.input)}`
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path, key, message: `unknown field${fieldsInstead(expected, path, key)}` }))
    case 'invalid_type':
      return problem(
        issue.input === undefined
          ? `required: ${article(issue.expected)}`
          : `expected ${article(issue.expected)}, ${found}`,
      )
    case 'invalid_value': {
      const words = issue.values.map(String)
      const meant = typeof issue.input === 'string' && words.length > 1 ? didYouMean(issue.input, words) : ''
      const expected = ownMessage(issue) ?? `expected ${formatChoice(words, mostListed)}`
      return problem(`${expected}, ${found}${meant}`)
    }
    case 'too_small':
      return problem(tooSmall(issue))
    case 'too_big':
      return problem(tooBig(issue))
    case 'invalid_union':
      return unionProblems(issue, expected, path)
    case 'invalid_key':
      return issue.issues.flatMap((inner) => problem(inner.message))
    case 'invalid_format':
      return problem(`${issue.message}, ${found}`)
    case 'custom':
      return problem(issue.message)
    default:
      return problem(`not valid, ${found}`)
  }
}

/** Where one form of several is nearest to what was found, what is wrong with it; or else all forms. */
function unionProblems(issue: z.core.$ZodIssueInvalidUnion, expected: Expected, path: ValuePath): SchemaProblem[] {
  const tries = issue.errors.filter((issues) => issues.length > 0)
  const nearest = Math.min(...tries.map(distanceOf))
  const [only, ...others] = tries.filter((issues) => distanceOf(issues) === nearest)
  if (only !== undefined && others.length === 0 && nearest < farthest)
    return only.flatMap((inner) => problemsOf(inner, expected, path))
  const forms = formsAt(expected.form, path).map(formInWords)
  const message = ownMessage(issue) ?? `expected ${forms.join(' or ')}`
  return [{ path, message: `${message}, found ${shown(issue.input)}` }]
}

const farthest = 3

/** How far a value is from one form of a union: wrong inside only, with unknown fields as well, refused in the schema's words, another type. */
function distanceOf(issues: readonly z.core.$ZodIssue[]): number {
  const distances = issues.map(({ path, code }) => {
    if (path.length > 0) return 0
    return code === 'unrecognized_keys' ? 1 : code === 'custom' ? 2 : farthest
  })
  return Math.max(...distances)
}

/** What the schema itself says, such as `expected a knob`; undefined where it leaves that to the library. */
function ownMessage({ message }: z.core.$ZodIssue): string | undefined {
  return message.startsWith('Invalid ') ? undefined : message
}

function fieldsInstead({ form, whole }: Expected, path: ValuePath, key: string): string {
  const fields = [...new Set(formsAt(form, path).flatMap(({ properties = {} }) => Object.keys(properties)))]
  const meant = didYouMean(key, fields)
  if (meant !== '' || fields.length === 0) return meant
  return `; ${path.length === 0 ? whole : pathText(path)} has ${formatNames(fields, 24)}`
}

/** The schemas that a value may have at `path`. */
export function formsAt(form: Form, path: ValuePath): Form[] {
  return path.reduce<Form[]>(
    (forms, step) =>
      forms
        .flatMap(({ items, prefixItems, properties, additionalProperties }) =>
          typeof step === 'number' ? [prefixItems?.[step], items].flat() : [properties?.[step] ?? additionalProperties],
        )
        .flatMap((inner) => (typeof inner === 'object' ? alternatives(inner) : [])),
    alternatives(form),
  )
}

function alternatives(form: Form): Form[] {
  const inner = form.anyOf ?? form.oneOf
  return inner === undefined ? [form] : inner.flatMap((one) => (typeof one === 'object' ? alternatives(one) : []))
}

/** A description that comes with examples says what the value is; others say what it is for. */
function formInWords({ type, description, examples, properties, enum: words }: Form): string {
  if (words !== undefined) return formatChoice(words.map(String))
  if (description !== undefined && examples !== undefined) return description
  if (properties !== undefined) return `a map of ${formatNames(Object.keys(properties))}`
  return type === undefined ? 'something else' : [type].flat().map(article).join(' or ')
}

/** The library's limits may be bigints; nobody has that many items. */
function tooSmall({ origin, minimum, inclusive, input }: z.core.$ZodIssueTooSmall): string {
  if (origin === 'array') return `expected at least ${plural(Number(minimum), 'item')}`
  if (origin === 'string') return `expected text, found ${shown(input)}`
  return `expected ${inclusive === false ? 'more than' : 'at least'} ${minimum}, found ${shown(input)}`
}

function tooBig({ origin, maximum, inclusive, input }: z.core.$ZodIssueTooBig): string {
  if (origin === 'array') return `expected at most ${plural(Number(maximum), 'item')}`
  if (origin === 'string') return `expected at most ${plural(Number(maximum), 'character')}, found ${shown(input)}`
  return `expected ${inclusive === false ? 'less than' : 'at most'} ${maximum}, found ${shown(input)}`
}

function article(expected: string): string {
  const words: Record<string, string> = {
    int: 'a whole number',
    integer: 'a whole number',
    number: 'a number',
    string: 'text',
    boolean: 'true or false',
    null: 'null',
    array: 'a list',
    tuple: 'a list',
    object: 'a map',
    record: 'a map',
    nonoptional: 'a value',
  }
  return words[expected] ?? expected
}
