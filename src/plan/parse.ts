import { createHash } from 'node:crypto'
import { z } from 'zod'
import { plural } from '../base/count.ts'
import { Failure } from '../base/errors.ts'
import { excerpt, lineExcerpt } from '../base/excerpt.ts'
import { printable } from '../base/printable.ts'
import type { SchemaProblem } from '../base/schema-problems.ts'
import { schemaProblems, sentenceOf } from '../base/schema-problems.ts'
import { checkSections } from './check.ts'
import type { Plan, PlannedClusters, Vocabulary } from './plan.ts'
import { planSections } from './plan.ts'
import type { MergeOptions } from './sources.ts'
import { mergeSources } from './sources.ts'
import type { PlacedProblem } from './written.ts'
import { lineAt } from './written.ts'

export type { SchemaProblem as PlanProblem }

/** For editors and for messages: files are merged before a plan is looked at. */
export const include = z.array(z.string()).optional().describe('Files that are merged before this one, relative to it.')

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
    ...(parsed.success ? [] : schemaProblems(z.strictObject({ include, ...sections }), parsed.error, 'a plan')),
    ...checkSections(value, sections),
  ].map((problem) => ({ place: locate(problem.path, problem.key), message: sentenceOf(problem) }))
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
  const clusters = z.object({ remote: planSections(vocabulary).remote.unwrap() })
  const parsed = clusters.safeParse(value, { reportInput: true })
  if (parsed.success && early.length === 0) return parsed.data.remote
  const problems = parsed.success ? [] : schemaProblems(clusters, parsed.error, 'the file')
  throw refusal(file, [
    ...early,
    ...problems.map((problem) => ({ place: locate(problem.path, problem.key), message: sentenceOf(problem) })),
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

function refusal(file: string, problems: readonly PlacedProblem[]): Failure {
  const inOrder = problems
    .toSorted(
      ({ place: left }, { place: right }) => left.source.position - right.source.position || left.offset - right.offset,
    )
    .map(told)
  // A file that is included twice has its mistakes once.
  const blocks = [...new Set(inOrder)]
  const total = plural(blocks.length, 'mistake')
  return new Failure('bad-input', `${total} in ${file}; nothing was started\n\n${blocks.join('\n\n')}`)
}

function told({ place, message }: PlacedProblem): string {
  const { line, column } = lineAt(place)
  const { kind, name, text } = place.source
  const gutter = kind === 'override' ? '' : `${line} | `
  const shown = lineExcerpt(text, place.offset)
  const where = kind === 'override' ? excerpt(name, 80) : `${printable(name)}:${line}:${column}`
  return `${where}  ${message}\n  ${gutter}${shown.line}\n  ${gutter.replace(/\d/g, ' ')}${shown.caret}`
}
