import { formatDuration } from '../../base/duration.ts'
import type { Progress } from '../../base/progress.ts'
import type { ContainerStarts } from '../../fleet/hollow-node.ts'
import { conditionsOf } from '../../measure/conditions.ts'
import type { ClientLimits, WorkSeen } from '../../measure/limiters.ts'
import { explainStops, readApiRequests, readLimiters } from '../../measure/limiters.ts'
import type { ProbeTimeline } from '../../measure/timeline.ts'
import { createProbeTimeline } from '../../measure/timeline.ts'
import type { Window } from '../../measure/window.ts'
import type { PlannedProbe } from '../../plan/probe.ts'
import type { ProbeShape } from '../../plan/stops.ts'
import { isRollout, stopsOf } from '../../plan/stops.ts'
import type { Recording } from '../../record/recording.ts'
import { watchProbe } from '../../record/watch-probe.ts'
import type { Disruptions } from '../../result/parts.ts'
import type { PodTimeline } from '../../result/sample-line.ts'
import type { Cluster } from '../../targets/target.ts'
import { probeSelector } from '../../workload/probe-target.ts'
import { unlessDenied } from '../denials.ts'
import type { Step } from '../step.ts'
import { withContainerStarts } from './container-starts.ts'
import type { ProbeOutcome, Probes } from './outcome.ts'
import { timeoutInWords, unfinishedStart } from './outcome.ts'
import type { ProbeTarget } from './target.ts'

export interface ProbeOptions {
  cluster: Cluster
  target: ProbeTarget
  probe: PlannedProbe
  /** The arm's probes before this one. */
  earlier: Probes
  /** Where the plan has it. */
  at: string
  node: string
  serviceAccountToken: boolean
  settleMs: number
  limits: ClientLimits
  /** Of hollow nodes, where they do not start at once. */
  containerStarts: ContainerStarts | undefined
  recording: Recording
}

/** The step id of a probe; the prefix keeps it apart from other steps, whatever the plan calls it. */
export function probeStepId({ name }: PlannedProbe): string {
  return `probe/${name}`
}

/** What a probe's step is called: `Rollout 1 -> 200`. */
export function probeTitle(probe: ProbeShape): string {
  return `${isRollout(probe) ? 'Rollout' : 'Scale-down'} ${probe.from} -> ${probe.to}`
}

/**
 * Scales the Deployment and times the stops on the cluster's clock. T0 is just before the scale request is sent. A stop
 * that does not come within the probe's timeout is null in the outcome: a result, not an error.
 */
export function probeStep(options: ProbeOptions): Step<ProbeOutcome> {
  const { cluster, target, probe, settleMs } = options
  const { api, clock } = cluster
  return {
    id: probeStepId(probe),
    title: probeTitle(probe),
    timeoutMs: settleMs + probe.timeout + 60_000,
    async setUp({ signal, report }) {
      const timeline = createProbeTimeline(probe)
      const allReached = Promise.withResolvers<void>()
      const over = new AbortController()
      let t0Ms: number | undefined
      const watches = watchProbe(timeline, {
        api,
        clock,
        namespace: target.namespace,
        labelSelector: probeSelector,
        onChange() {
          if (t0Ms === undefined) return
          report(progressOf(timeline, probe))
          if (timeline.reachedAll()) allReached.resolve()
        },
      })
      try {
        await Promise.race([watches.synced, watches.failed])
        report({ text: `quiet for ${formatDuration(settleMs)}` })
        await Promise.race([clock.sleep(settleMs, signal), watches.failed])

        const phase = await options.recording.begin(probeStepId(probe))
        t0Ms = phase.startMs
        timeline.start(t0Ms)
        await api.patch(
          { resource: 'deployments', namespace: target.namespace, name: target.name },
          { type: 'merge', body: { spec: { replicas: probe.to } } },
          'scale',
        )
        const late = clock.sleep(probe.timeout, AbortSignal.any([signal, over.signal]))
        const deployments = { namespace: target.namespace }
        const reached = Promise.race([allReached.promise, watches.failed, late])
        await unlessDenied({ api, clock, deployments, progress: timeline.progress }, reached)
        return outcomeOf(options, { timeline, t0Ms }, await phase.end(), watches.disruptions)
      } finally {
        over.abort()
        // Also what was seen until an interrupt is kept.
        if (t0Ms !== undefined) options.recording.pods(probe.name, timeline.podTimelines())
        await watches.stop()
      }
    },
    summary: (outcome) => {
      const reached = stopsOf(probe).flatMap((stop) => {
        const stopMs = outcome.stopsMs[stop]
        return typeof stopMs === 'number' ? [`${stop} ${formatDuration(stopMs)}`] : []
      })
      return [
        ...reached,
        timeoutInWords([...options.earlier, { name: probe.name, at: options.at, outcome }], options.earlier.length) ??
          [],
      ]
        .flat()
        .join(', ')
    },
  }
}

function outcomeOf(
  { probe, at, earlier, node, serviceAccountToken, limits, containerStarts }: ProbeOptions,
  { timeline, t0Ms }: { timeline: ProbeTimeline; t0Ms: number },
  window: Window,
  watch: Disruptions,
): ProbeOutcome {
  const summary = timeline.summary()
  const apiRequests = readApiRequests(window)
  const work = workOf(timeline.podTimelines(), t0Ms, serviceAccountToken)
  const limiters = readLimiters(window, apiRequests, limits, work)
  const outcome: ProbeOutcome = {
    name: probe.name,
    from: probe.from,
    to: probe.to,
    node,
    serviceAccountToken,
    timeoutMs: probe.timeout,
    ...summary,
    limiters,
    explanations: [],
    // Empty when they were not read: `notRead` says so.
    apiRequests: apiRequests ?? {},
    watch,
    ...conditionsOf(window),
  }
  // What started elsewhere than planned takes other requests than those its arithmetic counts.
  if (unfinishedStart([...earlier, { name: probe.name, at, outcome }], earlier.length) !== undefined) return outcome
  const { stopsMs, stopsVagueByMs } = summary
  const explanations = explainStops(stopsMs, limiters, stopsVagueByMs)
  return {
    ...outcome,
    explanations: withContainerStarts(explanations, stopsMs, probe.to - probe.from, containerStarts),
  }
}

/** What the controllers and the kubelet had to do since T0, as the watches saw it. */
function workOf(pods: readonly PodTimeline[], t0Ms: number, serviceAccountToken: boolean): WorkSeen {
  const since = (moment: number | undefined) => moment !== undefined && moment >= t0Ms
  const podsCreated = pods.filter(({ createdMs }) => since(createdMs)).length
  const podsBound = pods.filter(({ boundMs }) => since(boundMs)).length
  const podsDeleted = pods.filter(({ terminatingMs, deletedMs }) => since(terminatingMs ?? deletedMs)).length
  return { podsCreated, podsBound, podsDeleted, tokens: serviceAccountToken ? podsCreated : 0 }
}

function progressOf(timeline: ProbeTimeline, probe: ProbeShape): Progress {
  const total = Math.abs(probe.to - probe.from)
  return isRollout(probe)
    ? { done: timeline.done() - probe.from, total, unit: 'pods Ready' }
    : { done: timeline.done(), total, unit: 'pods deleted' }
}
