/*
 * What hollow nodes take of a machine, from real runs (facts: kubemark.md "Packed hollow nodes", measured.md "1000 real
 * kubelets on this machine").
 */

const mebibyte = 2 ** 20

/** The program itself, which all its processes on a machine share. */
const sharedBytes = 60 * mebibyte
/** A process of 1, 10, 50 and 130 packed kubelets has 15, 31, 98 and 230 MB of its own. */
const processBytes = 14 * mebibyte
const kubeletBytes = 1.67 * mebibyte

/** Memory of a fleet on one machine, idle. Every kubelet beyond the probe's own process is packed. */
export function estimateFleetMemoryBytes({
  nodes,
  nodesPerProcess,
}: {
  nodes: number
  nodesPerProcess: number
}): number {
  const processes = 1 + Math.ceil((nodes - 1) / nodesPerProcess)
  return Math.round(sharedBytes + processes * processBytes + nodes * kubeletBytes)
}

/** 1000 idle kubelets took 0.71 cores, the apiserver 0.31 for them and etcd 0.11. */
const idleCoresPerNode = 1.13e-3
/** 80 status writes a second took another 0.4 cores, of kubelets, apiserver and etcd together. */
const processorMsPerStatusWrite = 5
/** Without a frequency of its own, a node reports a status that has not changed every five minutes. */
const builtInStatusPeriodSeconds = 300

/**
 * Processor cores that an idle fleet and its control plane need on one machine. `statusPeriodSeconds` is the kubelets'
 * nodeStatusUpdateFrequency, null where it is not set: then, and only then, an unchanged status is seldom written.
 */
export function estimateFleetCores({
  nodes,
  statusPeriodSeconds,
}: {
  nodes: number
  statusPeriodSeconds: number | null
}): { coresNeeded: number } {
  const writesPerSecond = nodes / (statusPeriodSeconds ?? builtInStatusPeriodSeconds)
  // What was measured as idle has the writes of the built-in period in it.
  const moreWrites = Math.max(0, writesPerSecond - nodes / builtInStatusPeriodSeconds)
  return { coresNeeded: nodes * idleCoresPerNode + moreWrites * (processorMsPerStatusWrite / 1000) }
}
