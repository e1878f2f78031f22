import type { Clock } from '../base/clock.ts'
import type { Report } from '../base/progress.ts'
import type { HollowNode } from '../fleet/hollow-node.ts'
import type { KubeApi } from '../kube/api.ts'
import type { KubeObject } from '../kube/resources.ts'
import type { RequestRecord } from '../kube/transport.ts'
import type { ClusterProcess } from '../measure/machine-record.ts'
import type { ComponentMetrics, Wanted } from '../measure/metrics.ts'
import type { Checklist } from '../result/checklist.ts'
import type { ControlPlaneOutcome } from '../result/result.ts'
import type { Knob, KnobReading } from '../tuning/knob.ts'
import type { KnobRequest } from '../tuning/profiles.ts'
import type { BenchmarkedEtcds } from './etcd-benchmark.ts'

/** Whether a target can honour a knob and, if not, why: said in the report instead of a silent no-op. */
export type KnobSupport =
  /**
   * `operator`: the target does not set it, whoever runs the cluster does; it is only read back. `note`: what is to be known of how it is
   * honoured.
   */
  { supported: true; setBy?: 'operator'; note?: string } | { supported: false; because: string }

/** A place where clusters under test come from. */
export interface Target<Opened extends Cluster | TunableCluster = Cluster | TunableCluster> {
  readonly name: 'local' | 'sim' | 'remote'
  /** Whether its figures come from real components or from a model. */
  readonly evidence: 'measured' | 'simulated'
  /** Whether its clusters run on the orchestrator's own machine, and so take what it has. */
  readonly onThisMachine: boolean
  /** Cores of the modelled machine that a control plane and its fleet share; absent where they share none, or it is a real one. */
  readonly modelledCores?: number
  /** How long opening a cluster may take; two minutes when absent. */
  readonly openBudgetMs?: number
  /** How long taking a cluster away may take, with such a fleet; half a minute when absent. */
  closeBudgetMs?(fleet: Pick<FleetSpec, 'nodes' | 'nodesPerProcess'>): number
  /** Whether its clusters are `TunableCluster`s; absent where settings are given when processes start. */
  readonly tunes?: boolean
  /** False where its clusters are etcds alone: they have no API, and no nodes. */
  readonly hasKubernetes?: false
  /** Of arms that ask for this version of Kubernetes, or for none. */
  supports(knob: Knob, kubernetes?: string): KnobSupport
  /**
   * What this target needs before a run; throws a `Failure` that says what is missing and how to get it. Resolves to what it has seen of the
   * clusters' architecture, where they are somebody's.
   */
  prepare(context: PrepareContext): Promise<Checklist[] | undefined>
  /** Brings up the control plane of one arm. Whatever it started is gone when the cluster is disposed of. */
  open(options: OpenOptions): Promise<Opened>
}

export interface PrepareContext {
  /** What every arm will start. */
  fleet: FleetSpec
  /** The arms that will run, at least one. */
  arms: readonly ArmSettings[]
  signal: AbortSignal
  /** A line of progress, for work that takes minutes the first time. */
  onProgress(text: string): void
}

/** What an arm asks its components to be set to. */
export interface ArmSettings {
  name: string
  /** The version of Kubernetes that it asks for, such as `1.36`; absent where it asks for none. */
  kubernetes?: string | undefined
  requests: readonly KnobRequest[]
}

export interface OpenOptions {
  /**
   * `id` distinguishes the arm's files: `untuned-1`. `name` is the plan's. `kubernetes` is the version that it asks for, if any. What is left to chance differs between repetitions, not between arms.
   */
  arm: { id: string; name: string; repetition: number; kubernetes?: string | undefined }
  /** A session of the run that was killed has begun to change the settings of the cluster for this arm: `restore` has them to put back. */
  wasTuned?: boolean
  /** Only knobs that `supports` accepted. */
  knobs: readonly KnobRequest[]
  signal: AbortSignal
}

/** What a run will do in a cluster once its nodes are Ready. */
export interface PlannedWork {
  /** Every object that it creates, in order; pods that controllers make of them left out. */
  objects(): Iterable<KubeObject>
  /** Whether it writes events of its own. */
  createsEvents: boolean
  /** How long the whole run is expected to take, milliseconds. */
  expectedMs: number
}

/** What can be left for somebody to look at when its arm has failed. */
export interface Keepable {
  /**
   * In place of disposing of it: lets go of the cluster, and of the process that would clean up after the run, and leaves all that is in it.
   * Resolves to how to look at it, a command each. Absent where there is nothing to look at.
   */
  keep?(): Promise<readonly string[]>
}

/** A cluster that was there before, and has yet to get the settings of its arm. Disposing of it takes along the `Cluster` that it becomes. */
export interface TunableCluster extends AsyncDisposable, Keepable {
  /** Aborts with the reason when the cluster breaks, or is ours no longer. */
  readonly broken: AbortSignal
  readonly tuning: Tuning
}

/** Changes the settings of a cluster for an arm, and puts them back. */
export interface Tuning {
  /** What it will do, in a line. */
  readonly plan: string
  /**
   * Resolves when the settings are in force, to the cluster as it is from then on. Throws `Failure`; what it has changed by then is for
   * `restore` all the same.
   */
  readonly apply: Tunes<Cluster>
  /** Absent where nothing puts settings back. Begins when `apply` has ended, in whatever way. Throws `Failure('residue')`. */
  readonly restore?: Tunes<void>
}

/** Work on a cluster's settings, and how long it may take. */
export interface Tunes<T> {
  readonly budgetMs: number
  run(signal: AbortSignal, report: Report): Promise<T>
}

/** One arm's cluster under test. */
export interface Cluster extends AsyncDisposable, Keepable {
  /** True when disposing of the cluster takes everything in it away, so that no object needs deleting. */
  readonly disposable: boolean
  readonly api: KubeApi
  readonly clock: Clock
  /** Version of every component, by its name. */
  readonly versions: Readonly<Record<string, string>>
  /** From the first process to an answering, healthy control plane; null where it was there before, or its start is not modelled. */
  readonly readyMs: number | null
  /** Where it was there before: what came before it could be used, and whether nobody checks which API server answers. */
  readonly opening?: { waitedForLeaseMs: number; retunedMs?: number; insecure?: true }
  /** Aborts with the reason when the cluster breaks in mid-run, such as a component that died. */
  readonly broken: AbortSignal
  /** Starts hollow nodes; they register themselves. Resolves when all processes run, not when nodes are Ready. */
  startFleet(fleet: FleetSpec, signal: AbortSignal, report?: Report): Promise<Fleet>
  /**
   * Takes away what `startFleet` started, once that has ended, also when it failed half-way; nothing to do where the cluster takes its nodes
   * along. Throws `Failure('residue')` that names what is left.
   */
  removeFleet(signal: AbortSignal, report?: Report): Promise<void>
  /** What the running components say about these knobs. */
  effectiveKnobs(knobs: readonly Knob[]): Promise<KnobReading[]>
  /** How often the orchestrator's own requests were tried again since the start, and how long that made them wait. */
  clientRetries(): { count: number; waitedMs: number }
  /** Tells of each of the orchestrator's own requests from now on; returns how to stop that. */
  onRequest(listener: (record: RequestRecord) => void): () => void
  /**
   * The metrics of every component that has clients or serves requests; counters since its start. One whose page cannot be read says why instead.
   */
  scrape(wanted?: Wanted): Promise<ComponentMetrics[]>
  /** What the control plane is made of, as far as the plan says so; what its neighbours have done so far. */
  controlPlane?(): ControlPlaneOutcome | undefined
  /** The cluster's processes on this machine; none when it is elsewhere. */
  processes(): ClusterProcess[]
  /** Opens etcds that hold nothing, with the arm's settings, beside all else; absent where there are none to benchmark. */
  benchmarkEtcds?(options: { members: number; signal: AbortSignal }): Promise<BenchmarkedEtcds>
}

export interface FleetSpec {
  nodes: number
  /** Kubelets per process; the probe node always has a process of its own, so that its metrics are its own. */
  nodesPerProcess: number
  node: HollowNode
}

export interface Fleet {
  readonly nodeNames: readonly string[]
  /** The node that probes are pinned to. */
  readonly probeNode: string
  readonly processes: number
  /** When its first process was started, where other work comes before. */
  readonly startedMs?: number
  /** Where a fleet comes from that is not simply hollow processes beside their control plane. */
  readonly origin?: FleetOrigin
}

/** Where a fleet's nodes come from. */
export interface FleetOrigin {
  source: 'hollow' | 'existing' | 'none'
  /** Whether the probe node's containers are real: then pulling images and starting them is in the timings. */
  probeNode: 'hollow' | 'real'
  /** Its label `kubernetes.io/hostname`, by which probes are pinned to it. */
  probeHostname: string
  /** Versions of what the nodes run, images by digest, by name. */
  versions: Readonly<Record<string, string>>
}

export type { KnobReading } from '../tuning/knob.ts'
