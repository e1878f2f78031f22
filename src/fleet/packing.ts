import type { Plan } from '../plan/plan.ts'

/** How a fleet lies on its machines; the fullest one of them. */
export interface Packing {
  hosts: number
  nodesPerHost: number
  /** Processes on one machine, or hollow-node pods on a host of a host cluster. */
  processesPerHost: number
}

/** Nodes spread evenly over the hosts, the fullest of which has one more where they do not divide. */
export function packFleet({
  nodes,
  hosts,
  nodesPerProcess,
}: Pick<Plan['fleet'], 'nodes' | 'hosts' | 'nodesPerProcess'>): Packing {
  const nodesPerHost = Math.ceil(nodes / hosts)
  // The probe's node has a process of its own.
  return { hosts, nodesPerHost, processesPerHost: 1 + Math.ceil((nodesPerHost - 1) / nodesPerProcess) }
}
