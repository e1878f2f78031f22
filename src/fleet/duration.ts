import type { Plan } from '../plan/plan.ts'
import type { ProbeShape } from '../plan/stops.ts'
import { isRollout } from '../plan/stops.ts'
import type { PlannedWorkload } from '../plan/workload.ts'
import type { KnownLimit } from '../tuning/client-limit.ts'
import type { totalsOf } from '../workload/layout.ts'
import type { ContainerStarts } from './hollow-node.ts'
import { startsMs } from './hollow-node.ts'

/*
 * How long the steps of an arm take, by what was measured (docs/figures.md) and by the arithmetic of client-side rate
 * limiters. Floors: what stands in the way beside them comes on top.
 */

/** How long something takes at least, and who sees to that. */
export interface Floor {
  ms: number
  boundBy: string
}

/** Where the fleet and its control plane share the processor; null when hollow nodes have hosts of their own. */
export type SharedMachine = {
  cores: number
  idleCores: number
  /** By so much work on it takes longer than where durations were measured. */
  stretch: number
} | null

/** What bounds the steps of one arm. */
export interface StepLimits {
  kubelet: KnownLimit
  controller: KnownLimit
  scheduler: KnownLimit
  machine: SharedMachine
  nodes: number
}

/** Hollow nodes of plans that say nothing of container starts. */
const atOnce: ContainerStarts = { timeMs: 0 }

/** From the first process to an answering control plane, and from the last probe to an empty machine, with what is read back. */
export const controlPlaneMs = 4000
export const aroundProbesMs = 6000

/** 1000 kubelets were Ready after 84 s on two cores, of which 58 % went into the kubelets. */
const processorMsPerStart = 168
const kubeletShareOfStart = 0.58
/** An apiserver took 5000 Node objects in 18 s. */
const registeredMsPerNode = 3.6
/** 50 kubelets of one process were Ready after 11 to 13 s on a host cluster, where one container starts after the other. */
const podStartMs = 13_000

/** Until all nodes are Ready. */
export function fleetReadyMs(
  { nodes, host }: Pick<Plan['fleet'], 'nodes' | 'host'>,
  nodesPerHost: number,
  machine: SharedMachine,
): number {
  if (machine !== null) return (nodes * processorMsPerStart * machine.stretch) / machine.cores
  const hostMs = (nodesPerHost * processorMsPerStart * kubeletShareOfStart) / (host?.cpu ?? 1)
  return Math.max(podStartMs, hostMs, nodes * registeredMsPerNode)
}

/** With 32 requests at a time, 940 to 1025 objects a second were created, the apiserver on the same two cores. */
export const apiserverWritesPerSecond = 1000
/** On two cores with 1000 kubelets, 5000 pods were Ready after 200 to 280 s, whatever the limits. */
const processorMsPerPod = 35
/** Every kubelet watches services: 125 of them took 26 to 29 s with 1000 kubelets on two cores (plan 1k-nodes, November 2026). */
const processorMsPerServiceWatch = 0.2

/** Until the workload's objects exist and its pods are Ready: objects at the plan's pace, pods as the slowest allows. */
export function fillFloor(
  workload: PlannedWorkload,
  totals: ReturnType<typeof totalsOf>,
  limits: StepLimits,
  containerStarts = atOnce,
): Floor {
  const { pods, deployments, services } = totals
  const perSecond = workload.pace.rate ?? apiserverWritesPerSecond
  const others = objectsToCreate(totals) - deployments - services
  const freeCores =
    limits.machine === null ? Number.POSITIVE_INFINITY : freeCoresOf(limits.machine) / limits.machine.stretch
  const serviceMs = Math.max(
    (services * 1000) / perSecond,
    (services * limits.nodes * processorMsPerServiceWatch) / freeCores,
  )
  const podsPerNode = Math.ceil(pods / limits.nodes)
  const slowest = longest([
    {
      ms: drainMs(limits.controller, pods),
      boundBy: `kube-controller-manager, ${paceOf(limits.controller, 'pods/s')}`,
    },
    { ms: drainMs(limits.scheduler, pods), boundBy: `kube-scheduler, ${paceOf(limits.scheduler, 'bindings/s')}` },
    {
      ms: drainMs(limits.kubelet, podsPerNode * startCalls(workload.pods.serviceAccountToken)),
      boundBy: `kubelets, ${paceOf(limits.kubelet, 'calls/s each')}`,
    },
    { ms: startsMs(podsPerNode, containerStarts), boundBy: 'container starts on each node' },
    {
      ms: (pods * processorMsPerPod) / freeCores,
      boundBy: `the machine, ${processorMsPerPod} ms of processor per pod`,
    },
    { ms: (deployments * 1000) / perSecond, boundBy: `the plan's pace, ${perSecond} objects/s` },
  ])
  return { ms: (others * 1000) / perSecond + serviceMs + slowest.ms, boundBy: slowest.boundBy }
}

/** Objects that the orchestrator itself creates. */
export function objectsToCreate(totals: ReturnType<typeof totalsOf>): number {
  const { pods, ...created } = totals
  return Object.values(created).reduce((sum, count) => sum + count, 0)
}

/** A machine whose heartbeats alone fill it still gets something done: a tenth of it, say. */
function freeCoresOf({ cores, idleCores }: { cores: number; idleCores: number }): number {
  return Math.max(cores - idleCores, cores / 10)
}

/** What a probe's pods are like. */
export interface ProbedPods {
  serviceAccountToken: boolean
  containerStarts?: ContainerStarts | undefined
}

/**
 * The last stop of a probe of n pods: the controller-manager needs n calls, the scheduler n to bind them, the kubelet 2n to start them (3n with a token) and
 * 3n to delete them (docs/figures.md).
 */
export function probeFloor(
  probe: ProbeShape,
  { serviceAccountToken, containerStarts = atOnce }: ProbedPods,
  { kubelet, controller, scheduler }: Pick<StepLimits, 'kubelet' | 'controller' | 'scheduler'>,
): Floor {
  const pods = Math.abs(probe.to - probe.from)
  const calls = pods * (isRollout(probe) ? startCalls(serviceAccountToken) : 3)
  const floor = longest([
    // Nobody is at it for less than a second: a kubelet looks at its pods once in that time.
    { ms: 1000, boundBy: 'nobody' },
    { ms: drainMs(controller, pods), boundBy: 'kube-controller-manager' },
    { ms: isRollout(probe) ? drainMs(scheduler, pods) : 0, boundBy: 'kube-scheduler' },
    { ms: drainMs(kubelet, calls), boundBy: 'kubelet' },
  ])
  if (!isRollout(probe)) return floor
  return longest([
    // The last pod's container starts once everything before it is done.
    { ...floor, ms: floor.ms + containerStarts.timeMs },
    { ms: startsMs(pods, containerStarts), boundBy: 'container starts' },
  ])
}

/** GET and PATCH of a pod's status, and a token where it has one. */
function startCalls(serviceAccountToken: boolean): number {
  return serviceAccountToken ? 3 : 2
}

/** Time a full bucket needs for so many requests; none when it has no limit, which is how components take 0 and below. */
function drainMs(limit: KnownLimit, requests: number): number {
  return limit.kind === 'none' ? 0 : (Math.max(0, requests - limit.burst) / limit.qps) * 1000
}

/** `20 pods/s`, or `no limit`. */
function paceOf(limit: KnownLimit, what: string): string {
  return limit.kind === 'none' ? 'no limit' : `${limit.qps} ${what}`
}

function longest(floors: readonly [Floor, ...Floor[]]): Floor {
  return floors.reduce((slowest, floor) => (floor.ms > slowest.ms ? floor : slowest))
}
