import { z } from 'zod'
import { parseDurationMs } from '../base/duration.ts'
import { didYouMean, formatNames } from '../base/names.ts'
import type { SchemaProblem } from '../base/schema-problems.ts'
import { shown } from '../base/shown.ts'
import { conflictsAmong } from '../tuning/conflicts.ts'
import { knobById } from '../tuning/find-knob.ts'
import { refusalOf } from '../tuning/open-knobs.ts'
import type { Profile } from '../tuning/profiles.ts'
import { requestsOf } from '../tuning/profiles.ts'
import { checkRemote } from './check-remote.ts'
import type { PlannedArm, planSections } from './plan.ts'
import { armName, armsWith } from './plan.ts'
import { repeated } from './repeated.ts'
import type { SectionKind } from './section.ts'
import type { FoundStep } from './short-form.ts'
import { checkForms, stepsIn } from './short-form.ts'

type Sections = ReturnType<typeof planSections>

/**
 * Mistakes between the parts of a plan. Only sections that are valid by themselves are compared, so that one mistake
 * neither hides nor doubles another. `profiles` are those of the arms, in their order, as far as they could be read.
 */
export function checkSections(
  value: unknown,
  sections: Sections,
  kinds: readonly SectionKind[],
  profiles: readonly (Profile | undefined)[],
): SchemaProblem[] {
  const given = z.record(z.string(), z.unknown()).safeParse(value)
  if (!given.success) return []
  const section = <Name extends keyof Sections>(name: Name) =>
    sections[name].safeParse(given.data[name]).data as z.infer<Sections[Name]> | undefined
  const faults = section('faults')
  const fleet = section('fleet')
  const written = section('arms')
  const arms = written && armsWith(written, profiles)
  const probes = section('probes')
  const thresholds = section('thresholds')
  const reference = section('reference')
  const remote = section('remote')
  const forms = { fleet, probes, workload: section('workload'), steps: section('steps') }
  const steps = stepsIn(forms, kinds)
  const isWhole = (['workload', 'steps', 'probes'] as const).every(
    (name) => given.data[name] === undefined || forms[name] !== undefined,
  )

  return [
    ...(fleet === undefined ? [] : hostsOf(fleet)),
    ...(fleet === undefined ? [] : checkRemote({ fleet, remote, arms, probes })),
    ...(isWhole ? [...checkForms(forms, steps), ...somethingToDo(steps)] : []),
    ...kinds.flatMap((kind) => kind.check(steps.filter((step) => step.kind === kind))),
    ...repeated(
      arms ?? [],
      armName,
      (index) => ['arms', index, arms?.[index]?.name === undefined ? 'profile' : 'name'],
      (name) => `duplicate arm ${name}; give one of them a name`,
    ),
    ...(arms ?? []).flatMap((arm, index) => armMistakes(arm, index, section('kubernetes'))),
    ...repeated(
      steps,
      ({ kind, section: own }) => kind.nameOf(own),
      (index) => nameIn(steps[index]),
      (name) => `duplicate step ${name}; give one of them another name`,
    ),
    ...repeated(
      faults?.kinds ?? [],
      (kind) => kind,
      (index) => ['faults', 'kinds', index],
      (kind) => `duplicate fault ${kind}`,
    ),
    ...repeated(
      thresholds ?? [],
      ({ probe, stop, of }) => `${stop} of ${probe}, ${[of].flat().join(' / ')}`,
      (index) => ['thresholds', index],
      (what) => `duplicate threshold for ${what}; one can have both min and max`,
    ),
    ...repeated(
      reference?.figures ?? [],
      ({ probe, stop, profile }) => `${stop} of ${probe}, ${profile}`,
      (index) => ['reference', 'figures', index],
      (what) => `duplicate figure for ${what}`,
    ),
    ...(thresholds ?? []).flatMap((threshold, index) => [
      ...bounds(threshold, ['thresholds', index]),
      ...known(['thresholds', index, 'of'], [threshold.of].flat(), arms?.map(armName), 'arm'),
      ...stopOfStep(['thresholds', index], threshold, isWhole ? steps : undefined),
    ]),
    ...(reference?.figures ?? []).flatMap((figure, index) => [
      ...known(['reference', 'figures', index, 'profile'], [figure.profile], arms?.map(armName), 'arm'),
      ...stopOfStep(['reference', 'figures', index], figure, isWhole ? steps : undefined),
    ]),
  ]
}

function hostsOf({ hosts, nodes }: z.infer<Sections['fleet']>): SchemaProblem[] {
  return hosts <= nodes ? [] : [{ path: ['fleet', 'hosts'], message: `more hosts (${hosts}) than nodes (${nodes})` }]
}

/** A knob that an arm sets twice or its version does not know, and values that do not go together, its profile's included. */
function armMistakes(arm: PlannedArm, index: number, ofPlan: string | undefined): SchemaProblem[] {
  const { set, kubernetes } = arm
  const path = ['arms', index]
  // A profile serves every version: what one does not know it does without, and the report says so.
  const unknown = set.flatMap(({ knob: id, value }, at) => {
    const knob = knobById(id)
    const message = knob && refusalOf(knob, value, kubernetes ?? ofPlan)
    return message === undefined ? [] : [{ path: [...path, 'set', at, 'knob'], message }]
  })
  const conflicts = conflictsAmong(requestsOf(arm)).map(({ knobs, message }) => {
    const last = set.findLastIndex(({ knob }) => knobs.includes(knob))
    return { path: [...path, ...(last === -1 ? ['profile'] : ['set', last, 'value'])], message }
  })
  const twice = repeated(
    set,
    ({ knob }) => knob,
    (departure) => [...path, 'set', departure, 'knob'],
    (knob) => `duplicate knob ${knob}`,
  )
  return [...twice, ...unknown, ...conflicts]
}

/** Where a step has its name, or the step itself where it has none of its own. */
function nameIn(step: FoundStep | undefined): SchemaProblem['path'] {
  return step === undefined ? [] : [...step.path, 'name']
}

function somethingToDo(steps: readonly FoundStep[]): SchemaProblem[] {
  if (steps.length > 0) return []
  return [
    { path: [], key: 'steps', message: 'required: what to do and to measure, or its short form: probes.sequence' },
  ]
}

function known(
  path: SchemaProblem['path'],
  names: readonly string[],
  allowed: readonly string[] | undefined,
  what: string,
): SchemaProblem[] {
  if (allowed === undefined) return []
  return names
    .filter((name) => !allowed.includes(name))
    .map((name) => ({
      path,
      message: `the plan has no ${what} ${shown(name)}; it has ${formatNames([...new Set(allowed)])}${didYouMean(name, allowed)}`,
    }))
}

/** Published figures and thresholds speak of a stop of a step, which they call `probe`. */
function stopOfStep(
  path: SchemaProblem['path'],
  { probe: name, stop }: { probe: string; stop: string },
  steps: readonly FoundStep[] | undefined,
): SchemaProblem[] {
  if (steps === undefined) return []
  const timed = steps.filter(({ kind, section }) => kind.stopsOf(section).length > 0)
  const named = timed.map(({ kind, section }) => ({ name: kind.nameOf(section), stops: kind.stopsOf(section) }))
  const step = named.find((candidate) => candidate.name === name)
  if (step === undefined)
    return known(
      [...path, 'probe'],
      [name],
      named.map((candidate) => candidate.name),
      'probe',
    )
  if (step.stops.includes(stop)) return []
  return [
    {
      path: [...path, 'stop'],
      message: `${shown(name)} has no stop ${shown(stop)}; it has ${step.stops.join(', ')}`,
    },
  ]
}

function bounds(threshold: z.infer<Sections['thresholds']>[number], path: SchemaProblem['path']): SchemaProblem[] {
  const { of, min, max } = threshold
  if (min === undefined && max === undefined) return [{ path, message: 'needs min, max, or both' }]
  const isRatio = Array.isArray(of)
  if (isRatio && of[0] === of[1]) return [{ path: [...path, 'of'], message: 'the ratio of an arm to itself is 1' }]
  const wrong = (['min', 'max'] as const).flatMap((bound) => {
    const value = threshold[bound]
    if (value === undefined || boundValue(value, isRatio) !== undefined) return []
    const message = isRatio
      ? `a ratio is a plain number of at least 0, found ${shown(value)}`
      : `expected a duration with a unit, such as 30s, found ${shown(value)}`
    return [{ path: [...path, bound], message }]
  })
  const [least, most] = [min, max].map((value) => (value === undefined ? undefined : boundValue(value, isRatio)))
  if (least === undefined || most === undefined || least <= most) return wrong
  return [{ path: [...path, 'min'], message: `is above max, ${shown(max)}: nothing can meet both` }]
}

/** The number behind a threshold's bound, milliseconds unless it bounds a ratio; undefined when it has the wrong form. */
export function boundValue(value: number | string, isRatio: boolean): number | undefined {
  if (isRatio) return typeof value === 'number' && value >= 0 ? value : undefined
  return typeof value === 'string' ? parseDurationMs(value) : undefined
}
