import type { Clock } from '../base/clock.ts'
import type { KubeApi } from '../kube/api.ts'
import type { RequestRecord } from '../kube/transport.ts'
import type { ClusterProcess } from '../measure/machine-record.ts'
import type { ComponentMetrics } from '../measure/metrics.ts'
import type { Knob, KnobValue } from '../tuning/knob.ts'
import type { KnobRequest } from '../tuning/profiles.ts'

/** Whether a target can honour a knob and, if not, why: said in the report instead of a silent no-op. */
export type KnobSupport =
  /** `note`: what is to be known of how it is honoured. */
  { supported: true; note?: string } | { supported: false; because: string }

/** A place where clusters under test come from. */
export interface Target {
  readonly name: 'local' | 'sim' | 'remote'
  /** Whether its figures come from real components or from a model. */
  readonly evidence: 'measured' | 'simulated'
  /** Whether its clusters run on the orchestrator's own machine, and so take what it has. */
  readonly onThisMachine: boolean
  supports(knob: Knob): KnobSupport
  /** What this target needs before a run; throws a `Failure` that says what is missing and how to get it. */
  prepare(context: PrepareContext): Promise<void>
  /** Brings up the control plane of one arm. Whatever it started is gone when the cluster is disposed of. */
  open(options: OpenOptions): Promise<Cluster>
}

export interface PrepareContext {
  /** What every arm will start. */
  fleet: FleetSpec
  signal: AbortSignal
  /** A line of progress, for work that takes minutes the first time. */
  onProgress(text: string): void
}

export interface OpenOptions {
  /** `untuned-1`: distinguishes the files of this arm and repetition. */
  armId: string
  /** Only knobs that `supports` accepted. */
  knobs: readonly KnobRequest[]
  signal: AbortSignal
}

/** One arm's cluster under test. */
export interface Cluster extends AsyncDisposable {
  /** True when disposing of the cluster takes everything in it away, so that no object needs deleting. */
  readonly disposable: boolean
  readonly api: KubeApi
  readonly clock: Clock
  /** Version of every component, by its name. */
  readonly versions: Readonly<Record<string, string>>
  /** From the first process to an answering, healthy control plane. */
  readonly readyMs: number
  /** Aborts with the reason when the cluster breaks in mid-run, such as a component that died. */
  readonly broken: AbortSignal
  /** Starts hollow nodes; they register themselves. Resolves when all processes run, not when nodes are Ready. */
  startFleet(fleet: FleetSpec, signal: AbortSignal): Promise<Fleet>
  /** What the running components say about these knobs. */
  effectiveKnobs(knobs: readonly Knob[]): Promise<KnobReading[]>
  /** How often the orchestrator's own requests were tried again since the start, and how long that made them wait. */
  clientRetries(): { count: number; waitedMs: number }
  /** Tells of each of the orchestrator's own requests from now on; returns how to stop that. */
  onRequest(listener: (record: RequestRecord) => void): () => void
  /** The metrics of every component that has clients or serves requests; counters since its start. */
  scrape(wanted?: Wanted): Promise<ComponentMetrics[]>
  /** The cluster's processes on this machine; none when it is elsewhere. */
  processes(): ClusterProcess[]
}

/** What to read of `/metrics`; everything when absent. */
export interface Wanted {
  components?: readonly ComponentMetrics['component'][]
  names?: ReadonlySet<string>
}

export interface FleetSpec {
  nodes: number
  /** Kubelets per process; the probe node always has a process of its own, so that its metrics are its own. */
  nodesPerProcess: number
  node: { cpu: number; memory: string; containerStartDelayMs: number }
}

export interface Fleet {
  readonly nodeNames: readonly string[]
  /** The node that probes are pinned to. */
  readonly probeNode: string
  readonly processes: number
}

/** A knob's value as the running component has it; null when it cannot be read. */
export interface KnobReading {
  id: string
  effective: KnobValue | null
  readFrom: string | null
  /** Why it is another value than the one that was asked for. */
  note?: string
}
