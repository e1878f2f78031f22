import { orAborted } from '../../base/abort.ts'
import { readApiserverLatencies, readOwnLatencies } from '../../measure/api-latency.ts'
import { conditionsOf } from '../../measure/conditions.ts'
import { thinned } from '../../measure/curve.ts'
import { readEtcdUse } from '../../measure/etcd-use.ts'
import type { ClientLimits, WorkSeen } from '../../measure/limiters.ts'
import { readApiRequests, readLimiters } from '../../measure/limiters.ts'
import { readNetworkProgramming } from '../../measure/network-programming.ts'
import { schedulingRate } from '../../measure/scheduling.ts'
import { createProbeTimeline } from '../../measure/timeline.ts'
import { watchLagOf } from '../../measure/watch-lag.ts'
import { startFeed } from '../../record/feed.ts'
import type { Recording } from '../../record/recording.ts'
import type { Cluster } from '../../targets/target.ts'
import { ownSelector, stamped } from '../../workload/stamp.ts'
import type { StepContext } from '../step.ts'
import type { FillOutcome } from './outcome.ts'

export interface ObserveOptions {
  cluster: Cluster
  runId: string
  /** The client limits in force, as the components themselves said. */
  limits: ClientLimits
  recording: Recording
}

/** Everything that is measured while a cluster is filled. */
interface FillObservation {
  /** From now on, by an object of its own in this namespace. */
  sampleWatchLag(namespace: string): void
  /** Counts what has come about so far. */
  progress(): number
  /** Resolves when as many pods as expected are Ready. */
  allReady(context: StepContext): Promise<void>
  /** `tokensPerNode`: service-account tokens that the pods of one node need, about. */
  finish(tokensPerNode: number): Promise<Omit<FillOutcome, 'objects' | 'stages' | 'countedMs' | 'explanation'>>
  /** Ends the watches, also when nothing is finished; keeps what was seen of pods. */
  stop(): Promise<void>
}

/** The object that watch lag is measured with. */
export function canaryIn(namespace: string) {
  return { metadata: { name: 'scale-test-watch-lag', namespace } }
}

/** Starts observing; the fill begins when this resolves. */
export async function observeFill(
  { cluster, runId, limits, recording }: ObserveOptions,
  step: string,
  expectedPods: number,
  signal: AbortSignal,
): Promise<FillObservation> {
  const { api, clock } = cluster
  const timeline = createProbeTimeline({ from: 0, to: expectedPods })
  const disruptions = { resumed: 0, relisted: 0, silent: 0 }
  const full = Promise.withResolvers<void>()
  let report: StepContext['report'] | undefined
  /** When as many were Ready as expected, last. */
  let fullMs: number | undefined
  const tell = () => {
    report?.({ done: timeline.done(), total: expectedPods, unit: 'pods Ready' })
    if (timeline.done() >= expectedPods) full.resolve()
  }
  const query = { resource: 'pods', labelSelector: ownSelector(runId, 'workload') } as const
  const pods = startFeed(
    { api, clock },
    query,
    (change) => {
      const before = timeline.done()
      timeline.pod(change)
      const done = timeline.done()
      if (before < expectedPods && done >= expectedPods) fullMs = change.atMs
      if (done !== before) tell()
    },
    disruptions,
  )
  const beginning = async () => {
    await orAborted(signal, pods.synced, pods.failed)
    return recording.begin(step, { etcdSizes: true })
  }
  const phase = await beginning().catch(async (error: unknown) => {
    await pods.stop()
    throw error
  })
  const { startMs } = phase
  timeline.start(startMs)
  /** When everything was sent. */
  let sentMs: number | undefined

  return {
    sampleWatchLag(namespace) {
      phase.sampleWatchLag(stamped(canaryIn(namespace), runId, 'canary'))
    },
    progress: timeline.progress,
    async allReady(context) {
      report = context.report
      sentMs = clock.nowMs()
      tell()
      await orAborted(context.signal, full.promise, pods.failed)
    },
    async finish(tokensPerNode) {
      const isWhole = timeline.done() >= expectedPods
      const endMs = isWhole && sentMs !== undefined ? Math.max(sentMs, fullMs ?? sentMs) : clock.nowMs()
      const window = await phase.end()
      const { pods: account, phasesMs, curves } = timeline.summary()
      const { expected, created, bound, unexpected, censored, censoredWithinMs } = account
      const work: WorkSeen = {
        podsCreated: account.created,
        podsBound: account.bound,
        podsDeleted: 0,
        tokens: tokensPerNode,
      }
      const networkProgramming = readNetworkProgramming(window)
      return {
        durationMs: endMs - startMs,
        // Those that are there and Ready now: one that was and has been replaced is among the unexpected.
        pods: { expected, created, bound, ready: timeline.done(), unexpected, censored, censoredWithinMs },
        podPhasesMs: phasesMs,
        schedulingPerSecond: schedulingRate(timeline.podTimelines()),
        curves,
        watchLagMs: watchLagOf(window.watchLag),
        watchLagCurve: thinned(window.watchLag?.curve ?? []),
        limiters: readLimiters(window, readApiRequests(window), limits, work),
        apiLatency: [...readOwnLatencies(window.requests), ...readApiserverLatencies(window)],
        etcd: readEtcdUse(window),
        ...(networkProgramming !== undefined && { networkProgramming }),
        watch: disruptions,
        ...conditionsOf(window),
      }
    },
    async stop() {
      recording.pods('fill', timeline.podTimelines())
      await Promise.allSettled([pods.stop(), phase.stop()])
    },
  }
}
