import type { Clock } from '../../base/clock.ts'
import type { KubeObject } from '../../kube/resources.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Findings } from './preflight/check.ts'
import type { ClusterApi } from './reach.ts'

/** A fleet of hollow nodes on a host cluster, as a plan wants it for one arm. */
export interface HollowOrder {
  runId: string
  armId: string
  fleet: Plan['fleet']
  /** The arm's KubeletConfiguration, without apiVersion and kind. */
  kubeletConfiguration: Readonly<Record<string, unknown>>
  /** The target's apiserver as the host cluster's pods reach it, and by what CA it is known there. */
  targetServer: { server: string; ca: string }
}

/** What starting, watching and removing a fleet takes from outside. */
export interface HollowReach {
  host: ClusterApi
  target: ClusterApi
  clock: Clock
  /** Uniform in [0, 1). */
  random: () => number
}

/** Hollow nodes that run. */
export interface HollowFleet {
  nodeNames: readonly string[]
  /** Has a process of its own. */
  probeNode: string
  processes: number
  /** Image and digest as the host cluster's pods report them. */
  images: Readonly<Record<string, string>>
}

/** Hollow nodes on a host cluster: what they are made of, whether they fit, how they come and go. */
export interface HollowFleets {
  /** Everything that would be created, by cluster; nodes among it, which create themselves. */
  objects(order: HollowOrder): { host: KubeObject[]; target: KubeObject[] }
  /** Whether the host cluster's machines have room. */
  examine(host: ClusterApi, order: HollowOrder, signal: AbortSignal): Promise<Findings>
  start(reach: HollowReach, order: HollowOrder, signal: AbortSignal): Promise<HollowFleet>
  /** Takes away what the run has on both clusters, also when it was never whole. Throws `Failure('residue')`. */
  remove(reach: HollowReach, order: HollowOrder, signal: AbortSignal): Promise<void>
}
