import { z } from 'zod'
import { didYouMean, formatNames } from '../base/names.ts'
import type { SchemaProblem } from '../base/schema-problems.ts'
import { shown } from '../base/shown.ts'
import { conflictsAmong } from '../tuning/conflicts.ts'
import { knobById } from '../tuning/find-knob.ts'
import { refusalOf } from '../tuning/open-knobs.ts'
import type { Profile } from '../tuning/profiles.ts'
import { requestsOf } from '../tuning/profiles.ts'
import { checkRemote } from './check-remote.ts'
import type { Mended } from './mend.ts'
import { mended, rightItems, soundParts } from './mend.ts'
import { names } from './names.ts'
import type { PlannedArm, planSections } from './plan.ts'
import { armName, armsWith } from './plan.ts'
import { repeated } from './repeated.ts'
import type { SectionKind } from './section.ts'
import type { SeriesEntry } from './series.ts'
import type { FoundStep } from './short-form.ts'
import { checkForms, stepsIn } from './short-form.ts'
import type { WrittenThreshold } from './threshold.ts'
import { checkThreshold, subjectOf } from './threshold.ts'

type Sections = ReturnType<typeof planSections>

/**
 * Mistakes between the parts of a plan. Parts that are not valid by themselves are compared as they were meant, as far as that can be told, so
 * that one mistake neither hides nor doubles another. `profiles` are those of the arms, in their order, as far as they could be read.
 */
export function checkSections(
  value: unknown,
  sections: Sections,
  kinds: readonly SectionKind[],
  profiles: readonly (Profile | undefined)[],
  series: readonly SeriesEntry[],
): SchemaProblem[] {
  const given = z.record(z.string(), z.unknown()).safeParse(value)
  if (!given.success) return []
  const section = <Name extends keyof Sections>(name: Name) =>
    sections[name].safeParse(given.data[name]).data as z.infer<Sections[Name]> | undefined
  const meant = <Name extends keyof Sections>(name: Name) =>
    mended(sections[name], given.data[name]) as Mended<z.infer<Sections[Name]>> | undefined
  const faults = section('faults')
  const fleet = section('fleet')
  const arms = rightItems(sections.arms, given.data['arms']).flatMap(({ item, index }) =>
    (armsWith([item], [profiles[index]]) ?? []).map((arm) => ({ arm, index })),
  )
  const allArms =
    section('arms') === undefined || arms.length < profiles.length ? undefined : arms.map(({ arm }) => arm)
  const armNames = namesOfArms(given.data['arms'], profiles)
  const thresholds = rightItems(sections.thresholds, given.data['thresholds'])
  const reference = section('reference')
  const remote = section('remote')
  const probes = meant('probes')
  const workload = meant('workload')
  const written = meant('steps')
  const forms = {
    fleet: meant('fleet')?.section,
    probes: probes?.section,
    workload: workload?.section,
    steps: written?.section,
  }
  const steps = stepsIn(forms, kinds)
  const isWhole = (['workload', 'steps', 'probes'] as const).every(
    (name) => given.data[name] === undefined || forms[name] !== undefined,
  )
  const guessed = Object.entries({ probes, workload, steps: written }).flatMap(([name, one]) =>
    one?.isGuess === true ? [name] : [],
  )
  const checkSteps = (kind: SectionKind) => {
    const own = steps.filter((step) => step.kind === kind)
    return own.some(({ path: [name] }) => guessed.includes(String(name))) ? [] : kind.check(own)
  }

  const context = { arms: armNames, steps: isWhole ? steps : undefined, series }

  return [
    ...(fleet === undefined ? [] : hostsOf(fleet)),
    ...distanceBetween(section('controlPlane')),
    ...(fleet === undefined ? [] : checkRemote({ fleet, remote, arms: allArms, probes: section('probes') })),
    ...(isWhole ? [...checkForms(forms, steps), ...somethingToDo(steps)] : []),
    ...kinds.flatMap(checkSteps),
    ...repeated(
      arms,
      ({ arm }) => armName(arm),
      (at) => ['arms', arms[at]?.index ?? at, arms[at]?.arm.name === undefined ? 'profile' : 'name'],
      (name) => `duplicate arm ${name}; give one of them a name`,
    ),
    ...arms.flatMap(({ arm, index }) => armMistakes(arm, index, section('kubernetes'))),
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
      thresholds,
      ({ item: { id, ...threshold } }) => id ?? subjectOf(threshold),
      (at) => ['thresholds', thresholds[at]?.index ?? at],
      (what) => `duplicate threshold for ${what}; one can have both min and max`,
    ),
    ...repeated(
      reference?.figures ?? [],
      ({ probe, stop, profile }) => `${stop} of ${probe}, ${profile}`,
      (index) => ['reference', 'figures', index],
      (what) => `duplicate figure for ${what}`,
    ),
    ...thresholds.flatMap(({ item: threshold, index }) => [
      ...checkThreshold(threshold, ['thresholds', index], context),
      ...stopOfThreshold(threshold, ['thresholds', index], context.steps),
    ]),
    ...soundParts(sections.thresholds, given.data['thresholds']).flatMap(({ item: part, index }) => [
      // That something is missing may be one of the mistakes.
      ...checkThreshold(part, ['thresholds', index], context).filter(({ path }) => path.length > 2),
      ...(part.probe === undefined
        ? []
        : stopOfStep(['thresholds', index], { probe: part.probe, stop: part.stop }, context.steps)),
    ]),
    ...(reference?.figures ?? []).flatMap((figure, index) => [
      ...known(['reference', 'figures', index, 'profile'], [figure.profile], armNames, 'arm'),
      ...stopOfStep(['reference', 'figures', index], figure, isWhole ? steps : undefined),
    ]),
  ]
}

/** What results will call the arms, whatever else is wrong with them; undefined where that cannot be told of each. */
function namesOfArms(given: unknown, profiles: readonly (Profile | undefined)[]): string[] | undefined {
  const arms = z.array(z.object({ name: names.arm.optional() })).safeParse(given).data
  const found = (arms ?? []).flatMap(({ name }, index) => name ?? profiles[index]?.name ?? [])
  return arms !== undefined && found.length === arms.length ? found : undefined
}

function hostsOf({ hosts, nodes }: z.infer<Sections['fleet']>): SchemaProblem[] {
  return hosts <= nodes ? [] : [{ path: ['fleet', 'hosts'], message: `more hosts (${hosts}) than nodes (${nodes})` }]
}

function distanceBetween(controlPlane: z.infer<Sections['controlPlane']>): SchemaProblem[] {
  const { members, roundTrip } = controlPlane?.etcd ?? {}
  if (members !== 1 || roundTrip === undefined) return []
  return [{ path: ['controlPlane', 'etcd', 'roundTrip'], message: 'needs several members: set members to 3 or 5' }]
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

function stopOfThreshold(
  { probe, stop }: WrittenThreshold,
  path: SchemaProblem['path'],
  steps: readonly FoundStep[] | undefined,
): SchemaProblem[] {
  return probe === undefined || stop === undefined ? [] : stopOfStep(path, { probe, stop }, steps)
}

/** Published figures and thresholds speak of a stop of a step, which they call `probe`. */
function stopOfStep(
  path: SchemaProblem['path'],
  { probe: name, stop }: { probe: string; stop: string | undefined },
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
  if (stop === undefined || step.stops.includes(stop)) return []
  return [
    {
      path: [...path, 'stop'],
      message: `${shown(name)} has no stop ${shown(stop)}; it has ${step.stops.join(', ')}`,
    },
  ]
}
