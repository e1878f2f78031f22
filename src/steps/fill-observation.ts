import { whenAborted } from '../base/abort.ts'
import { collectLatencies, readApiserverLatencies } from '../measure/api-latency.ts'
import { readEtcdUse, recordEtcdSizes } from '../measure/etcd-use.ts'
import { measuredMetrics } from '../measure/metrics.ts'
import { readNetworkProgramming } from '../measure/network-programming.ts'
import { notReadBetween } from '../measure/pairs.ts'
import { schedulingRate } from '../measure/scheduling.ts'
import type { PodTimeline } from '../measure/timeline.ts'
import { createProbeTimeline } from '../measure/timeline.ts'
import { startFeed } from '../record/feed.ts'
import type { MachineMonitor } from '../record/this-machine.ts'
import type { WatchLag } from '../record/watch-lag.ts'
import { sampleWatchLag } from '../record/watch-lag.ts'
import type { FillOutcome } from '../result/result.ts'
import type { Cluster } from '../targets/target.ts'
import { ownSelector, stamped } from '../workload/stamp.ts'
import { observe, retriesBetween } from './observation.ts'
import type { StepContext } from './step.ts'

export interface ObserveOptions {
  cluster: Cluster
  runId: string
  watchMachine: MachineMonitor
  /** Takes the raw timeline of every pod, for the samples file. */
  onSamples: (measured: string, pods: readonly PodTimeline[]) => void
}

/** Everything that is measured while a cluster is filled. */
interface FillObservation {
  /** From now on, by an object of its own in this namespace. */
  sampleWatchLag(namespace: string): void
  /** Resolves when as many pods as expected are Ready. */
  allReady(context: StepContext): Promise<void>
  finish(): Promise<Omit<FillOutcome, 'objects' | 'stages' | 'countedMs'>>
  /** Ends the watches, also when nothing is finished; keeps what was seen of pods. */
  stop(): Promise<void>
}

const etcdSizeEveryMs = 10_000

/** Starts observing; the fill begins when this resolves. */
export async function observeFill(
  { cluster, runId, watchMachine, onSamples }: ObserveOptions,
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
      if (before < expectedPods && timeline.done() >= expectedPods) fullMs = change.atMs
      tell()
    },
    disruptions,
  )
  const beginning = async () => {
    await Promise.race([pods.synced, pods.failed, whenAborted(signal)])
    return observe(cluster)
  }
  const before = await beginning().catch(async (error: unknown) => {
    await pods.stop()
    throw error
  })
  const latencies = collectLatencies()
  const stopLatencies = cluster.onRequest(latencies.add)
  const sizes = recordEtcdSizes()
  const ending = new AbortController()
  const stopMachine = watchMachine()
  const startMs = clock.nowMs()
  timeline.start(startMs)
  sizes.note(before.metrics, 0)
  const sizing = (async () => {
    for (;;) {
      await clock.sleep(etcdSizeEveryMs, ending.signal)
      const scraped = await cluster.scrape({ components: ['etcd'], names: measuredMetrics })
      sizes.note(scraped, clock.nowMs() - startMs)
    }
  })()
  // What ends the loop is the end, of the fill or of the cluster.
  sizing.catch(() => {})
  let watchLag: WatchLag | undefined
  /** When everything was sent. */
  let sentMs: number | undefined

  return {
    sampleWatchLag(namespace) {
      const canary = { metadata: { name: 'scale-test-watch-lag', namespace } }
      watchLag = sampleWatchLag({ api, clock }, stamped(canary, runId, 'canary'), startMs)
    },
    async allReady(context) {
      report = context.report
      sentMs = clock.nowMs()
      tell()
      await Promise.race([full.promise, pods.failed, whenAborted(context.signal)])
    },
    async finish() {
      const isWhole = timeline.done() >= expectedPods
      const endMs = isWhole && sentMs !== undefined ? Math.max(sentMs, fullMs ?? sentMs) : clock.nowMs()
      const lag = await watchLag?.stop()
      const after = await observe(cluster)
      sizes.note(after.metrics, clock.nowMs() - startMs)
      const machine = stopMachine()
      const { pods: account, phasesMs, curves } = timeline.summary()
      const { expected, created, bound, unexpected, censored, censoredWithinMs } = account
      const networkProgramming = readNetworkProgramming(before.metrics, after.metrics)
      return {
        durationMs: endMs - startMs,
        // Those that are there and Ready now: one that was and has been replaced is among the unexpected.
        pods: { expected, created, bound, ready: timeline.done(), unexpected, censored, censoredWithinMs },
        podPhasesMs: phasesMs,
        schedulingPerSecond: schedulingRate(timeline.podTimelines()),
        curves,
        watchLagMs: lag?.watchLagMs ?? { count: 0, missing: 0, p50: null, p90: null, p99: null, max: null },
        watchLagCurve: lag?.watchLagCurve ?? [],
        apiLatency: [...latencies.summary(), ...readApiserverLatencies(before.metrics, after.metrics)],
        etcd: readEtcdUse(before.metrics, after.metrics, sizes),
        ...(networkProgramming !== undefined && { networkProgramming }),
        notRead: [...notReadBetween(before.metrics, after.metrics), ...sizes.notRead()],
        watch: disruptions,
        clientRetries: retriesBetween(before, after),
        eventLoopDelayMaxMs: machine.eventLoopDelayMaxMs,
        machineBusy: machine.busy,
      }
    },
    async stop() {
      ending.abort()
      stopLatencies()
      onSamples('fill', timeline.podTimelines())
      await Promise.allSettled([pods.stop(), sizing, watchLag?.stop()])
    },
  }
}
