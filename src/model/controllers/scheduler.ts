import { quantityOf } from '../../base/quantity.ts'
import { countMore } from '../../base/sum.ts'
import type { Condition, Node, Pod } from '../../kube/resources.ts'
import { clientLimitOf } from '../../tuning/client-limit.ts'
import { createClient } from '../client-go/client.ts'
import { createEventRecorder } from '../client-go/event-recorder.ts'
import { bucketOf } from '../client-go/token-bucket.ts'
import type { ControlPlane } from '../control-plane.ts'
import { keyOf } from '../control-plane.ts'

/** How long a pod that did not fit waits before it is tried again: doubled each time (scheduler/backend/queue). */
const backOffMs = { first: 1000, longest: 10_000 }
/** Of 100 nodes and fewer, all are looked at. */
const fewestNodes = 100
/** A node as the scheduler's cache has it, pods that are being bound included. */
interface Candidate {
  node: Node
  /** Its place among all candidates; -1 once it is none. */
  index: number
  maxPods: number
  cpu: number
  memoryBytes: number
  usedCpu: number
  usedMemoryBytes: number
}

/** What can be seen of a scheduler. */
export interface Scheduler {
  /** Pods that wait to be looked at, and pods that did not fit anywhere. */
  pendingPods(): { active: number; unschedulable: number }
}

/** What a pod asks of a node. */
interface Needs {
  cpu: number
  memoryBytes: number
}

/**
 * The scheduler (pkg/scheduler): one pod after the other, a node with the fewest pods among those it looked at; binding goes on
 * beside the next decision. How many nodes it looks at falls with their number (schedule_one.go, numFeasibleNodesToFind).
 */
export function runScheduler(controlPlane: ControlPlane): Scheduler {
  const { timeline, server, processor, costs, settings } = controlPlane
  // One for pods and one for events, each with a bucket of its own of the same size (cmd/kube-scheduler/app/options, createClients).
  const createOwnClient = () =>
    createClient({
      ...controlPlane,
      bucket: bucketOf(clientLimitOf(settings.scheduler.client)),
      level: 'workload-high',
      limiter: controlPlane.schedulerLimiter,
    })
  const client = createOwnClient()
  const eventClient = createOwnClient()
  const recorder = createEventRecorder(timeline, eventClient)

  const candidates: Candidate[] = []
  // What the search looks at in each of them lies side by side in memory: of 5000 nodes, it looks at 500 for every pod.
  const podCounts: number[] = []
  /** 0 for a node that is cordoned or tainted. */
  const podLimits: number[] = []
  const byName = new Map<string, Candidate>()
  /** Where each pod is, or is going. */
  const placed = new Map<string, { candidate: Candidate; needs: Needs }>()
  const pending = new Map<string, Pod>()
  let queue: string[] = []
  let head = 0
  const failures = new Map<string, number>()
  const unschedulable = new Set<string>()
  let deciding = false
  /** The search goes on where it ended, so that all nodes get their share. */
  let nextStart = 0

  const enqueue = (key: string) => {
    queue.push(key)
    decideNext()
  }

  const decideNext = () => {
    if (deciding) return
    while (head < queue.length) {
      const key = queue[head++] as string
      const pod = pending.get(key)
      if (pod === undefined) continue
      deciding = true
      const { chosen, lookedAt, needs } = choose(pod)
      // scheduler/framework/parallelize
      const sideBySide = Math.min(settings.scheduler.parallelism, processor.cores)
      const pieceMs = (lookedAt * costs.scheduler.nodeMs) / sideBySide
      for (let other = 1; other < sideBySide; other++) processor.reserve('kube-scheduler', pieceMs)
      const doneMs = processor.reserve('kube-scheduler', costs.scheduler.podMs + pieceMs)
      timeline.at(doneMs, () => {
        deciding = false
        if (pending.get(key) !== undefined) {
          if (chosen === undefined) postpone(key, pod, needs)
          else assume(key, pod, chosen, needs)
        }
        decideNext()
      })
      return
    }
    queue = []
    head = 0
  }

  const assume = (key: string, pod: Pod, candidate: Candidate, needs: Needs) => {
    pending.delete(key)
    place(key, candidate, needs)
    const { namespace = '', name = '' } = pod.metadata
    client.bind({ resource: 'pods', namespace, name }, candidate.node.metadata.name ?? '', (error) => {
      if (error === undefined) {
        recorder.record(key, 'Scheduled')
        failures.delete(key)
      } else if (placed.get(key)?.candidate === candidate && error.status !== 404) {
        release(key)
        pending.set(key, pod)
        backOff(key)
      }
    })
  }

  const postpone = (key: string, pod: Pod, needs: Needs) => {
    unschedulable.add(key)
    const { namespace = '', name = '' } = pod.metadata
    const condition: Condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: unschedulableMessage(candidates, podCounts, pod, needs),
    }
    client.update('PATCH', { resource: 'pods', namespace, name }, 'status', (current) => {
      const others = (current.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled')
      return { ...current, status: { ...current.status, conditions: [condition, ...others] } }
    })
    recorder.record(key, 'FailedScheduling')
  }

  const backOff = (key: string) => {
    const count = failures.get(key) ?? 0
    failures.set(key, count + 1)
    timeline.after(Math.min(backOffMs.first * 2 ** count, backOffMs.longest), () => enqueue(key))
  }

  /** Something has changed that may make room. */
  const retry = () => {
    if (unschedulable.size === 0) return
    const keys = [...unschedulable]
    unschedulable.clear()
    for (const key of keys) backOff(key)
  }

  const choose = (pod: Pod): { chosen: Candidate | undefined; lookedAt: number; needs: Needs } => {
    const needs = needsOf(pod)
    const total = candidates.length
    const { nodeSelector } = pod.spec
    const host = nodeSelector?.['kubernetes.io/hostname']
    if (host !== undefined) {
      // Every node has to be looked at, but only one can be it.
      const candidate = byName.get(host)
      const isIt = candidate !== undefined && hasSeat(candidate.index) && fits(candidate, pod, needs)
      return { chosen: isIt ? candidate : undefined, lookedAt: total, needs }
    }
    const isModest = nodeSelector === undefined && needs.cpu === 0 && needs.memoryBytes === 0
    const wanted = nodesToFind(total, settings.scheduler.percentageOfNodesToScore)
    let found = 0
    let lookedAt = 0
    let chosen: number | undefined
    let fewest = Number.POSITIVE_INFINITY
    let index = nextStart < total ? nextStart : 0
    while (lookedAt < total && found < wanted) {
      if (hasSeat(index) && (isModest || fits(candidates[index] as Candidate, pod, needs))) {
        found++
        const count = podCounts[index] as number
        if (count < fewest) {
          chosen = index
          fewest = count
        }
      }
      lookedAt++
      index = index + 1 < total ? index + 1 : 0
    }
    nextStart = index
    return { chosen: chosen === undefined ? undefined : candidates[chosen], lookedAt, needs }
  }
  const hasSeat = (index: number) => (podCounts[index] as number) < (podLimits[index] as number)
  const addPods = ({ index }: Candidate, count: number) => {
    if (index !== -1) podCounts[index] = (podCounts[index] as number) + count
  }

  const place = (key: string, candidate: Candidate, needs: Needs) => {
    placed.set(key, { candidate, needs })
    addPods(candidate, 1)
    candidate.usedCpu += needs.cpu
    candidate.usedMemoryBytes += needs.memoryBytes
  }

  const release = (key: string) => {
    const place = placed.get(key)
    if (place === undefined) return
    placed.delete(key)
    addPods(place.candidate, -1)
    place.candidate.usedCpu -= place.needs.cpu
    place.candidate.usedMemoryBytes -= place.needs.memoryBytes
  }

  const remove = (candidate: Candidate) => {
    for (const column of [candidates, podCounts, podLimits]) column.splice(candidate.index, 1)
    for (let index = candidate.index; index < candidates.length; index++) (candidates[index] as Candidate).index = index
    candidate.index = -1
  }

  server.inform('nodes', ({ type, object, previous }) => {
    processor.reserve('kube-scheduler', costs.scheduler.nodeStatusMs, 'watches')
    const { name = '' } = object.metadata
    const known = byName.get(name)
    if (type === 'DELETED') {
      byName.delete(name)
      if (known !== undefined) remove(known)
      return
    }
    const { allocatable } = object.status ?? {}
    if (known === undefined) {
      const index = candidates.length
      const candidate = { node: object, index, usedCpu: 0, usedMemoryBytes: 0, ...capacityOf(allocatable) }
      byName.set(name, candidate)
      candidates.push(candidate)
      podCounts.push(0)
      podLimits.push(podLimitOf(candidate))
    } else {
      known.node = object
      const hasCapacityChanged = previous?.status?.allocatable !== allocatable
      if (hasCapacityChanged) Object.assign(known, capacityOf(allocatable))
      if (hasCapacityChanged || previous?.spec !== object.spec) podLimits[known.index] = podLimitOf(known)
    }
    if (previous === undefined || previous.spec?.taints !== object.spec?.taints) retry()
  })
  server.inform('pods', ({ type, object }) => {
    const key = keyOf(object)
    const { nodeName } = object.spec
    if (type === 'DELETED') {
      pending.delete(key)
      unschedulable.delete(key)
      failures.delete(key)
      release(key)
      retry()
    } else if (nodeName === undefined) {
      if (type === 'ADDED') {
        pending.set(key, object)
        enqueue(key)
      }
    } else {
      pending.delete(key)
      const candidate = byName.get(nodeName)
      if (candidate !== undefined && placed.get(key) === undefined) place(key, candidate, needsOf(object))
    }
  })
  return { pendingPods: () => ({ active: queue.length - head, unschedulable: unschedulable.size }) }
}

/** How many nodes that a pod fits on are enough to choose from (schedule_one.go, numFeasibleNodesToFind); 0 % leaves it to their number. */
function nodesToFind(nodes: number, asked: number): number {
  if (nodes < fewestNodes) return nodes
  const percentage = asked === 0 ? Math.max(5, 50 - Math.floor(nodes / 125)) : asked
  return Math.max(fewestNodes, Math.floor((nodes * percentage) / 100))
}

/** Whether a pod fits on a node that takes one more. */
function fits(candidate: Candidate, { spec }: Pod, needs: Needs): boolean {
  if (needs.cpu > 0 && candidate.usedCpu + needs.cpu > candidate.cpu) return false
  if (needs.memoryBytes > 0 && candidate.usedMemoryBytes + needs.memoryBytes > candidate.memoryBytes) return false
  if (spec.nodeSelector === undefined) return true
  const labels = candidate.node.metadata.labels ?? {}
  for (const key in spec.nodeSelector) if (labels[key] !== spec.nodeSelector[key]) return false
  return true
}

function podLimitOf({ node: { spec }, maxPods }: Candidate): number {
  return spec?.['unschedulable'] === true || isTainted(spec?.taints) ? 0 : maxPods
}

function isTainted(taints: NonNullable<Node['spec']>['taints'] = []): boolean {
  return taints.some(({ effect }) => effect !== 'PreferNoSchedule')
}

/** Why a pod does not fit on any node, in the words of the filter plugins: `0/2 nodes are available: 2 Insufficient cpu.` and on. */
function unschedulableMessage(
  candidates: readonly Candidate[],
  podCounts: readonly number[],
  pod: Pod,
  needs: Needs,
): string {
  const counts = new Map<string, number>()
  for (const candidate of candidates)
    for (const reason of reasonsAgainst(candidate, podCounts[candidate.index] as number, pod, needs))
      countMore(counts, reason)
  const reasons = [...counts].map(([reason, count]) => `${count} ${reason}`).sort()
  const none = `0/${candidates.length} nodes are available`
  if (candidates.length === 0) return 'no nodes available to schedule pods'
  const unhelpful = `${candidates.length} Preemption is not helpful for scheduling`
  return `${none}: ${reasons.join(', ')}. no new claims to deallocate, preemption: ${none}: ${unhelpful}.`
}

/** The first filter that a node does not pass tells its reasons. */
function reasonsAgainst(candidate: Candidate, pods: number, { spec }: Pod, needs: Needs): string[] {
  const { taints, ['unschedulable']: isUnschedulable } = candidate.node.spec ?? {}
  if (isUnschedulable === true) return ['node(s) were unschedulable']
  if (isTainted(taints)) return ['node(s) had untolerated taint(s)']
  const labels = candidate.node.metadata.labels ?? {}
  if (Object.entries(spec.nodeSelector ?? {}).some(([key, value]) => labels[key] !== value))
    return ["node(s) didn't match Pod's node affinity/selector"]
  return [
    ...(pods >= candidate.maxPods ? ['Too many pods'] : []),
    ...(needs.cpu > 0 && candidate.usedCpu + needs.cpu > candidate.cpu ? ['Insufficient cpu'] : []),
    ...(needs.memoryBytes > 0 && candidate.usedMemoryBytes + needs.memoryBytes > candidate.memoryBytes
      ? ['Insufficient memory']
      : []),
  ]
}

function capacityOf(allocatable: Readonly<Record<string, string>> = {}) {
  return {
    maxPods: quantityOf(allocatable['pods']),
    cpu: quantityOf(allocatable['cpu']),
    memoryBytes: quantityOf(allocatable['memory']),
  }
}

const none: Needs = { cpu: 0, memoryBytes: 0 }

function needsOf({ spec }: Pod): Needs {
  const needs = { ...none }
  for (const container of spec.containers) {
    const { requests } = (container['resources'] ?? {}) as { requests?: Record<string, string | number> }
    if (requests === undefined) continue
    needs.cpu += quantityOf(requests['cpu'])
    needs.memoryBytes += quantityOf(requests['memory'])
  }
  return needs
}
