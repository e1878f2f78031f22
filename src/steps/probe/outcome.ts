import { z } from 'zod'
import { plural } from '../../base/count.ts'
import { formatDuration } from '../../base/duration.ts'
import { formatList } from '../../base/names.ts'
import type { StopName } from '../../plan/stops.ts'
import { isRollout, stopOrder, stopsOf } from '../../plan/stops.ts'
import type { FoundStep, OutcomeKind, OwnFigure } from '../../result/outcome-kind.ts'
import { conditions, disruptions, explanation, isMachineBound, limiterReading } from '../../result/parts.ts'
import type { ArmOutcome } from '../../result/result.ts'
import { outcomesOf } from '../../result/result.ts'
import type { Reading } from '../../result/sample.ts'
import { clockResolutionMs } from '../../result/sample.ts'
import { timelineSummary } from '../../result/timeline.ts'
import { podFigures } from '../pod-figures.ts'
import { stallsOf } from '../stalls.ts'
import { probeSection } from './section.ts'

/** How a Deployment was scaled, and what was seen of it. */
const probeOutcome = z.object({
  name: z.string(),
  from: z.number(),
  to: z.number(),
  node: z.string(),
  serviceAccountToken: z.boolean(),
  /** How long its stops were waited for; absent in results from before it was kept. */
  timeoutMs: z.number().min(0).optional(),
  ...timelineSummary,
  limiters: z.array(limiterReading),
  explanations: z.array(explanation),
  /** Requests the apiserver answered during the probe, as `VERB resource/subresource` -> count; empty where they were not read. */
  apiRequests: z.record(z.string(), z.number()),
  watch: disruptions,
  ...conditions,
})

export type ProbeOutcome = z.infer<typeof probeOutcome>

/** The probes of one arm, in the order they ran. */
export type Probes = readonly FoundStep<ProbeOutcome>[]

/** Stops that a probe waited for in vain, in order. */
function unreachedStops({ stopsMs }: Pick<ProbeOutcome, 'stopsMs'>): StopName[] {
  return stopOrder.filter((stop) => stopsMs[stop] === null)
}

/** How a stop that was not reached is described; `done` and `total` are counts. */
const progressWords: Record<StopName, (done: number, total: number) => string> = {
  created: (done, total) => `${done} of ${total} created`,
  first: () => 'no new pod Ready',
  available: (done, total) => `${done} of ${total} available`,
  ready: (done, total) => `${done} of ${total} Ready`,
  rsCurrent: (done, total) => `${done} of ${total} gone from the ReplicaSet`,
  deleted: (done, total) => `${done} of ${total} deleted`,
}

/**
 * Why a probe was not finished, and what to change: `timed out after 30.0 s with 78 of 200 Ready; raise
 * probes.sequence[0].timeout`, or that pods have no node, where more time would not help. Undefined for one that reached all its stops.
 */
export function timeoutInWords(probes: Probes, index: number): string | undefined {
  const step = probes[index]
  const unreached = step === undefined ? [] : unreachedStops(step.outcome)
  if (step === undefined || unreached.length === 0) return undefined
  const { timeoutMs, progress, unschedulable } = step.outcome
  const after = timeoutMs === undefined ? '' : ` after ${formatDuration(timeoutMs)}`
  const states = unreached.map((stop) => {
    const state = progress[stop]
    return state === undefined ? `${stop} not reached` : progressWords[stop](state.done, state.total)
  })
  const next =
    unschedulable === undefined
      ? `raise ${step.at}.timeout`
      : `no node has room for ${plural(unschedulable.pods, 'pod')} (${unschedulable.because}), so more time would not help`
  return `timed out${after} with ${formatList(states)}; ${next}`
}

/**
 * Why a probe did not start from where it was to: then its times are not those of what the plan asks for, and are compared with
 * nothing. Undefined for one that did.
 */
export function unfinishedStart(probes: Probes, index: number): string | undefined {
  const [before, probe] = [probes[index - 1], probes[index]?.outcome]
  if (before !== undefined && unreachedStops(before.outcome).length > 0)
    return `started before ${before.name} was finished`
  if (probe?.atStart === undefined) return undefined
  const { pods, ready } = probe.atStart
  if (pods === probe.from && ready === probe.from) return undefined
  return `started from ${ready} Ready of ${pods} pods instead of ${probe.from}`
}

/** One arm's figure for a stop of a probe; undefined where it has none. */
export function readingOfStop(probes: Probes, index: number, stop: StopName): Reading | undefined {
  const probe = probes[index]?.outcome
  const value = probe?.stopsMs[stop]
  if (probe === undefined || value === undefined) return undefined
  const vagueByMs = probe.stopsVagueByMs[stop] ?? 0
  const hindrance = () => {
    if (unfinishedStart(probes, index) !== undefined) return 'unfinished-start'
    if (value === null) return 'not-reached'
    if (isMachineBound(probe)) return 'machine-bound'
    return vagueByMs > clockResolutionMs ? 'seen-late' : null
  }
  // What a saturated machine timed is only known to have been no later on a bigger one.
  const least = value === null ? Number.POSITIVE_INFINITY : isMachineBound(probe) ? 0 : Math.max(0, value - vagueByMs)
  return { value, least, hindrance: hindrance() }
}

/** Stops that apply to a probe and that nothing was recorded of; `first` is not in results of schema 1. */
function missingStops(probe: Pick<ProbeOutcome, 'from' | 'to' | 'stopsMs'>): StopName[] {
  return stopsOf(probe).filter((stop) => stop !== 'first' && probe.stopsMs[stop] === undefined)
}

/** What results know of probes. */
export const probeOutcomes: OutcomeKind<ProbeOutcome> = {
  section: probeSection,
  outcome: {
    schema: probeOutcome,
    assures: 'No pod was lost.',
    readingOf(probes, index, name) {
      const stop = stopOrder.find((known) => known === name)
      return stop === undefined ? undefined : readingOfStop(probes, index, stop)
    },
    figuresOf,
    doubtsAbout,
    nodesOf: ({ node }) => [node],
  },
}

/** The probes of an arm, in the order they ran. */
export function probesOf(arm: Pick<ArmOutcome, 'steps'>): ProbeOutcome[] {
  return outcomesOf(arm, probeOutcomes).map(({ outcome }) => outcome)
}

function figuresOf(probes: Probes, index: number): OwnFigure[] {
  const probe = probes[index]?.outcome
  if (probe === undefined) return []
  const stops = stopOrder.flatMap((stop): OwnFigure[] => {
    const reading = readingOfStop(probes, index, stop)
    return reading === undefined
      ? []
      : [{ name: 'probe_stop_ms', labels: { stop }, figure: reading.value, readingOf: () => reading }]
  })
  const isWhole = unfinishedStart(probes, index) === undefined
  const phases = podFigures(isRollout(probe) ? 'pod_startup_ms' : 'pod_deletion_ms', probe.phasesMs, probe)
  return [
    ...stops,
    ...phases.map(
      (one): OwnFigure => ({
        ...one,
        readingOf: (value) =>
          isWhole ? one.readingOf(value) : { ...one.readingOf(value), hindrance: 'unfinished-start' },
      }),
    ),
  ]
}

function doubtsAbout(probes: Probes, index: number): string[] {
  const probe = probes[index]?.outcome
  if (probe === undefined) return []
  const troubles = [unfinishedStart(probes, index), timeoutInWords(probes, index)].filter((one) => one !== undefined)
  return [
    ...troubles,
    ...missingStops(probe).map((stop) => `${stop} was not recorded`),
    // Of one that did not start or end as planned it is known already.
    ...(troubles.length === 0 ? lostPods(probe) : []),
    ...(probe.pods.unexpected > 0
      ? [`${plural(probe.pods.unexpected, 'pod', 'pods')} more than the plan asks for`]
      : []),
    ...stallsOf(probe),
  ]
}

function lostPods({ from, to, pods }: ProbeOutcome): string[] {
  const isUp = isRollout({ from, to })
  const [total, lost] = isUp ? [to, to - pods.ready] : [from - to, from - to - pods.deleted]
  const ending = isUp ? 'not Ready at the end' : 'not deleted'
  return lost > 0 ? [`${plural(lost, 'pod')} of ${total} ${lost === 1 ? 'was' : 'were'} ${ending}`] : []
}
