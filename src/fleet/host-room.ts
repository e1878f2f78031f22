import { parseBytes } from '../base/quantity.ts'
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

/** What is there for pods without tolerations: machines with room, by their name, and those that are left out. */
export function roomOf(nodes: readonly Node[], pods: readonly Pod[]): { hosts: HostRoom[]; unusable: UnusableHost[] } {
  const podsByNode = Map.groupBy(pods.filter(isOnNode), ({ spec }) => spec.nodeName ?? '')
  const hosts: HostRoom[] = []
  const unusable: UnusableHost[] = []
  for (const node of nodes) {
    const name = node.metadata.name ?? ''
    const because = unusableBecause(node)
    if (because !== undefined) {
      unusable.push({ name, because })
      continue
    }
    const there = podsByNode.get(name) ?? []
    const { allocatable = {} } = node.status ?? {}
    hosts.push({
      name,
      hostname: node.metadata.labels?.['kubernetes.io/hostname'] ?? name,
      maxPods: Number(allocatable.pods ?? 0),
      pods: there.length,
      freeCores: parseCores(allocatable.cpu) - sumOf(there.map((pod) => requested(pod, 'cpu', parseCores))),
      freeMemoryBytes:
        parseMemory(allocatable.memory) - sumOf(there.map((pod) => requested(pod, 'memory', parseMemory))),
    })
  }
  return { hosts, unusable }
}

/** Pods that have ended take no room. */
function isOnNode({ spec, status }: Pod): boolean {
  return spec.nodeName !== undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
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
function requested(pod: Pod, resource: 'cpu' | 'memory', parse: (text: string | undefined) => number): number {
  const of = ({ resources }: Wants) => parse(resources?.requests?.[resource])
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
  return Math.max(running, ...initContainers.map(of)) + parse(overhead[resource])
}

/** Cores of a quantity such as `2`, `250m` or `100u`; 0 when absent. */
export function parseCores(text = '0'): number {
  const match = /^(\d+(?:\.\d+)?)([num]?)$/.exec(text)
  const unit = { n: 1e-9, u: 1e-6, m: 1e-3, '': 1 }[match?.[2] ?? '']
  return match === null ? 0 : Number(match[1]) * (unit ?? 1)
}

/** Bytes of a quantity; 0 when absent. `m` is what arithmetic on quantities may leave. */
function parseMemory(text = '0'): number {
  return text.endsWith('m') ? Number(text.slice(0, -1)) / 1000 : (parseBytes(text) ?? 0)
}
