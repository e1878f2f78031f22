import { heartbeatsPerSecond } from './etcd-sizing.ts'
import { processesOf } from './packing.ts'

/*
 * What hollow nodes take of a machine, from real runs: docs/figures.md has them.
 */

const mebibyte = 2 ** 20

/** The program itself, which all its processes on a machine share. */
const sharedBytes = 60 * mebibyte
/** A process of 1, 10, 50 and 130 packed kubelets has 15, 31, 98 and 230 MB of its own. */
const processBytes = 14 * mebibyte
const kubeletBytes = 1.67 * mebibyte

/** Memory of a fleet on one machine, idle. Every kubelet beyond the probe's own process is packed. */
export function estimateFleetMemoryBytes(fleet: { nodes: number; nodesPerProcess: number }): number {
  return Math.round(sharedBytes + processesOf(fleet) * processBytes + fleet.nodes * kubeletBytes)
}

/** Up and empty, it took 480 MB with two hollow kubelets of 75. */
const emptyControlPlaneBytes = 330e6
/** With 1000 kubelets and 5000 pods everything took 4.3 GB, 2.1 of it hollow nodes; a pod's part is from 40000 of them, 2.2 GB. */
const controlPlaneBytesPerNode = 1.65e6
const controlPlaneBytesPerPod = 45e3

/** Memory of a control plane and its etcd, all on one machine: watches and connections of its nodes above all. */
export function estimateControlPlaneMemoryBytes({ nodes, pods }: { nodes: number; pods: number }): number {
  return emptyControlPlaneBytes + nodes * controlPlaneBytesPerNode + pods * controlPlaneBytesPerPod
}

/** What upstream's guide sets aside for each kubelet in a process of its own, hollow-proxy not included. */
export function upstreamGuide(nodes: number): { memoryBytes: number; cores: number } {
  return { memoryBytes: nodes * 100e6, cores: nodes * 0.05 }
}

/** 1000 idle kubelets, 50 to a process, took 0.71 cores, the apiserver 0.31 for them and etcd 0.11. */
const idleControlPlaneCoresPerNode = 0.42e-3
const idleCoresPerNode = 0.71e-3 + idleControlPlaneCoresPerNode
/** 80 status writes a second took another 0.12 cores of kubelets, and 0.4 of kubelets, apiserver and etcd together. */
const processorMsPerStatusWrite = 5
const kubeletMsPerStatusWrite = 1.5
/** A process of its own makes a kubelet's 0.7 mcores 3.5. */
const idleCoresPerKubelet = 0.7e-3
const idleCoresPerProcess = 2.8e-3

/** A fleet and its kubelets' nodeStatusUpdateFrequency, null where it is not set. */
interface BeatingFleet {
  nodes: number
  statusPeriodSeconds: number | null
}

/** Cores that are needed, and how they are made up. */
interface CoresEstimate {
  coresNeeded: number
  because: string
}

/**
 * Processor cores that an idle fleet and its control plane need on one machine. `statusPeriodSeconds` is the kubelets'
 * nodeStatusUpdateFrequency, null where it is not set: then, and only then, an unchanged status is seldom written.
 */
export function estimateFleetCores(fleet: BeatingFleet): CoresEstimate {
  const idle = fleet.nodes * idleCoresPerNode
  const writes = extraStatusWrites(fleet)
  const written = writes * (processorMsPerStatusWrite / 1000)
  const leases = `leases and the like of ${fleet.nodes} nodes: ${idle.toFixed(2)} cores`
  return {
    coresNeeded: idle + written,
    because:
      writes === 0
        ? leases
        : `${leases}; ${writes.toFixed(0)} more status writes per second, one per node every ${fleet.statusPeriodSeconds} s: ${written.toFixed(2)} cores`,
  }
}

/** Processor cores of hollow nodes alone, idle, on the machine they are on; their control plane is elsewhere. */
export function estimateHollowCores(fleet: BeatingFleet & { nodesPerProcess: number }): number {
  return (
    fleet.nodes * idleCoresPerKubelet +
    processesOf(fleet) * idleCoresPerProcess +
    extraStatusWrites(fleet) * (kubeletMsPerStatusWrite / 1000)
  )
}

/** Processor cores of the apiserver and etcd for an idle fleet that is elsewhere. */
export function estimateControlPlaneCores(fleet: BeatingFleet): number {
  const millisecondsPerWrite = processorMsPerStatusWrite - kubeletMsPerStatusWrite
  return fleet.nodes * idleControlPlaneCoresPerNode + extraStatusWrites(fleet) * (millisecondsPerWrite / 1000)
}

/** Status writes a second beyond those of the built-in period, which what was measured as idle has in it. */
function extraStatusWrites(fleet: BeatingFleet): number {
  const { status } = heartbeatsPerSecond(fleet)
  return Math.max(0, status - heartbeatsPerSecond({ ...fleet, statusPeriodSeconds: null }).status)
}

/** 50 kubelets in one process had 70 MB of their own, and 84 MB with hollow proxies, which remember nothing. */
const hollowProxyBytes = 0.3 * mebibyte

/** What one hollow-node pod asks of its machine, idle. */
export interface PodResources {
  memoryBytes: number
  /** Beyond this it is killed. Far above what was seen: a kubelet that dies in mid-probe costs the run. */
  memoryLimitBytes: number
  cores: number
}

/** Resources of a pod with so many hollow nodes. There is no limit on processor time: throttling would slow what is measured. */
export function podResources(pod: { nodes: number; proxy: boolean; statusPeriodSeconds: number | null }): PodResources {
  const memoryBytes = processBytes + pod.nodes * (kubeletBytes + (pod.proxy ? hollowProxyBytes : 0))
  return {
    memoryBytes,
    // The program itself is charged to whichever pod reads it first.
    memoryLimitBytes: 4 * memoryBytes + 2 * sharedBytes,
    cores:
      pod.nodes * idleCoresPerKubelet + idleCoresPerProcess + extraStatusWrites(pod) * (kubeletMsPerStatusWrite / 1000),
  }
}

/** What the program takes without any load, and what Node sets aside for what is new (three times make's --max-semi-space-size). */
const idleSimulationBytes = (30 + 3 * 32) * mebibyte

/**
 * Heap that a simulation needs, about: what was alive at its peak (`--trace-gc`, Node 24), and a tenth more. That was 26 MB without load,
 * 335 MB with 20,000 nodes, 205 MB with 5000 nodes and 40,000 pods (5k-nodes to its end; an arm's cluster is forgotten with it), and 134 MB
 * with 100,000 configmaps. `others`: objects but for nodes and pods.
 */
export function estimateSimulationBytes(simulated: { nodes: number; pods: number; others: number }): number {
  const { nodes, pods, others } = simulated
  return idleSimulationBytes + 1024 * (17 * nodes + 3.25 * pods + 1.25 * others)
}
