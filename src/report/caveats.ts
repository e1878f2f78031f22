import { formatCount, plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { formatNames } from '../base/names.ts'
import { lacksOf } from '../result/fill.ts'
import { shortageOf } from '../result/fleet.ts'
import type { ArmOutcome, FillOutcome, KnobOutcome, ProbeOutcome } from '../result/result.ts'
import { describeNotRead, isMachineBound } from '../result/result.ts'
import { clockResolutionMs } from '../result/sample.ts'
import { formatKnobValue, formatShare, none } from './format.ts'
import { armLabel, stopLabel, stopTimes } from './labels.ts'

/** One kind of thing that lessens trust in the figures, and everywhere it happened. */
export interface Caveat {
  severity: 'bad' | 'warn'
  title: string
  places: string[]
}

/** What the fill and the probes have in common. */
type Measurement = { name: string } & (ProbeOutcome | FillOutcome)

/** Looks for everything in the arms that a reader of the figures has to know. */
export function caveatsOf(arms: ArmOutcome[]): Caveat[] {
  const perArm = (say: (arm: ArmOutcome) => string[]): string[] =>
    arms.flatMap((arm) => say(arm).map((text) => `${armLabel(arm)}: ${text}`))
  const perProbe = (say: (probe: ProbeOutcome) => string | false | undefined): string[] =>
    perArm((arm) =>
      arm.probes.flatMap((probe) => {
        const text = say(probe)
        return text ? [`${probe.name}, ${text}`] : []
      }),
    )
  const perMeasurement = (say: (measurement: Measurement) => string | false): string[] =>
    perArm((arm) =>
      measurementsOf(arm).flatMap((measurement) => {
        const text = say(measurement)
        return text ? [`${measurement.name}, ${text}`] : []
      }),
    )
  const knobs = (status: KnobOutcome['status']): string[] =>
    perArm((arm) => {
      const ids = arm.knobs.filter((knob) => knob.status === status).map((knob) => knob.id)
      return ids.length === 0 ? [] : [ids.join(', ')]
    })
  const caveats: Caveat[] = [
    { severity: 'bad', title: 'Left behind or not restored', places: perArm((arm) => arm.residue) },
    {
      severity: 'bad',
      title: 'Arms that did not finish',
      places: perArm((arm) => (arm.outcome === 'complete' ? [] : [arm.error ?? arm.outcome])),
    },
    {
      severity: 'bad',
      title: 'Machine-bound: this machine was the limit, so these times are upper bounds',
      places: perArm((arm) => [...boundSteps(arm), ...boundMeasurements(arm)]),
    },
    {
      severity: 'bad',
      title: 'The cluster was not filled completely',
      places: perArm(({ fill }) => (fill === null ? [] : lacksOf(fill))),
    },
    { severity: 'bad', title: 'Nodes not Ready at the end', places: perArm(nodesAway) },
    {
      severity: 'bad',
      title: 'The API server was not checked: anyone could have answered in its place',
      places: perArm(({ insecure }) => (insecure === true ? ['--allow-insecure'] : [])),
    },
    { severity: 'bad', title: 'Knobs with another value than requested', places: knobs('differs') },
    {
      severity: 'warn',
      title: 'Overridden by Kubernetes',
      places: perArm(overridden),
    },
    { severity: 'warn', title: 'Nodes that lost Ready for a while', places: perArm(nodesBack) },
    { severity: 'warn', title: 'The machine was expected to be too small for the fleet', places: perArm(tooSmall) },
    { severity: 'warn', title: 'Knobs that could not be read back', places: knobs('unverified') },
    {
      severity: 'warn',
      title: 'Client limits that were not read: what bound these numbers is not known',
      places: perProbe(({ explanations }) => {
        const unread = new Set(explanations.flatMap((explanation) => explanation.unread ?? []))
        return unread.size > 0 && [...unread].join(', ')
      }),
    },
    {
      severity: 'warn',
      title: 'Times that the arithmetic of client limits contradicts',
      places: perProbe(({ explanations }) => {
        const stops = explanations.filter(({ contradicts }) => contradicts).map(({ stop }) => stopLabel(stop))
        return stops.length > 0 && stops.join(', ')
      }),
    },
    { severity: 'warn', title: 'Not read: no figure comes from it', places: perArm(unread) },
    { severity: 'warn', title: 'Nodes that were there before the run', places: perArm(foreignNodes) },
    {
      severity: 'warn',
      title: 'Probe containers are real: times include pulling their image and starting them',
      places: perArm(({ fleet, probes }) =>
        fleet.probeNode === 'real' ? [`node ${probes[0]?.node ?? 'of the probes'}`] : [],
      ),
    },
    {
      severity: 'warn',
      title: 'More pods than planned (replacements, evictions)',
      places: perMeasurement(({ pods }) => pods.unexpected > 0 && plural(pods.unexpected, 'pod')),
    },
    {
      severity: 'warn',
      title: 'The API server dropped our watch',
      places: perMeasurement(
        ({ pods }) =>
          pods.censored > 0 &&
          `${plural(pods.censored, 'pod event was', 'pod events were')} seen up to ${formatDuration(pods.censoredWithinMs)} late`,
      ),
    },
    {
      severity: 'warn',
      title: 'Our requests that were refused or lost',
      places: perMeasurement(
        ({ clientRetries: { count, waitedMs } }) =>
          count > 0 &&
          (count === 1
            ? `retried once, after ${formatDuration(waitedMs)}`
            : `${formatCount(count)} retries, after ${formatDuration(waitedMs)} of waiting in all`),
      ),
    },
    {
      severity: 'warn',
      title: 'May be too long',
      places: perProbe(({ stopsMs, stopsVagueByMs }) => {
        const vague = stopTimes({ stopsMs }).flatMap(({ stop, label, ms }) => {
          const byMs = stopsVagueByMs[stop] ?? 0
          if (ms === null || byMs <= clockResolutionMs) return []
          const [least, most] = [formatDuration(Math.max(0, ms - byMs)), formatDuration(ms)]
          if (least === most) return [`${label}, by up to ${formatDuration(byMs)}`]
          return [`${label}, really between ${least} and ${most}`]
        })
        return vague.length > 0 && vague.join('; ')
      }),
    },
  ]
  return caveats.filter((caveat) => caveat.places.length > 0)
}

/** What was not read of the components: what is the same of several, in one line. */
function unread(arm: ArmOutcome): string[] {
  const found = measurementsOf(arm).flatMap(({ name, notRead }) => notRead.map((one) => ({ name, one })))
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

function measurementsOf({ fill, probes }: ArmOutcome): Measurement[] {
  return fill === null ? probes : [{ name: 'fill', ...fill }, ...probes]
}

function boundMeasurements(arm: ArmOutcome): string[] {
  const bound = measurementsOf(arm).filter(isMachineBound)
  return bound.map(({ name, machineBusy }) => `${name}, processors ${formatShare(machineBusy ?? 0)} busy`)
}

/** Steps that were bound, but for the fill and the probes: they say it themselves, without what is around them. */
function boundSteps({ fill, probes, machine }: ArmOutcome): string[] {
  const measured = [...(fill === null ? [] : ['fill']), ...probes.map(({ name }) => `probe/${name}`)]
  const bound = (machine?.phases ?? []).filter(({ step, machineBound }) => machineBound && !measured.includes(step))
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

const origins = { existing: 'hollow nodes that were there already', none: "the cluster's own nodes" } as const

function foreignNodes({ fleet: { nodes, source } }: ArmOutcome): string[] {
  return source === 'hollow'
    ? []
    : [`${plural(nodes, 'node')}, ${origins[source]}: the run neither configured nor packed them`]
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
