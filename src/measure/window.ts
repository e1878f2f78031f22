import type { ClientRetries, Curve, NotRead } from '../result/parts.ts'
import type { WorstWindow } from '../result/series.ts'
import type { MachineSpan } from './machine-record.ts'
import type { ComponentMetrics } from './metrics.ts'

/** The components' pages as they were read twice. */
export interface Pages {
  readonly before: readonly ComponentMetrics[]
  readonly after: readonly ComponentMetrics[]
}

/** Why something was not recorded. */
export interface Unread {
  unread: string
}

/** The orchestrator's own requests of one kind, watches and pages of metrics left out. */
export interface OwnRequests {
  /** `create`, `patch`. */
  verb: string
  /** `pods`, `deployments/scale`. */
  resource: string
  /** Of each try by itself, until its whole answer. */
  latenciesMs: readonly number[]
}

/** How late a watch was, as a canary shows it. */
export interface WatchLagRecord {
  /** From the answer to each write until the watch showed it. */
  readonly lagsMs: readonly number[]
  /** Writes that the watch did not show until the end. */
  readonly unseen: number
  /** The lags over time; of a canary that was watched in this phase only. */
  readonly curve: Curve
}

/** Of a fleet that was Ready once. */
export interface NodeRecord {
  /** How often a node stopped being Ready. */
  flaps: number
  /** Nodes that were not Ready at the end. */
  notReady: number
}

/** What the orchestrator's own machine did while something was measured. */
export interface MachineUse {
  /** Longest time the orchestrator's event loop did not turn: a stamp may be late by as much. Null where time is virtual. */
  eventLoopDelayMaxMs: number | null
  /** Share of all processor time that was in use, 0 to 1; null where that says nothing about the cluster, or is not known. */
  busy: number | null
}

/** Everything that was recorded between two moments: all that a figure may be made of. */
export interface Window extends Pages {
  /** On the cluster's clock. */
  readonly startMs: number
  readonly endMs: number
  readonly requests: readonly OwnRequests[]
  /** Requests that are missing in `requests`, the earliest ones: a recording keeps a fixed number of them. */
  readonly requestsDropped: number
  readonly retries: ClientRetries
  /** Null where no canary was watched. */
  readonly watchLag: WatchLagRecord | null
  readonly etcdSizes: EtcdSizeCurves
  /** Of windows within this one; absent where none was whole. */
  readonly worstWindows?: WorstOfWindows
  /** Null before there is a fleet. */
  readonly nodes: NodeRecord | Unread | null
  readonly orchestrator: MachineUse
  /** Null where nothing of the cluster runs on this machine. */
  readonly machine: MachineSpan | Unread | null
}

/** What the worst of several windows had. */
export interface WorstOfWindows {
  /** For the name and the labels of a series; undefined where it has none. */
  worstOf(name: string, labels: Readonly<Record<string, string>>): WorstWindow | undefined
}

/** The size of every etcd's database file over time. */
export interface EtcdSizeCurves {
  curveOf(instance: string): Curve
  /** Readings that are missing in the curves, and why the last of them is. */
  notRead(): NotRead[]
}
