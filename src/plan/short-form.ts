import type { SchemaProblem } from '../base/schema-problems.ts'
import { pathText } from '../base/schema-problems.ts'
import type { Plan, ProbeSettings, WrittenPlan } from './plan.ts'
import type { PlannedStep, SectionKind, WrittenStep } from './section.ts'

/** A step of a known kind, and where the plan has it. */
export type FoundStep = WrittenStep & { kind: SectionKind }

/** The sections of a plan that say what is done, each undefined where it is absent or not valid by itself. */
export type StepSections = { [Name in 'fleet' | 'workload' | 'probes' | 'steps']?: WrittenPlan[Name] | undefined }

/**
 * Everything that a plan does in a cluster, in order, whether it says `steps` or has the short form of them: `fleet.observe`, then
 * `workload`, then `probes.sequence`. This is all that knows of the short form.
 */
export function stepsIn({ fleet, workload, probes, steps }: StepSections, kinds: readonly SectionKind[]): FoundStep[] {
  const kindOf = (name: string) => kinds.filter(({ kind }) => kind === name)
  const found = (name: string, section: unknown, path: WrittenStep['path']): FoundStep[] =>
    section === undefined ? [] : kindOf(name).map((kind) => ({ kind, section, path }))
  const observe = fleet?.observe ?? 0
  const idle = observe === 0 ? undefined : { name: 'idle-fleet', for: observe }
  return [
    ...found('observe', idle, ['fleet', 'observe']),
    ...found('fill', workload, ['workload']),
    ...(probes?.sequence ?? []).flatMap((probe, index) => found('probe', probe, ['probes', 'sequence', index])),
    ...(steps ?? []).flatMap((step, index) =>
      Object.entries(step).flatMap(([name, section]) => found(name, section, ['steps', index, name])),
    ),
  ]
}

/** A plan that says what it does in both forms, or that has probes and does not say how they look. */
export function checkForms(sections: StepSections, found: readonly FoundStep[]): SchemaProblem[] {
  const { fleet, workload, probes, steps } = sections
  const short = {
    'fleet.observe': (fleet?.observe ?? 0) > 0,
    workload: workload !== undefined,
    'probes.sequence': probes?.sequence !== undefined,
  }
  const given = Object.entries(short).flatMap(([field, isGiven]) => (isGiven ? [field] : []))
  const twice = (steps === undefined ? [] : given).map((field) => ({
    path: field.split('.'),
    message: 'is the short form of a step, but the plan has `steps`; move it there',
  }))
  const isUnclear = probes === undefined && found.some(({ kind }) => kind.kind === 'probe')
  return isUnclear ? [...twice, { path: [], key: 'probes', message: 'required: what the probe pods look like' }] : twice
}

/** How probes look in a plan that has none. */
const noProbes: ProbeSettings = {
  pod: { image: 'registry.k8s.io/pause:3.10', serviceAccountToken: false },
  settle: 10_000,
}

/** The plan with everything that it does as steps. */
export function withSteps(written: WrittenPlan, kinds: readonly SectionKind[]): Omit<Plan, 'arms'> {
  const { steps: _, workload: __, arms: _____, probes, fleet, ...plan } = written
  const { observe: ___, ...ownFleet } = fleet
  const { sequence: ____, ...settings }: NonNullable<WrittenPlan['probes']> = probes ?? noProbes
  const steps = stepsIn(written, kinds).map(
    ({ kind, section, path }): PlannedStep => ({
      kind: kind.kind,
      name: kind.nameOf(section),
      at: pathText(path),
      section,
    }),
  )
  return { ...plan, fleet: ownFleet, probes: settings, steps }
}
