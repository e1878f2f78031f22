import { formatCount, plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { formatNames } from '../base/names.ts'
import { shortageOf } from '../result/fleet.ts'
import { describeNotRead, isMachineBound } from '../result/parts.ts'
import type { ArmOutcome, KnobOutcome, Result } from '../result/result.ts'
import { formatKnobValue, formatShare, none } from './format.ts'
import { armLabel } from './labels.ts'
import type { Conditions, Doubt, RunReport, StepReport } from './step-view.ts'
import type { ArmVersions } from './versions.ts'

/** One kind of thing that lessens trust in the figures, and everywhere it happened. */
export interface Caveat extends Pick<Doubt, 'severity' | 'title'> {
  places: string[]
}

/** Looks for everything in the arms and their steps that a reader of the figures has to know. */
export function caveatsOf(
  {
    arms,
    resumptions = [],
    warmUps = [],
    beyondTested = [],
    endedBy,
  }: Pick<Result, 'arms' | 'resumptions' | 'warmUps' | 'beyondTested' | 'endedBy'>,
  steps: readonly StepReport[],
  versions: readonly ArmVersions[],
): Caveat[] {
  const perArm = (say: (arm: ArmOutcome) => string[], among: readonly ArmOutcome[] = arms): string[] =>
    among.flatMap((arm) => say(arm).map((text) => `${armLabel(arm)}: ${text}`))
  const runsOf = (arm: ArmOutcome) => steps.flatMap(({ runs }) => runs.filter(({ label }) => label === armLabel(arm)))
  const perRun = (say: (conditions: Conditions) => string | false): string[] =>
    perArm((arm) =>
      runsOf(arm).flatMap(({ name, conditions }) => {
        const text = say(conditions)
        return text === false ? [] : [`${name}, ${text}`]
      }),
    )
  const knobs = (status: KnobOutcome['status']): string[] =>
    perArm((arm) => {
      const ids = arm.knobs.filter((knob) => knob.status === status).map((knob) => knob.id)
      return ids.length === 0 ? [] : [ids.join(', ')]
    })
  const caveats: Caveat[] = [
    {
      severity: 'bad',
      title: 'Left behind or not restored',
      places: perArm((arm) => arm.residue, [...warmUps, ...arms]),
    },
    {
      severity: 'bad',
      title: 'Arms that did not finish',
      // That somebody interrupted the run is said at the top.
      places: perArm(({ outcome, error }) =>
        outcome === 'complete' || (outcome === 'interrupted' && endedBy === 'interrupted') ? [] : [error ?? outcome],
      ),
    },
    {
      severity: 'bad',
      title: 'Machine-bound: this machine was the limit, so these times are upper bounds',
      places: perArm((arm) => [...boundPhases(arm, runsOf(arm)), ...boundRuns(runsOf(arm))]),
    },
    { severity: 'bad', title: 'Nodes not Ready at the end', places: perArm(nodesAway) },
    {
      severity: 'bad',
      title: 'The identity of the API server was not verified: anyone could have answered in its place',
      places: perArm(({ insecure }) => (insecure === true ? ['--allow-insecure'] : [])),
    },
    { severity: 'bad', title: 'Knobs whose actual value differs from the requested one', places: knobs('differs') },
    {
      severity: 'bad',
      title: 'Set by the plan but not applied here: the figures do not show their effect',
      places: perArm(notSetHere),
    },
    {
      severity: 'warn',
      title: 'The arms run different versions: their figures may differ for that reason alone',
      places: versions.map(({ arm, words }) => `${arm}: ${words}`),
    },
    { severity: 'warn', title: 'The run was stopped, and resumed later', places: resumptions.map(resumed) },
    {
      severity: 'warn',
      title: 'Repetitions measured partly before and partly after a stop: the machine may have changed in between',
      places: resumptions.length === 0 ? [] : dividedRepetitions(arms),
    },
    {
      severity: 'warn',
      title: 'Beyond the scale Kubernetes is tested at: its service levels are not promised there',
      places: beyondTested,
    },
    {
      severity: 'warn',
      title: 'Overridden by Kubernetes',
      places: perArm(overridden),
    },
    {
      severity: 'warn',
      title: 'Settings that were not restored',
      places: arms.some(({ leftTuned }) => leftTuned === true) ? [settingsStay] : [],
    },
    { severity: 'warn', title: 'Nodes that were not Ready for a while', places: perArm(nodesBack) },
    { severity: 'warn', title: 'The machine was expected to be too small for the fleet', places: perArm(tooSmall) },
    { severity: 'warn', title: 'Knobs that could not be read back', places: knobs('unverified') },
    { severity: 'warn', title: 'Not read, so no figure is based on it', places: perArm((arm) => unread(runsOf(arm))) },
    { severity: 'warn', title: 'Nodes that existed before the run', places: perArm(foreignNodes) },
    {
      severity: 'warn',
      title: 'More pods than planned (replacements, evictions)',
      places: perRun(({ pods }) => pods !== undefined && pods.unexpected > 0 && plural(pods.unexpected, 'pod')),
    },
    {
      severity: 'warn',
      title: 'The API server dropped our watch',
      places: perRun(
        ({ pods }) =>
          pods !== undefined &&
          pods.censored > 0 &&
          `${plural(pods.censored, 'pod event was', 'pod events were')} seen up to ${formatDuration(pods.censoredWithinMs)} late`,
      ),
    },
    {
      severity: 'warn',
      title: 'Some of our requests were refused or lost',
      places: perRun(({ clientRetries: { count, waitedMs } = { count: 0, waitedMs: 0 } }) => {
        if (count === 0) return false
        return count === 1
          ? `retried once, after ${formatDuration(waitedMs)}`
          : `retried ${formatCount(count)} times, waiting ${formatDuration(waitedMs)} in total`
      }),
    },
    ...doubtsOf(arms.flatMap(runsOf)),
  ]
  return severities.flatMap((one) => caveats.filter(({ severity, places }) => severity === one && places.length > 0))
}

function resumed({ at, armsDone, ranAgain }: NonNullable<Result['resumptions']>[number]): string {
  const moment = `${at.slice(0, 19).replace('T', ' ')} UTC`
  const after = armsDone === 0 ? 'before any arm was complete' : `after ${plural(armsDone, 'arm')}`
  const again = ranAgain.length === 0 ? '' : `; run again from the beginning: ${formatNames(ranAgain)}`
  return `${moment}, ${after}${again}`
}

/** Arms of a repetition are compared as a pair, which only evens out a drift that is the same for both. */
function dividedRepetitions(arms: readonly ArmOutcome[]): string[] {
  const repetitions = [...Map.groupBy(arms, ({ repetition }) => repetition)].toSorted(([one], [other]) => one - other)
  return repetitions.flatMap(([repetition, all]) => {
    const sessions = [...Map.groupBy(all, ({ session = 1 }) => session)].toSorted(([one], [other]) => one - other)
    if (sessions.length < 2) return []
    const parts = sessions.map(([, own]) => formatNames(own.map(({ name }) => name)))
    return [`repetition ${repetition}: ${parts.join(' | ')}`]
  })
}

/** What an arm would have measured, had its target been able to set it. */
function notSetHere({ knobs }: ArmOutcome): string[] {
  const ids = knobs.filter(
    ({ departs, status, requested }) => departs && status === 'not-applied' && requested !== null,
  )
  return ids.length === 0 ? [] : [formatNames(ids.map(({ id }) => id))]
}

/** Of a cluster, nobody knows here which arms ran on it. */
const settingsStay = 'each target keeps the last arm’s settings; remote.restore can name a program that restores them'

const severities = ['bad', 'warn'] as const

/** What the steps themselves say of their figures; the same thing in several runs, together. */
function doubtsOf(runs: readonly RunReport[]): Caveat[] {
  const all = runs.flatMap(({ label, doubts }) =>
    doubts.map((doubt) => ({ ...doubt, place: `${label}: ${doubt.text}` })),
  )
  return [...Map.groupBy(all, ({ title }) => title).values()].flatMap((group) => {
    const places = [...new Set(group.map(({ place }) => place))]
    return group.slice(0, 1).map(({ severity, title }) => ({ severity, title, places }))
  })
}

/** What was not read of the components: what is the same of several, in one line. */
function unread(runs: readonly RunReport[]): string[] {
  const found = runs.flatMap(({ name, conditions: { notRead } }) => notRead.map((one) => ({ name, one })))
  const once = Map.groupBy(found, ({ one }) => describeNotRead(one)).values()
  const lines = [...once].flatMap((places) => {
    const where = [...new Set(places.map(({ name }) => name))].join(', ')
    return places
      .slice(0, 1)
      .map(({ one }) => ({ one, where, kind: [one.component, one.part, one.because, where].join('\n') }))
  })
  return [...Map.groupBy(lines, ({ kind }) => kind).values()].flatMap((group) => {
    const instances = group.map(({ one }) => one.instance).sort()
    return group.slice(0, 1).map(({ one, where }) => {
      const text = describeNotRead(instances.length === 1 ? one : { ...one, instance: formatNames(instances) })
      return `${text} (${where})`
    })
  })
}

function boundRuns(runs: readonly RunReport[]): string[] {
  const bound = runs.filter(({ conditions }) => isMachineBound(conditions))
  return bound.map(({ name, conditions }) => `${name}, processors ${formatShare(conditions.machineBusy ?? 0)} busy`)
}

/** Phases that were bound, but for the steps with figures: they say it themselves, without what is around them. */
function boundPhases({ machine }: ArmOutcome, runs: readonly RunReport[]): string[] {
  const bound = (machine?.phases ?? []).filter(
    ({ step, machineBound }) => machineBound && runs.every(({ phase }) => phase !== step),
  )
  return bound.map(({ title, busy }) => `${title}, processors ${formatShare(busy)} busy`)
}

/** A table of connections that no traffic fills: no plan has any. */
const withoutEffect = ['host.nf_conntrack_max', 'kubeProxy.conntrack.min']

function overridden({ knobs }: ArmOutcome): string[] {
  const overruled = knobs.filter(({ status }) => status === 'overruled')
  if (overruled.length === 0) return []
  const values = overruled.map(
    ({ id, effective, requested }) => `${id} is ${shown(effective)} instead of ${shown(requested)}`,
  )
  const isIdle = overruled.every(({ id }) => withoutEffect.includes(id))
  return [`${values.join(', ')}.${isIdle ? ' No figure here depends on it.' : ''}`]
}

function shown(value: KnobOutcome['effective']): string {
  if (value === null) return none
  return typeof value === 'number' ? formatCount(value) : formatKnobValue(value)
}

const origins = { existing: 'hollow nodes that already existed', none: "the cluster's own nodes" } as const

function foreignNodes({ fleet: { nodes, source }, knobs }: ArmOutcome): string[] {
  if (source === 'hollow' || nodes === 0) return []
  // Those of hosts that the run tunes over ssh.
  const isTuned = knobs.some(
    ({ component, setBy, status }) => component === 'kubelet' && setBy === undefined && status === 'applied',
  )
  return [
    `${plural(nodes, 'node')}, ${origins[source]}: the run did not create ${isTuned ? 'them' : 'or configure them'}`,
  ]
}

function nodesAway({ fleet: { nodes, flaps } }: ArmOutcome): string[] {
  const away = flaps.notReadyAtEnd
  return away.length === 0 ? [] : [`${formatCount(away.length)} of ${plural(nodes, 'node')}: ${formatNames(away)}`]
}

function nodesBack({ fleet: { nodes, flaps } }: ArmOutcome): string[] {
  const back = flaps.nodes.filter((node) => !flaps.notReadyAtEnd.includes(node))
  return back.length === 0 ? [] : [`${formatCount(back.length)} of ${plural(nodes, 'node')}: ${formatNames(back)}`]
}

/** A fleet that leaves the machine no more than it has when it is machine-bound. */
function tooSmall({ fleet }: ArmOutcome): string[] {
  const shortage = shortageOf(fleet)
  return shortage === undefined ? [] : [shortage]
}
