import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Failure } from '../base/errors.ts'
import { checkSections } from './check.ts'
import type { Plan, PlannedClusters, Vocabulary } from './plan.ts'
import { planSections, shown } from './plan.ts'
import type { MergeOptions } from './sources.ts'
import { mergeSources } from './sources.ts'
import type { PlacedProblem, PlanPath } from './written.ts'
import { lineAt } from './written.ts'

/** Where in the plan a problem is, and what it is. */
export interface PlanProblem {
  path: PlanPath
  message: string
  /** Points at this key of the map at `path` rather than at its value. */
  key?: string
}

/** For a plan that stands alone. */
const alone: MergeOptions = {
  read: () => {
    throw new Error('there are no other files')
  },
  overrides: [],
}

/**
 * The plan in `text`, with what it includes and with overrides. Throws `Failure('bad-input')` that lists every mistake as
 * `file:line:column`, with the line itself. Reads nothing but its arguments.
 */
export function parsePlan(text: string, file: string, vocabulary: Vocabulary, options: MergeOptions = alone): Plan {
  const { value, problems: early, complete, locate } = mergeSources(text, file, options)
  if (!complete) throw refusal(file, early)
  const sections = planSections(vocabulary)
  const parsed = z.strictObject(sections).safeParse(value, { reportInput: true })
  const problems = [
    ...(parsed.success
      ? []
      : parsed.error.issues.flatMap((issue) => problemsOf(issue, ['include', ...Object.keys(sections)]))),
    ...checkSections(value, sections),
  ].map((problem) => ({ place: locate(problem.path, problem.key), message: sentence(problem) }))
  if (parsed.success && problems.length + early.length === 0) return parsed.data
  throw refusal(file, [...early, ...problems])
}

/**
 * The clusters alone, from a file that a plan is merged with. Throws `Failure('bad-input')` as `parsePlan` does, also when the file
 * names none.
 */
export function parseClusters(
  text: string,
  file: string,
  vocabulary: Vocabulary,
  options: MergeOptions = alone,
): PlannedClusters {
  const { value, problems: early, complete, locate } = mergeSources(text, file, options)
  if (!complete) throw refusal(file, early)
  const { remote } = planSections(vocabulary)
  const parsed = z.object({ remote: remote.unwrap() }).safeParse(value, { reportInput: true })
  if (parsed.success && early.length === 0) return parsed.data.remote
  const problems = (parsed.error?.issues ?? []).flatMap((issue) => problemsOf(issue, ['remote']))
  throw refusal(file, [
    ...early,
    ...problems.map((problem) => ({ place: locate(problem.path, problem.key), message: sentence(problem) })),
  ])
}

/** Identifies what a run did, whatever the plan's layout, comments and defaults left out, and on whatever clusters. */
export function planHash({ remote: _, ...plan }: Plan): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(plan)))
    .digest('hex')
    .slice(0, 16)
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}

function problemsOf(issue: z.core.$ZodIssue, topLevel: readonly string[]): PlanProblem[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol')
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path,
        key,
        message: `unknown field${path.length === 0 ? `; a plan has ${topLevel.join(', ')}` : ''}`,
      }))
    case 'invalid_type':
      return [
        {
          path,
          message:
            issue.input === undefined
              ? `required: ${article(issue.expected)}`
              : `expected ${article(issue.expected)}, found ${shown(issue.input)}`,
        },
      ]
    case 'invalid_value':
      return [
        {
          path,
          message: `expected ${listed(issue.values.map(String))}, found ${shown(issue.input)}${suggestion(issue)}`,
        },
      ]
    case 'too_small':
      return [{ path, message: tooSmall(issue) }]
    case 'too_big':
      return [{ path, message: `expected at most ${issue.maximum}, found ${shown(issue.input)}` }]
    case 'invalid_union':
      return [{ path, message: `found ${shown(issue.input)}, which fits none of the forms allowed here` }]
    default:
      return [{ path, message: issue.message }]
  }
}

function tooSmall({ origin, minimum, inclusive, input }: z.core.$ZodIssueTooSmall): string {
  if (origin === 'array') return `expected at least ${minimum} item`
  if (origin === 'string') return `expected text, found ${shown(input)}`
  return `expected ${inclusive === false ? 'more than' : 'at least'} ${minimum}, found ${shown(input)}`
}

function article(expected: string): string {
  const words: Record<string, string> = {
    int: 'a whole number',
    number: 'a number',
    string: 'text',
    boolean: 'true or false',
    array: 'a list',
    object: 'a map',
  }
  return words[expected] ?? expected
}

function listed(values: readonly string[]): string {
  return values.length > 8 ? 'one of the known names (see `scale-test knobs`)' : values.join(' or ')
}

function suggestion(issue: z.core.$ZodIssueInvalidValue): string {
  if (typeof issue.input !== 'string') return ''
  const wrong = issue.input.toLowerCase()
  const close = issue.values.map(String).find((value) => {
    const last = value.split('.').at(-1)?.toLowerCase() ?? value
    return value.toLowerCase() === wrong || last === wrong || last === wrong.split('.').at(-1)
  })
  return close === undefined ? '' : `; did you mean ${close}?`
}

function sentence({ path, key, message }: PlanProblem): string {
  const where = [...path, ...(key === undefined ? [] : [key])]
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('')
  return where === '' ? message : `${where}: ${message}`
}

function refusal(file: string, problems: readonly PlacedProblem[]): Failure {
  const inOrder = problems
    .toSorted(
      ({ place: left }, { place: right }) => left.source.position - right.source.position || left.offset - right.offset,
    )
    .map(told)
  // A file that is included twice has its mistakes once.
  const blocks = [...new Set(inOrder)]
  const total = blocks.length === 1 ? '1 mistake' : `${blocks.length} mistakes`
  return new Failure('bad-input', `${total} in ${file}; nothing was started\n\n${blocks.join('\n\n')}`)
}

function told({ place, message }: PlacedProblem): string {
  const { line, column, text } = lineAt(place)
  const { kind, name } = place.source
  const where = kind === 'override' ? name : `${name}:${line}:${column}`
  const gutter = kind === 'override' ? '' : `${line} | `
  // Tabs stay tabs, so that the caret stands where it should however wide they are.
  const before = `${gutter.replace(/\d/g, ' ')}${text.slice(0, column - 1).replace(/[^\t]/g, ' ')}`
  return `${where}  ${message}\n  ${gutter}${text}\n  ${before}^`
}
