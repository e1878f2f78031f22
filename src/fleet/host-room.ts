import { quantityOf } from '../base/quantity.ts'
import { sumOf } from '../base/sum.ts'
import type { Node, Pod } from '../kube/resources.ts'
import { isReady } from '../kube/resources.ts'

/** What a machine of a host cluster can still take. */
export interface HostRoom {
  name: string
  /** Value of its hostname label, by which pods are sent to it. */
  hostname: string
  /** Pods that its kubelet takes, and how many are there. */
  maxPods: number
  pods: number
  /** Allocatable less what is requested already. */
  freeCores: number
  freeMemoryBytes: number
}

/** A machine that must not be used, and why. */
export interface UnusableHost {
  name: string
  because: string
}

/** What a pod takes of its node: all that is kept of it, as a cluster may have tens of thousands. */
export interface TakenRoom {
  node: string
  cores: number
  memoryBytes: number
}

/** What a pod takes of the node that it is on; undefined where it is on none, or has ended. */
export function takenBy(pod: Pod): TakenRoom | undefined {
  const { nodeName: node } = pod.spec
  const hasEnded = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
  if (node === undefined || hasEnded) return undefined
  return { node, cores: requested(pod, 'cpu'), memoryBytes: requested(pod, 'memory') }
}

/** What is there for pods without tolerations: machines with room, by their name, and those that are left out. */
export function roomOf(
  nodes: readonly Node[],
  taken: readonly TakenRoom[],
): { hosts: HostRoom[]; unusable: UnusableHost[] } {
  const takenByNode = Map.groupBy(taken, ({ node }) => node)
  const hosts: HostRoom[] = []
  const unusable: UnusableHost[] = []
  for (const node of nodes) {
    const name = node.metadata.name ?? ''
    const because = unusableBecause(node)
    if (because !== undefined) {
      unusable.push({ name, because })
      continue
    }
    const there = takenByNode.get(name) ?? []
    const { allocatable = {} } = node.status ?? {}
    hosts.push({
      name,
      hostname: node.metadata.labels?.['kubernetes.io/hostname'] ?? name,
      maxPods: quantityOf(allocatable.pods),
      pods: there.length,
      freeCores: quantityOf(allocatable.cpu) - sumOf(there.map(({ cores }) => cores)),
      freeMemoryBytes: quantityOf(allocatable.memory) - sumOf(there.map(({ memoryBytes }) => memoryBytes)),
    })
  }
  return { hosts, unusable }
}

function unusableBecause(node: Node): string | undefined {
  if (node.spec?.unschedulable === true) return 'cordoned'
  const taint = node.spec?.taints?.find(({ effect }) => effect !== 'PreferNoSchedule')
  if (taint !== undefined) return `taint ${taint.key}:${taint.effect}`
  return isReady(node) ? undefined : 'not Ready'
}

/** The parts of a pod that say what it wants. */
interface Wants {
  resources?: { requests?: Record<string, string> }
  restartPolicy?: string
}

/**
 * What the scheduler sets aside for a pod: its containers and sidecars together, or its greatest init container, and its overhead
 * (k8s.io/component-helpers/resource).
 */
function requested(pod: Pod, resource: 'cpu' | 'memory'): number {
  const of = ({ resources }: Wants) => quantityOf(resources?.requests?.[resource])
  const {
    containers,
    initContainers = [],
    overhead = {},
  } = pod.spec as unknown as {
    containers: Wants[]
    initContainers?: Wants[]
    overhead?: Record<string, string>
  }
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')
  const running = sumOf([...containers, ...sidecars].map(of))
  return Math.max(running, ...initContainers.map(of)) + quantityOf(overhead[resource])
}
