import { Failure } from '../../base/errors.ts'
import type { RequestRecord } from '../../kube/transport.ts'
import type { Store } from '../../model/apiserver/store.ts'
import type { ModelOptions } from '../../model/cluster.ts'
import { openModel } from '../../model/cluster.ts'
import { settingsOf } from '../../model/settings.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import type { Cluster, FleetSpec } from '../target.ts'
import { readKnobs } from './knobs.ts'
import { scrapeModel } from './metrics.ts'

export interface SimulatedClusterOptions extends Omit<ModelOptions, 'settings'> {
  armId: string
  knobs: readonly KnobRequest[]
  versions: Readonly<Record<string, string>>
  /** False for a cluster that a run has to clean up after itself, as it would one of somebody else's. */
  disposable: boolean
  /** Shows what is in it from its beginning, for whoever checks what became of it. */
  onOpen?: ((witnessed: Witnessed) => void) | undefined
}

/** A simulated cluster, with what tests and faults may do to it. */
export interface SimulatedCluster extends Cluster {
  /** Makes the server forget all versions from before now, as a compaction does. */
  forgetHistory(): void
  /** Raises etcd's NOSPACE alarm, or disarms it, as somebody does who has compacted and defragmented it. */
  setOutOfSpace(isFull: boolean): void
  /** From now on nothing goes wrong, and what went wrong is mended; nodes that died come back when the fleet is started again. */
  endFaults(): void
}

/** The inside of a cluster, for witnesses. */
export interface Witnessed {
  armId: string
  store: Store
  nowMs: () => number
  /** Processor time that a component has used on the control plane's machine, in milliseconds. */
  usedMs: (component: string) => number
}

/** Opens a modelled cluster as one under test: with the knobs that an arm asks for, and the orchestrator's own connection to it. */
export function openSimulatedCluster(options: SimulatedClusterOptions): SimulatedCluster {
  const { armId, knobs, costs, versions, faults, disposable, onOpen } = options
  const model = openModel({ ...options, settings: settingsOf(knobs) })
  const { timeline, store } = model
  const startedMs = timeline.nowMs()
  const closing = new AbortController()
  const broken = new AbortController()
  const listeners = new Set<(record: RequestRecord) => void>()
  const retries = { count: 0, waitedMs: 0 }
  const api = model.connect({
    signal: closing.signal,
    onRequest(record) {
      for (const listener of listeners) listener(record)
    },
    onRetry({ waitMs }) {
      retries.count++
      retries.waitedMs += waitMs
    },
  })
  onOpen?.({ armId, store, nowMs: timeline.nowMs, usedMs: model.processor.usedMs })
  model.beginFaults()

  return {
    disposable,
    api,
    clock: timeline.clock,
    versions,
    readyMs: null,
    broken: broken.signal,

    async startFleet(spec: FleetSpec, signal: AbortSignal) {
      const { nodeNames, processes } = model.startFleet(spec, signal)
      return { nodeNames, probeNode: nodeNames[0] ?? '', processes }
    },
    removeFleet: async () => {},
    effectiveKnobs: async (asked) => readKnobs(asked, knobs, model.conntrack),
    scrape: async (wanted = {}) => scrapeModel({ wanted, model, costs, startedMs }),
    clientRetries: () => ({ ...retries }),
    onRequest(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    processes: () => [],

    forgetHistory: store.forgetHistory,
    setOutOfSpace(isFull) {
      for (const instance of model.etcd.instances()) instance.full = isFull
    },
    endFaults() {
      for (const fault of faults) fault.end()
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Failure('interrupted', 'the cluster was taken away'))
      model.close()
    },
  }
}
