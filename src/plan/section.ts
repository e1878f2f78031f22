import { z } from 'zod'
import type { SchemaProblem, ValuePath } from '../base/schema-problems.ts'
import type { SeriesEntry } from './series.ts'

/** What the plan language knows of one kind of step. `Section` is what a plan says of such a step. */
export interface SectionKind<Section = unknown> {
  /** The key of a plan's step: `fill`. */
  readonly kind: string
  readonly schema: z.ZodType<Section>
  /** What results and thresholds call the step; no two steps of a plan have the same name. */
  nameOf(section: Section): string
  /** Times of the step that thresholds and published figures may speak of. */
  stopsOf(section: Section): readonly string[]
  /** Series that steps of this kind can have beside those of any stretch of time. */
  readonly series: readonly SeriesEntry[]
  /** Those of them that such a step has. */
  seriesOf(section: Section): readonly SeriesEntry[]
  /** Mistakes between the steps of this kind, or between the parts of one. */
  check(own: readonly WrittenStep<Section>[]): SchemaProblem[]
}

/** A step and where the plan has it. */
export interface WrittenStep<Section = unknown> {
  section: Section
  path: ValuePath
}

/** One step of a plan. */
export interface PlannedStep<Section = unknown> {
  kind: string
  name: string
  /** Where the plan has it, for messages: `probes.sequence[0]`. */
  at: string
  /** Of the kind's own type: `stepsOfKind` tells. */
  section: Section
}

/** The kind of a planned step, in whatever respect kinds are listed. A plan names only kinds that there are. */
export function kindOf<Kind extends { section: { kind: string } }>(
  { kind: name }: Pick<PlannedStep, 'kind'>,
  kinds: readonly Kind[],
): Kind {
  const found = kinds.find(({ section }) => section.kind === name)
  if (found === undefined) throw new Error(`${name} is no kind of step`)
  return found
}

/** The steps of one kind. */
export function stepsOfKind<Section>(
  { steps }: { steps: readonly PlannedStep[] },
  { kind }: SectionKind<Section>,
): PlannedStep<Section>[] {
  return steps.filter((step): step is PlannedStep<Section> => step.kind === kind)
}

/** What the plan says of each step of one kind. */
export function sectionsOf<Section>(plan: { steps: readonly PlannedStep[] }, kind: SectionKind<Section>): Section[] {
  return stepsOfKind(plan, kind).map(({ section }) => section)
}

/** The plan with the steps of one kind changed; all others are as they were. */
export function withSections<Whole extends { steps: readonly PlannedStep[] }, Section>(
  plan: Whole,
  { kind }: SectionKind<Section>,
  change: (section: Section) => Section,
): Whole {
  const steps = plan.steps.map((step) =>
    step.kind === kind ? { ...step, section: change(step.section as Section) } : step,
  )
  return { ...plan, steps }
}

/** The list of a plan's steps, each `{ kind: section }`. */
export function stepsSection(kinds: readonly SectionKind[]) {
  const shape = Object.fromEntries(kinds.map(({ kind, schema }) => [kind, schema.optional()]))
  const names = kinds.map(({ kind }) => kind)
  return z
    .array(
      z.strictObject(shape).refine((step) => names.filter((name) => step[name] !== undefined).length === 1, {
        error: `expected one kind of step: ${names.join(', ')}`,
      }),
    )
    .min(1)
}
