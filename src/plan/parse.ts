import { createHash } from 'node:crypto'
import { z } from 'zod'
import { formatCount, plural } from '../base/count.ts'
import { Failure } from '../base/errors.ts'
import { excerpt, lineExcerpt } from '../base/excerpt.ts'
import { shownPath } from '../base/file-failures.ts'
import { formatNames } from '../base/names.ts'
import type { SchemaProblem } from '../base/schema-problems.ts'
import { fieldsOf, schemaProblems, sentenceOf } from '../base/schema-problems.ts'
import { checkSections } from './check.ts'
import type { Plan, PlannedClusters, Vocabulary } from './plan.ts'
import { planSections } from './plan.ts'
import { withSteps } from './short-form.ts'
import type { MergedPlan, MergeOptions, Override } from './sources.ts'
import { mergeSources, optionOf } from './sources.ts'
import type { PlacedProblem } from './written.ts'
import { lineAt } from './written.ts'

/** For editors and for messages: files are merged before a plan is looked at. */
export const include = z.array(z.string()).optional().describe('Files that are merged before this one, relative to it.')

export interface ParseOptions extends MergeOptions {
  /** What the target of a run cannot do of a plan that is right in itself. */
  refuse?: (plan: Plan) => SchemaProblem[]
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
export function parsePlan(text: string, file: string, vocabulary: Vocabulary, options: ParseOptions = alone): Plan {
  const sections = planSections(vocabulary)
  const fields = ['include', ...Object.keys(sections)]
  const { value, problems: early, complete, locate } = mergeSources({ ...options, text, file, role: 'plan', fields })
  const { overrides } = options
  if (!complete) throw refusal(early, overrides)
  const parsed = z.strictObject(sections).safeParse(value, { reportInput: true })
  const problems = placed(
    [
      ...(parsed.success ? [] : schemaProblems(z.strictObject({ include, ...sections }), parsed.error, 'a plan')),
      ...checkSections(value, sections, vocabulary.kinds),
    ],
    locate,
  )
  if (!parsed.success || problems.length + early.length > 0) throw refusal([...early, ...problems], overrides)
  const plan = withSteps(parsed.data, vocabulary.kinds)
  const refused = options.refuse?.(plan) ?? []
  if (refused.length === 0) return plan
  throw refusal(placed(refused, locate), overrides)
}

function placed(problems: readonly SchemaProblem[], locate: MergedPlan['locate']): PlacedProblem[] {
  return problems.map((problem) => ({ place: locate(problem.path, problem.key), message: sentenceOf(problem) }))
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
  const clusters = z.object({ remote: planSections(vocabulary).remote.unwrap() })
  const fields = ['include', 'remote']
  const {
    value,
    problems: early,
    complete,
    locate,
  } = mergeSources({ ...options, text, file, role: 'clusters', fields })
  if (!complete) throw refusal(early)
  const parsed = clusters.safeParse(value, { reportInput: true })
  if (parsed.success && early.length === 0) return parsed.data.remote
  const problems = parsed.success ? [] : schemaProblems(clusters, parsed.error, 'the file')
  throw refusal([...early, ...placed(problems, locate)])
}

/** The path of every field of a plan: `fleet.node.memory`. */
export function planFields(vocabulary: Vocabulary): string[] {
  return fieldsOf(z.strictObject(planSections(vocabulary)))
}

/**
 * Identifies a plan, whatever its layout, comments, defaults left out and the form of its steps, and on whatever clusters it runs.
 */
export function planHash({ remote: _, steps, ...plan }: Plan): string {
  return hashOf({ ...plan, steps: withoutPlaces(steps) })
}

/**
 * Identifies what a run does and with what: runs with the same hash may be compared. The plan's name, descriptions, reasons, thresholds and
 * published figures change nothing of it; the names of arms and steps do, as figures are compared by them.
 */
export function conditionsHash({ seed, kubernetes, fleet, probes, steps, arms, simulation, faults }: Plan): string {
  const conditions = arms.map(({ set, ...arm }) => ({ ...arm, set: set.map(({ because: _, ...one }) => one) }))
  return hashOf({ seed, kubernetes, fleet, probes, steps: withoutPlaces(steps), arms: conditions, simulation, faults })
}

function withoutPlaces(steps: Plan['steps']): object[] {
  return steps.map(({ at: _, ...step }) => step)
}

function hashOf(value: object): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
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

/** More mistakes are counted, and not shown: they tend to follow from one another. */
const mostShown = 20

function refusal(problems: readonly PlacedProblem[], overrides: readonly Override[] = []): Failure {
  const inOrder = problems.toSorted(
    ({ place: left }, { place: right }) =>
      left.source.position - right.source.position || (left.offset ?? -1) - (right.offset ?? -1),
  )
  // A file that is included twice has its mistakes once.
  const keyOf = ({ place: { source, offset }, message }: PlacedProblem) => `${source.name}:${offset}:${message}`
  const distinct = [...new Map(inOrder.map((problem) => [keyOf(problem), problem])).values()]
  const [first] = distinct
  if (first !== undefined && distinct.length === 1 && first.place.offset === undefined)
    return new Failure('bad-input', `${told(first)}; nothing was started`)
  const more = distinct.length - mostShown
  const blocks = [...distinct.slice(0, mostShown).map(told), ...(more > 0 ? [`and ${formatCount(more)} more`] : [])]
  return new Failure(
    'bad-input',
    `${plural(distinct.length, 'mistake')} in ${placesOf(distinct, overrides)}; nothing was started\n\n${blocks.join('\n\n')}`,
  )
}

/** `plans/x.yaml`, `--set`, or `plans/x.yaml with --set fleet.nodes=1`: what is right in a file may be wrong with an override. */
function placesOf(problems: readonly PlacedProblem[], overrides: readonly Override[]): string {
  const files = problems.flatMap(({ place: { source } }) =>
    source.kind === 'override' ? [] : [shownPath(source.name)],
  )
  if (files.length === 0)
    return [...new Set(problems.map(({ place }) => place.source.name.split(' ', 1)[0]))].join(' and ')
  const options = overrides.map(optionOf).map(({ option, text }) => `${option} ${excerpt(text, 40)}`)
  const set = options.length === 0 ? '' : ` with ${options.join(' ')}`
  return `${formatNames([...new Set(files)], 3)}${excerpt(set, 200)}`
}

function told({ place: { source, offset }, message }: PlacedProblem): string {
  const { kind, text } = source
  const name = kind === 'override' ? excerpt(source.name, 80) : shownPath(source.name)
  if (offset === undefined) return `${name} ${message}`
  const { line, column } = lineAt(text, offset)
  const where = kind === 'override' ? name : `${name}:${line}:${column}`
  if (!source.isQuotable) return `${where}  ${message}`
  const gutter = kind === 'override' ? '' : `${line} | `
  const shown = lineExcerpt(text, offset)
  return `${where}  ${message}\n  ${gutter}${shown.line}\n  ${gutter.replace(/\d/g, ' ')}${shown.caret}`
}
