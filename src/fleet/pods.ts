/*
 * How hollow nodes lie in the pods of a host cluster. Pods of one StatefulSet mount the same Secret, and a Secret holds less than
 * 1 MiB: so the packs are spread over several StatefulSets, each with a Secret that has its nodes' certificates.
 */

/** Pods of one StatefulSet: `hollow-<first>` and the following nodes, the last pod with fewer of them where they do not divide. */
export interface PodGroup {
  /** Of the StatefulSet and of its Secret. */
  name: string
  first: number
  nodes: number
  nodesPerPod: number
  pods: number
}

/** What a fleet's nodes are called before their number, on every target. */
export const namePrefix = 'hollow'

/** `hollow-7`. */
export function nodeName(index: number): string {
  return `${namePrefix}-${index}`
}

/** A certificate and its key take about 1.4 KB: these are a third of what fits into a Secret. Every pod has them in memory. */
const nodesPerSecret = 250

/** The probe's node alone in its pod, for its metrics to be its own; the others `nodesPerProcess` to a pod. */
export function groupPods({ nodes, nodesPerProcess }: { nodes: number; nodesPerProcess: number }): PodGroup[] {
  const probe: PodGroup = { name: `${namePrefix}-probe`, first: 0, nodes: 1, nodesPerPod: 1, pods: 1 }
  const nodesPerGroup = Math.max(1, Math.floor(nodesPerSecret / nodesPerProcess)) * nodesPerProcess
  const groups: PodGroup[] = []
  for (let first = 1; first < nodes; first += nodesPerGroup) {
    const count = Math.min(nodesPerGroup, nodes - first)
    groups.push({
      name: `${namePrefix}-packs-${groups.length}`,
      first,
      nodes: count,
      nodesPerPod: nodesPerProcess,
      pods: Math.ceil(count / nodesPerProcess),
    })
  }
  return [probe, ...groups]
}

/** The nodes of one pod of a group, by their numbers. */
export function nodesOfPod({ first, nodes, nodesPerPod }: PodGroup, pod: number): number[] {
  const start = pod * nodesPerPod
  return Array.from({ length: Math.min(nodesPerPod, nodes - start) }, (_, index) => first + start + index)
}

/** Names of all pods with those of their nodes, in the order in which they are started. */
export function podsOf(groups: readonly PodGroup[]): { pod: string; nodes: string[] }[] {
  return groups.flatMap((group) =>
    Array.from({ length: group.pods }, (_, index) => ({
      pod: `${group.name}-${index}`,
      nodes: nodesOfPod(group, index).map(nodeName),
    })),
  )
}

/** How many replicas each group has when so many pods of the fleet are to run. */
export function replicasOf(groups: readonly PodGroup[], pods: number): number[] {
  let left = pods
  return groups.map((group) => {
    const replicas = Math.min(group.pods, left)
    left -= replicas
    return replicas
  })
}
