import { formatDuration } from '../base/duration.ts'
import type { ClientLimits } from '../measure/limiters.ts'
import { explainStops, readApiRequests, readLimiters } from '../measure/limiters.ts'
import type { MachineMonitor, MachineUse } from '../measure/machine.ts'
import type { PodTimeline } from '../measure/timeline.ts'
import { createProbeTimeline } from '../measure/timeline.ts'
import { watchProbe } from '../measure/watch-probe.ts'
import type { PlannedProbe } from '../plan/plan.ts'
import type { ProbeShape } from '../plan/stops.ts'
import { isRollout, stopsOf } from '../plan/stops.ts'
import type { ProbeOutcome } from '../result/result.ts'
import type { Cluster } from '../targets/target.ts'
import { probeSelector } from '../workload/probe-target.ts'
import type { ProbeTarget } from './probe-target.ts'
import type { Step } from './step.ts'

export interface ProbeOptions {
  cluster: Cluster
  target: ProbeTarget
  probe: PlannedProbe
  node: string
  serviceAccountToken: boolean
  settleMs: number
  limits: ClientLimits
  watchMachine: MachineMonitor
  /** Takes the raw timeline of every pod, for the samples file. */
  onSamples: (probe: string, pods: readonly PodTimeline[]) => void
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
      const total = Math.abs(probe.to - probe.from)
      const allReached = Promise.withResolvers<void>()
      const timeline = createProbeTimeline(probe)
      const over = new AbortController()
      let isTimed = false
      const startedWith = isRollout(probe) ? probe.from : 0
      const watches = watchProbe(timeline, {
        api,
        clock,
        namespace: target.namespace,
        labelSelector: probeSelector,
        onChange: () => {
          if (timeline.reachedAll()) allReached.resolve()
          if (isTimed)
            report({
              done: timeline.done() - startedWith,
              total,
              unit: isRollout(probe) ? 'pods Ready' : 'pods deleted',
            })
        },
      })
      let stopWatching: (() => MachineUse) | undefined
      const flushSamples = () => {
        if (isTimed) options.onSamples(probe.name, timeline.podTimelines())
        isTimed = false
      }
      // What was seen until an interrupt is kept: nobody waits for this step once it is aborted.
      signal.addEventListener('abort', flushSamples, { once: true })
      try {
        await Promise.race([watches.synced, watches.failed])
        report({ text: `quiet for ${formatDuration(settleMs)}` })
        await Promise.race([clock.sleep(settleMs, signal), watches.failed])

        const before = await cluster.scrape()
        const retriesBefore = cluster.clientRetries()
        stopWatching = options.watchMachine()
        const t0Ms = clock.nowMs()
        timeline.start(t0Ms)
        isTimed = true
        await api.patch(
          { resource: 'deployments', namespace: target.namespace, name: target.name },
          { type: 'merge', body: { spec: { replicas: probe.to } } },
          'scale',
        )
        await Promise.race([
          allReached.promise,
          watches.failed,
          clock.sleep(probe.timeout, AbortSignal.any([signal, over.signal])),
        ])
        const machine = stopWatching()
        flushSamples()
        const after = await cluster.scrape()
        const retriesAfter = cluster.clientRetries()

        const apiRequests = readApiRequests(before, after)
        const limiters = readLimiters(before, after, apiRequests, options.limits)
        const summary = timeline.summary()
        return {
          name: probe.name,
          from: probe.from,
          to: probe.to,
          node: options.node,
          serviceAccountToken: options.serviceAccountToken,
          ...summary,
          limiters,
          explanations: explainStops(summary.stopsMs, limiters),
          apiRequests,
          watch: watches.disruptions,
          clientRetries: {
            count: retriesAfter.count - retriesBefore.count,
            waitedMs: retriesAfter.waitedMs - retriesBefore.waitedMs,
          },
          eventLoopDelayMaxMs: machine.eventLoopDelayMaxMs,
          machineBusy: machine.busy,
        }
      } finally {
        signal.removeEventListener('abort', flushSamples)
        over.abort()
        stopWatching?.()
        await watches.stop()
      }
    },
    summary: ({ stopsMs }) =>
      stopsOf(probe)
        .map((stop) => `${stop} ${formatStop(stopsMs[stop])}`)
        .join(', '),
  }
}

function formatStop(stopMs: number | null | undefined): string {
  return typeof stopMs === 'number' ? formatDuration(stopMs) : 'not reached'
}
