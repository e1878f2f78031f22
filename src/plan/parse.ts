import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { SchemaProblem } from '../base/schema-problems.ts'
import { fieldsOf, schemaProblems, sentenceOf } from '../base/schema-problems.ts'
import { withSortedKeys } from '../base/sorted-keys.ts'
import type { Departure, Profile } from '../tuning/profiles.ts'
import { checkSections } from './check.ts'
import { withFormerFields } from './former-fields.ts'
import type { Plan, PlannedClusters, Threshold, Vocabulary } from './plan.ts'
import { armName, armsWith, planSections, remoteSection } from './plan.ts'
import type { ProfileFiles } from './profile.ts'
import { profileReader, profileReference } from './profile.ts'
import { refusal } from './refusal.ts'
import { withSteps } from './short-form.ts'
import type { MergedPlan, MergeOptions } from './sources.ts'
import { mergeSources } from './sources.ts'
import type { Place, PlacedProblem } from './written.ts'
import { lineAt } from './written.ts'

/** For editors and for messages: files are merged before a plan is looked at. */
export const include = z.array(z.string()).optional().describe('Files to merge before this one, relative to it.')

export interface ParseOptions extends MergeOptions {
  /** What the target of a run cannot do of a plan that is right in itself. */
  refuse?: (plan: Plan) => SchemaProblem[]
  /** What results call a file; as it is read when absent. */
  fileName?: (file: string) => string
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
  const merged = mergeSources({ ...options, text, file, role: 'plan', fields })
  const { value, complete, locate } = merged
  const { overrides } = options
  if (!complete) throw refusal(merged.problems, overrides)
  const { profiles, problems: ofProfiles } = readProfiles(merged, vocabulary.profiles)
  const early = [...merged.problems, ...ofProfiles]
  const parsed = z.strictObject(sections).safeParse(value, { reportInput: true })
  const problems = placed(
    [
      ...(parsed.success
        ? []
        : withFormerFields(schemaProblems(z.strictObject({ include, ...sections }), parsed.error, 'a plan'), value)),
      ...checkSections(value, sections, vocabulary.kinds, profiles, vocabulary.series),
    ],
    locate,
  )
  const arms = parsed.success ? armsWith(parsed.data.arms, profiles) : undefined
  if (!parsed.success || arms === undefined || problems.length + early.length > 0)
    throw refusal([...early, ...problems], overrides)
  const thresholds = parsed.data.thresholds.map((threshold, index) => {
    const place = placeInFile(locate(['thresholds', index]), options.fileName)
    return { ...threshold, ...(place !== undefined && { place }) }
  })
  const plan = { ...withSteps(parsed.data, vocabulary.kinds), arms, thresholds }
  const refused = options.refuse?.(plan) ?? []
  if (refused.length === 0) return plan
  throw refusal(placed(refused, locate), overrides)
}

/** Where in a file something is written; undefined for what the command line says. */
function placeInFile({ source, offset }: Place, nameOf = (file: string) => file): Threshold['place'] {
  if (source.kind === 'override' || offset === undefined) return undefined
  return { file: nameOf(source.name), line: lineAt(source.text, offset).line }
}

function placed(problems: readonly SchemaProblem[], locate: MergedPlan['locate']): PlacedProblem[] {
  return problems.map((problem) => ({ place: locate(problem.path, problem.key), message: sentenceOf(problem) }))
}

/** The profiles of the arms, in their order: undefined where none is named, or one with mistakes. */
function readProfiles(
  { value, locate, sources }: MergedPlan,
  files: ProfileFiles,
): { profiles: (Profile | undefined)[]; problems: readonly PlacedProblem[] } {
  const reader = profileReader(files, sources)
  const arms = z.object({ arms: z.array(z.unknown()) }).safeParse(value).data?.arms ?? []
  const profiles = arms.map((arm, index) => {
    const named = z.object({ profile: profileReference(files.names) }).safeParse(arm).data?.profile
    return named === undefined
      ? undefined
      : reader.read(named, locate(['arms', index, 'profile']), `arms[${index}].profile`)
  })
  return { profiles, problems: reader.problems }
}

/**
 * The clusters alone, from a file that a plan is merged with. Throws `Failure('bad-input')` as `parsePlan` does, also when the file
 * names none.
 */
export function parseClusters(text: string, file: string, options: MergeOptions = alone): PlannedClusters {
  const clusters = z.object({ remote: remoteSection() })
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
export function planHash({ remote: _, steps, thresholds, ...plan }: Plan): string {
  return hashOf({ ...plan, steps: withoutPlaces(steps), thresholds: thresholds.map(({ place: _, ...one }) => one) })
}

/**
 * Identifies what a run does and with what: runs with the same hash may be compared. The plan's name, descriptions, reasons, thresholds,
 * repetitions and published figures change nothing of it; the names of arms and steps do, as figures are compared by them. Of a profile its settings count.
 */
export function conditionsHash({ steps, arms, simulation, warmUp, ...plan }: Plan): string {
  const { seed, kubernetes, fleet, probes, faults, controlPlane } = plan
  const conditions = arms.map((arm) => ({
    name: armName(arm),
    kubernetes: arm.kubernetes,
    base: arm.base.map(withoutReason),
    set: arm.set.map(withoutReason),
  }))
  const { repetitions: _, ...assumed } = simulation ?? {}
  return hashOf({
    ...{ seed, kubernetes, fleet, probes, steps: withoutPlaces(steps), arms: conditions, faults },
    ...(Object.keys(assumed).length > 0 && { simulation: assumed }),
    ...(warmUp && { warmUp }),
    ...(controlPlane !== undefined && { controlPlane }),
  })
}

function withoutReason<T extends Departure>({ because: _, ...setting }: T): object {
  return setting
}

function withoutPlaces(steps: Plan['steps']): object[] {
  return steps.map(({ at: _, ...step }) => step)
}

function hashOf(value: object): string {
  return createHash('sha256')
    .update(JSON.stringify(withSortedKeys(value)))
    .digest('hex')
    .slice(0, 16)
}
