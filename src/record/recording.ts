import { orAborted } from '../base/abort.ts'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { KubeApi } from '../kube/api.ts'
import type { ConfigMap } from '../kube/resources.ts'
import type { RequestRecord } from '../kube/transport.ts'
import { recordedMetrics } from '../measure/component-series.ts'
import { etcdSizesOn, recordEtcdSizes } from '../measure/etcd-use.ts'
import type { ClusterProcess, ReadMachine } from '../measure/machine-record.ts'
import type { ComponentMetrics, Wanted } from '../measure/metrics.ts'
import type { WatchLagRecord, Window } from '../measure/window.ts'
import { windowMs } from '../plan/threshold.ts'
import type { ClientRetries } from '../result/parts.ts'
import { processName } from '../result/parts.ts'
import type { MachineOutcome, OwnFlow } from '../result/result.ts'
import type { PodTimeline, Sample } from '../result/sample-line.ts'
import type { SymptomsOutcome } from '../result/symptom.ts'
import { sampleEtcdSizes } from './etcd-sizes.ts'
import { createFlowTally } from './flows.ts'
import { recordMachine } from './machine.ts'
import type { NodeStates } from './node-states.ts'
import { createNodeStates } from './node-states.ts'
import { createRequestLog } from './requests.ts'
import { createSamples } from './samples.ts'
import type { SymptomSources } from './symptoms.ts'
import { recordSymptoms } from './symptoms.ts'
import type { MachineMonitor } from './this-machine.ts'
import type { WatchLag } from './watch-lag.ts'
import { sampleWatchLag } from './watch-lag.ts'
import { sampleWindows } from './windows.ts'

/** What a recording reads of a cluster. */
export interface RecordedCluster {
  readonly api: KubeApi
  readonly clock: Clock
  scrape(wanted?: Wanted): Promise<ComponentMetrics[]>
  clientRetries(): ClientRetries
  onRequest(listener: (record: RequestRecord) => void): () => void
  processes(): ClusterProcess[]
}

/** What a recording reads beside the cluster. */
export interface RecordingSources {
  watchMachine: MachineMonitor
  /** Null where the clusters are no processes of this machine. */
  readMachine: ReadMachine | null
  /** Ends reading pages: one that hangs is waited for no longer. */
  signal?: AbortSignal
  /** Takes each sample as it comes: nothing of it is kept here. */
  keep(sample: Sample): void
  /** Absent where nobody looks for symptoms. */
  symptoms?: SymptomSources
}

/**
 * Everything that is recorded of one arm, from before its first step to its end. Steps mark phases in it, and figures are made of what lies
 * between two marks, by the functions of `measure`. It keeps a bounded amount, however long the arm; a source that fails is a gap with its
 * reason, and ends nothing.
 */
export interface Recording {
  readonly nodes: NodeStates
  /** A step of the arm begins: the machine's record is kept by step. */
  stepBegan(step: string, title: string): void
  /** The step that began last is over; `error` says how it failed. */
  stepEnded(error?: string): void
  /** Records this cluster from now on; what it resolves to is the phase of the whole arm. */
  follow(cluster: RecordedCluster): Promise<Phase>
  /** Reads everything: a phase begins when it resolves. */
  begin(step: string, options?: PhaseOptions): Promise<Phase>
  /** Takes what became of the pods of a probe, or of a fill. */
  pods(probe: string, pods: readonly PodTimeline[]): void
  /** Looks for symptoms no more; what was found, undefined where nobody looked. */
  symptoms(): Promise<SymptomsOutcome | undefined>
  /** What the orchestrator's own requests rode on so far. */
  flows(): OwnFlow[]
  /** What was recorded of a step's phase; undefined when another one has ended since. */
  window(step: string): Window | undefined
  /** Ends everything; resolves to the machine over the arm, null where nothing of the cluster ran on it. */
  stop(): Promise<MachineOutcome | null>
}

export interface PhaseOptions {
  /** Whether the sizes of etcd's files are noted every ten seconds. */
  etcdSizes?: boolean
}

/** A phase that goes on. */
export interface Phase {
  /** On the cluster's clock. */
  readonly startMs: number
  /** Measures how late watches are until the phase ends, by an object of its own; its namespace must exist. */
  sampleWatchLag(canary: ConfigMap & { metadata: { name: string; namespace: string } }): void
  /** Reads everything again, or leaves the pages out for a reason. */
  end(unread?: string): Promise<Window>
  /** Ends what the phase samples, also when nothing is made of it. */
  stop(): Promise<void>
}

/** What other phases need to know of one. */
interface OpenPhase {
  /** Pages of components that were not there when it began, by component and instance. */
  latecomers: Map<string, ComponentMetrics>
  isThere(page: ComponentMetrics): boolean
  lags: WatchLagRecord[]
}

/** Starts recording; the cluster comes later. */
export function startRecording(
  { watchMachine, readMachine, signal = new AbortController().signal, keep, symptoms: sources }: RecordingSources,
  { clock }: { clock: Clock },
): Recording {
  const samples = createSamples(keep, clock)
  const { tell } = samples
  const symptoms = sources === undefined ? undefined : recordSymptoms(sources, samples)
  const machine = recordMachine(readMachine, clock, tell)
  const nodes = createNodeStates(tell)
  const requests = createRequestLog()
  const flows = createFlowTally()
  const open = new Map<OpenPhase, () => Promise<void>>()
  let cluster: RecordedCluster | undefined
  let stopListening = () => {}
  let current = ''
  let latest: { step: string; window: Window } | undefined

  const scrape = async (of: RecordedCluster, wanted: Wanted): Promise<ComponentMetrics[]> => {
    const pages = await of.scrape(wanted)
    for (const sizes of etcdSizesOn(pages)) tell({ kind: 'etcd-size', ...sizes })
    for (const { unread: because, ...process } of pages)
      if (because !== undefined) tell({ kind: 'gap', source: processName(process), because })
    return pages
  }
  const readPages = async (of: RecordedCluster): Promise<ComponentMetrics[]> => {
    const pages = await orAborted(signal, scrape(of, { names: recordedMetrics }))
    for (const { latecomers, isThere } of open.keys())
      for (const page of pages) {
        const key = keyOf(page)
        if (!isThere(page) && !latecomers.has(key)) latecomers.set(key, page)
      }
    return pages
  }

  const begin = async (step: string, { etcdSizes = false }: PhaseOptions = {}): Promise<Phase> => {
    if (cluster === undefined) throw new Error(`${step} began before there was a cluster`)
    const followed = cluster
    const before = await readPages(followed)
    const retriesBefore = followed.clientRetries()
    const there = new Set(before.map(keyOf))
    const phase: OpenPhase = { latecomers: new Map(), isThere: (page) => there.has(keyOf(page)), lags: [] }
    const [requestsBefore, nodesSince, machineSince] = [requests.count(), nodes.mark(), machine.mark()]
    const stopWatching = watchMachine()
    const sizes = recordEtcdSizes()
    const startMs = followed.clock.nowMs()
    tell({ kind: 'phase', step, event: 'began' }, startMs)
    sizes.note(before, 0)
    const pages = { clock: followed.clock, scrape: (wanted: Wanted) => scrape(followed, wanted) }
    const windows = sampleWindows(pages, { before, startMs, lengthMs: windowMs })
    const stopSizes = etcdSizes ? sampleEtcdSizes(pages, sizes, startMs) : async () => {}
    let canary: WatchLag | undefined
    const endCanary = async () => {
      const lag = await canary?.stop()
      canary = undefined
      if (lag === undefined) return
      // A canary counts in every phase that it overlaps; its curve belongs to its own phase only.
      for (const one of open.keys()) one.lags.push(one === phase ? lag : { ...lag, curve: [] })
    }
    const stop = async () => {
      await Promise.all([stopSizes(), endCanary(), windows.stop()])
      stopWatching()
      open.delete(phase)
    }
    open.set(phase, stop)
    return {
      startMs,
      sampleWatchLag(object) {
        canary = sampleWatchLag({ api: followed.api, clock: followed.clock, tell }, object, startMs)
      },
      async end(unread) {
        await Promise.all([stopSizes(), endCanary()])
        const orchestrator = stopWatching()
        const since = { nodes: nodesSince(), machine: machineSince() }
        // What this phase reads at its end is no beginning of it.
        open.delete(phase)
        const without = (because: string) => {
          tell({ kind: 'gap', source: 'pages', because })
          return before.map((page) => unreadPage(page, because))
        }
        const after =
          unread === undefined
            ? await readPages(followed).catch((error: unknown) => without(messageOf(error)))
            : without(unread)
        const endMs = followed.clock.nowMs()
        tell({ kind: 'phase', step, event: 'ended' }, endMs)
        sizes.note(after, endMs - startMs)
        const worstWindows = windows.end(after, endMs)
        const retries = followed.clientRetries()
        const own = requests.since(requestsBefore)
        const window: Window = {
          startMs,
          endMs,
          before: [...before, ...phase.latecomers.values()],
          after,
          requests: own.requests,
          requestsDropped: own.dropped,
          retries: {
            count: retries.count - retriesBefore.count,
            waitedMs: retries.waitedMs - retriesBefore.waitedMs,
          },
          watchLag: joined(phase.lags),
          etcdSizes: sizes,
          ...(worstWindows !== undefined && { worstWindows }),
          orchestrator,
          ...since,
        }
        latest = { step, window }
        return window
      },
      stop,
    }
  }

  return {
    nodes,
    stepBegan(step, title) {
      current = step
      tell({ kind: 'step', step, event: 'began', title })
      machine.begin(step, title)
      symptoms?.began(title)
    },
    stepEnded(error) {
      machine.end()
      symptoms?.ended()
      const event = error === undefined ? 'ended' : 'failed'
      tell({ kind: 'step', step: current, event, ...(error !== undefined && { error }) })
    },
    pods: samples.pods,
    symptoms: async () => symptoms?.stop(signal.aborted),
    flows: flows.flows,
    async follow(followed) {
      cluster = followed
      samples.follow(followed)
      stopListening = followed.onRequest((request) => {
        requests.add(request)
        flows.add(request)
        samples.request(request)
      })
      machine.watch(() => followed.processes())
      symptoms?.follow(followed)
      return begin('arm')
    },
    begin,
    window: (step) => (latest?.step === step ? latest.window : undefined),
    async stop() {
      stopListening()
      await symptoms?.stop()
      await Promise.allSettled([...open.values()].map((stop) => stop()))
      samples.end()
      return machine.stop()
    },
  }
}

function keyOf({ component, instance }: ComponentMetrics): string {
  return `${component} ${instance}`
}

function unreadPage({ component, instance }: ComponentMetrics, unread: string): ComponentMetrics {
  return { component, instance, samples: [], unread }
}

/** What several canaries showed, one after another. */
function joined(lags: readonly WatchLagRecord[]): WatchLagRecord | null {
  const [first, ...others] = lags
  if (first === undefined) return null
  return others.reduce(
    (all, { lagsMs, unseen, curve }) => ({
      lagsMs: [...all.lagsMs, ...lagsMs],
      unseen: all.unseen + unseen,
      curve: [...all.curve, ...curve],
    }),
    first,
  )
}
