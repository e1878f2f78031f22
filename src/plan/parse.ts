import { createHash } from 'node:crypto'
import type { Document } from 'yaml'
import { isMap, isNode, isPair, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { Failure } from '../base/errors.ts'
import { checkSections } from './check.ts'
import type { Plan, Vocabulary } from './plan.ts'
import { planSections, shown } from './plan.ts'

/** Where in the file a problem is, and what it is. */
export interface PlanProblem {
  path: readonly (string | number)[]
  message: string
  /** Points at this key of the map at `path` rather than at its value. */
  key?: string
}

/**
 * The plan in `text`. Throws `Failure('bad-input')` that lists every mistake as `file:line:column`, with the line
 * itself. Reads nothing but its arguments.
 */
export function parsePlan(text: string, file: string, vocabulary: Vocabulary): Plan {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true })
  if (document.errors.length > 0) {
    throw refusal(
      file,
      text,
      document.errors.map((error) => ({ ...lineCounter.linePos(error.pos[0]), message: error.message })),
    )
  }

  const value = plainValue(document, file)
  const sections = planSections(vocabulary)
  const parsed = z.strictObject(sections).safeParse(value, { reportInput: true })
  const problems = [
    ...(parsed.success ? [] : parsed.error.issues.flatMap((issue) => problemsOf(issue, Object.keys(sections)))),
    ...checkSections(value, sections),
  ]
  if (!parsed.success || problems.length > 0) {
    throw refusal(
      file,
      text,
      problems.map((problem) => ({ ...position(document, lineCounter, problem), message: sentence(problem) })),
    )
  }
  return parsed.data
}

/** Identifies what a run did, whatever the plan's layout, comments and defaults left out. */
export function planHash(plan: Plan): string {
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

function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw new Failure('bad-input', `${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
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
      return [
        {
          path,
          message:
            issue.origin === 'array'
              ? `expected at least ${issue.minimum} item`
              : `expected at least ${issue.minimum}, found ${shown(issue.input)}`,
        },
      ]
    case 'invalid_union':
      return [{ path, message: `found ${shown(issue.input)}, which fits none of the forms allowed here` }]
    default:
      return [{ path, message: issue.message }]
  }
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

/** A missing value is reported at its nearest parent that is written down. */
function position(
  document: Document,
  lineCounter: LineCounter,
  { path, key }: PlanProblem,
): { line: number; col: number } {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true)
    if (!isNode(node) || node.range === undefined || node.range === null) continue
    if (key !== undefined && depth === path.length && isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && String(item.key) === key)
      if (isPair(pair) && isNode(pair.key) && pair.key.range) return lineCounter.linePos(pair.key.range[0])
    }
    return lineCounter.linePos(node.range[0])
  }
  return { line: 1, col: 1 }
}

function refusal(
  file: string,
  text: string,
  problems: readonly { line: number; col: number; message: string }[],
): Failure {
  const lines = text.split('\n')
  const blocks = [...problems]
    .sort((left, right) => left.line - right.line || left.col - right.col)
    .map(({ line, col, message }) => {
      const gutter = String(line).length
      return [
        `${file}:${line}:${col}  ${message}`,
        `  ${line} | ${lines[line - 1] ?? ''}`,
        `  ${' '.repeat(gutter)} | ${' '.repeat(Math.max(0, col - 1))}^`,
      ].join('\n')
    })
  const total = problems.length === 1 ? '1 mistake' : `${problems.length} mistakes`
  return new Failure('bad-input', `${total} in ${file}; nothing was started\n\n${blocks.join('\n\n')}`)
}
