import type { Plan } from '../plan/plan.ts'

/** How a fleet lies on its machines; the fullest one of them. */
export interface Packing {
  hosts: number
  nodesPerHost: number
  /** Processes on one machine, or hollow-node pods on a host of a host cluster. */
  processesPerHost: number
}

/**
 * Nodes spread evenly over the hosts, the fullest of which has one more where they do not divide: 5000 / 45 = 111.1, so 112.
 */
export function packFleet({
  nodes,
  hosts,
  nodesPerProcess,
}: Pick<Plan['fleet'], 'nodes' | 'hosts' | 'nodesPerProcess'>): Packing {
  const nodesPerHost = Math.ceil(nodes / hosts)
  return { hosts, nodesPerHost, processesPerHost: processesOf({ nodes: nodesPerHost, nodesPerProcess }) }
}

/** Processes of the machine with the probe's node, which is alone in its process, as target local packs its nodes. */
export function processesOf({ nodes, nodesPerProcess }: { nodes: number; nodesPerProcess: number }): number {
  return 1 + Math.ceil((nodes - 1) / nodesPerProcess)
}

/**
 * Fewest nodes per process with which a host's nodes fit into so many processes, one of them the probe's; undefined when
 * none does.
 */
export function nodesPerProcessFor({ nodes, processes }: { nodes: number; processes: number }): number | undefined {
  if (nodes <= 1) return 1
  return processes < 2 ? undefined : Math.ceil((nodes - 1) / (processes - 1))
}
