import { z } from 'zod'
import { parseDurationMs } from '../base/duration.ts'
import { excerpt } from '../base/excerpt.ts'
import { didYouMean, formatNames } from '../base/names.ts'
import { shown } from '../base/shown.ts'
import { conflictsAmong } from '../tuning/conflicts.ts'
import { requestsOf } from '../tuning/profiles.ts'
import { checkRemote } from './check-remote.ts'
import { checkWorkload } from './check-workload.ts'
import type { PlanProblem } from './parse.ts'
import type { planSections } from './plan.ts'
import { armName } from './plan.ts'
import type { StopName } from './stops.ts'
import { stopsOf } from './stops.ts'

type Sections = ReturnType<typeof planSections>

/**
 * Mistakes between the parts of a plan. Only sections that are valid by themselves are compared, so that one mistake
 * neither hides nor doubles another.
 */
export function checkSections(value: unknown, sections: Sections): PlanProblem[] {
  const given = z.record(z.string(), z.unknown()).safeParse(value)
  if (!given.success) return []
  const section = <Name extends keyof Sections>(name: Name) =>
    sections[name].safeParse(given.data[name]).data as z.infer<Sections[Name]> | undefined
  const faults = section('faults')
  const fleet = section('fleet')
  const workload = section('workload')
  const arms = section('arms')
  const probes = section('probes')
  const thresholds = section('thresholds')
  const reference = section('reference')
  const remote = section('remote')

  return [
    ...(fleet === undefined ? [] : hostsOf(fleet)),
    ...(fleet === undefined ? [] : checkRemote({ fleet, remote, arms, probes })),
    ...(workload === undefined ? [] : checkWorkload(workload)),
    ...repeated(
      arms ?? [],
      armName,
      (index) => ['arms', index, arms?.[index]?.name === undefined ? 'profile' : 'name'],
      (name) => `duplicate arm ${name}; give one of them a name`,
    ),
    ...(arms ?? []).flatMap(armMistakes),
    ...repeated(
      probes?.sequence ?? [],
      (probe) => probe.name,
      (index) => ['probes', 'sequence', index, 'name'],
      (name) => `duplicate probe ${name}`,
    ),
    ...chain(probes),
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
      ...stopOfProbe(['thresholds', index], threshold, probes),
    ]),
    ...(reference?.figures ?? []).flatMap((figure, index) => [
      ...known(['reference', 'figures', index, 'profile'], [figure.profile], arms?.map(armName), 'arm'),
      ...stopOfProbe(['reference', 'figures', index], figure, probes),
    ]),
  ]
}

function hostsOf({ hosts, nodes }: z.infer<Sections['fleet']>): PlanProblem[] {
  return hosts <= nodes ? [] : [{ path: ['fleet', 'hosts'], message: `more hosts (${hosts}) than nodes (${nodes})` }]
}

/** A knob that an arm sets twice, and values that do not go together, its profile's included. */
function armMistakes({ profile, set }: z.infer<Sections['arms']>[number], index: number): PlanProblem[] {
  const path = ['arms', index]
  const conflicts = conflictsAmong(requestsOf(profile, set)).map(({ knobs, message }) => {
    const last = set.findLastIndex(({ knob }) => knobs.includes(knob))
    return { path: [...path, ...(last === -1 ? ['profile'] : ['set', last, 'value'])], message }
  })
  const twice = repeated(
    set,
    ({ knob }) => knob,
    (departure) => [...path, 'set', departure, 'knob'],
    (knob) => `duplicate knob ${knob}`,
  )
  return [...twice, ...conflicts]
}

function repeated<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  pathOf: (index: number) => PlanProblem['path'],
  message: (key: string) => string,
): PlanProblem[] {
  const seen = new Set<string>()
  return items.flatMap((item, index) => {
    const key = keyOf(item)
    if (seen.has(key)) return [{ path: pathOf(index), message: message(excerpt(key)) }]
    seen.add(key)
    return []
  })
}

function chain(probes: z.infer<Sections['probes']> | undefined): PlanProblem[] {
  const sequence = probes?.sequence ?? []
  return sequence.flatMap((probe, index) => {
    const path = ['probes', 'sequence', index, 'from']
    const before = sequence[index - 1]
    if (probe.from === probe.to) return [{ path, message: `scaling from ${probe.from} to ${probe.to} changes nothing` }]
    if (before !== undefined && before.to !== probe.from)
      return [
        {
          path,
          message: `must be ${before.to}, where ${shown(before.name)} ends: all probes scale the same Deployment`,
        },
      ]
    return []
  })
}

function known(
  path: PlanProblem['path'],
  names: readonly string[],
  allowed: readonly string[] | undefined,
  what: string,
): PlanProblem[] {
  if (allowed === undefined) return []
  return names
    .filter((name) => !allowed.includes(name))
    .map((name) => ({
      path,
      message: `the plan has no ${what} ${shown(name)}; it has ${formatNames([...new Set(allowed)])}${didYouMean(name, allowed)}`,
    }))
}

function stopOfProbe(
  path: PlanProblem['path'],
  { probe: name, stop }: { probe: string; stop: StopName },
  probes: z.infer<Sections['probes']> | undefined,
): PlanProblem[] {
  if (probes === undefined) return []
  const probe = probes.sequence.find((candidate) => candidate.name === name)
  if (probe === undefined)
    return known(
      [...path, 'probe'],
      [name],
      probes.sequence.map((candidate) => candidate.name),
      'probe',
    )
  if (stopsOf(probe).includes(stop)) return []
  return [
    {
      path: [...path, 'stop'],
      message: `${shown(name)} has no stop ${shown(stop)}; it has ${stopsOf(probe).join(', ')}`,
    },
  ]
}

function bounds(threshold: z.infer<Sections['thresholds']>[number], path: PlanProblem['path']): PlanProblem[] {
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
