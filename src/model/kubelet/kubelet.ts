import type { Random } from '../../base/random.ts'
import type { Condition, Node, Pod } from '../../kube/resources.ts'
import { clientLimitOf } from '../../tuning/client-limit.ts'
import type { StoredChange } from '../apiserver/store.ts'
import { timestampOf } from '../apiserver/timestamps.ts'
import type { Client, LimiterMetrics } from '../client-go/client.ts'
import { createClient, createLimiterMetrics } from '../client-go/client.ts'
import type { EventRecorder } from '../client-go/event-recorder.ts'
import { createEventRecorder } from '../client-go/event-recorder.ts'
import { bucketOf, unlimited } from '../client-go/token-bucket.ts'
import type { ControlPlane } from '../control-plane.ts'
import type { Processor } from '../machine/processor.ts'
import type { ContainerStartLimits } from './container-starts.ts'
import { createContainerStarts } from './container-starts.ts'
import type { Heartbeats } from './heartbeats.ts'
import type { PodRef, StatusManager } from './status-manager.ts'
import { createStatusManager } from './status-manager.ts'

/** A hollow node's kubelet. */
export interface Kubelet {
  readonly name: string
  /** When its process started. */
  readonly startedMs: number
  /** Registers the node, which becomes Ready, and goes on with heartbeats. */
  start(): void
  /** A pod of this node has changed. */
  pod(change: StoredChange<'pods'>): void
  /** Stops at once, as a killed process does: no lease is renewed any more, no status written. */
  die(): void
  readonly limiter: LimiterMetrics
}

export interface KubeletOptions {
  controlPlane: ControlPlane
  name: string
  /** The machine that the kubelet runs on. */
  host: Processor
  node: { cpu: number; memory: string; containerStarts?: ContainerStartLimits | undefined }
  random: Random
  heartbeats: Heartbeats
}

/** How often the runtime is asked what runs on the whole node (pkg/kubelet/kubelet.go, genericPlegRelistPeriod). */
const relistMs = 1000
/** How soon it tries again to register (pkg/kubelet/kubelet_node_status.go, registerWithAPIServer). */
const registerAgainMs = 100
/** What it tells of itself as it starts (pkg/kubelet/kubelet_node_status.go, kubelet.go). */
const startEvents = [
  'Starting',
  'NodeHasSufficientMemory',
  'NodeHasNoDiskPressure',
  'NodeHasSufficientPID',
  'NodeReady',
]
/** A pod's status is written when it is seen, and when its containers run; what it takes to start one is spread evenly over what leads there. */
const startParts = 2
/** Of what it takes to end a pod, the share until its containers have stopped. */
const stopShare = 2 / 3
/** How often a pod's worker asks whether its volumes are mounted (volumemanager, podAttachAndMountRetryInterval). */
const mountPollMs = 300

interface KnownPod {
  ref: PodRef
  startTime: string
  /** Container start was asked for and has not come to its end. */
  starting: boolean
  /** Since when it is Ready; undefined until then. */
  readySince: string | undefined
  terminating: boolean
  /** When its worker last did something with it. */
  lastSyncMs: number
}

/**
 * The kubelet as its apiserver sees it (pkg/kubelet): its pods' status is written when they come, when the runtime is found to run
 * them, and when they have gone; what it takes from the machine is taken at those moments.
 */
export function createKubelet({ controlPlane, name, host, node, random, heartbeats }: KubeletOptions): Kubelet {
  const { timeline, costs, settings } = controlPlane
  const limiter = createLimiterMetrics()
  const pods = new Map<string, KnownPod>()
  const startedMs = timeline.nowMs()
  const self = { name, host, isAlive: true }
  /** Relists come at the same part of each second, which differs from node to node. */
  const relistPhaseMs = random.integer(0, relistMs - 1)
  const heartbeatClient = createClient({ ...controlPlane, bucket: unlimited, level: 'node-high' })

  // Made when the first pod comes: most nodes of a big fleet have none for a while.
  let made: { client: Client; statuses: StatusManager; recorder: EventRecorder } | undefined
  const parts = () => {
    if (made !== undefined) return made
    const client = createClient({
      ...controlPlane,
      bucket: bucketOf(clientLimitOf(settings.kubelet.client)),
      level: 'system',
      limiter,
      // The status manager is one goroutine among those of all pods: in a burst each of its requests waits for its turn.
      sentMs: () => host.reserve('hollow-node', 0),
    })
    const eventClient = createClient({
      ...controlPlane,
      bucket: bucketOf(clientLimitOf(settings.kubelet.events)),
      level: 'system',
      limiter,
    })
    made = { client, statuses: createStatusManager(client), recorder: createEventRecorder(timeline, eventClient) }
    return made
  }

  /** The moment of the first relist after now. */
  const nextRelistMs = () => {
    const nowMs = timeline.nowMs()
    const passed = Math.floor((nowMs - relistPhaseMs) / relistMs)
    return relistPhaseMs + (passed + 1) * relistMs
  }
  const whileAlive = (action: () => void) => () => {
    if (self.isAlive) action()
  }
  const starts = createContainerStarts(node.containerStarts, (durationMs, action) =>
    timeline.after(durationMs, whileAlive(action)),
  )

  const startPod = ({ metadata, spec }: Pod) => {
    const { namespace = '', name: podName = '', uid = '' } = metadata
    const { client, statuses, recorder } = parts()
    const startTime = timestampOf(timeline.nowMs())
    const pod: KnownPod = {
      ref: { namespace, name: podName, uid },
      startTime,
      starting: true,
      readySince: undefined,
      terminating: metadata.deletionTimestamp !== undefined,
      lastSyncMs: timeline.nowMs(),
    }
    pods.set(uid, pod)
    const key = `${namespace}/${podName}`

    const started = () => {
      pod.starting = false
      pod.readySince = timestampOf(timeline.nowMs())
      pod.lastSyncMs = timeline.nowMs()
      recorder.record(key, 'Started')
      // A pod that was just started is looked at at once (feature PLEGOnDemandRelist), not at the next relist.
      statuses.set(pod.ref, runningStatus(startTime, pod.readySince))
    }
    const startContainer = () => {
      // A pod that is deleted before its containers start never has any.
      if (pod.terminating) return finishStart(pod)
      recorder.record(key, 'Pulled')
      recorder.record(key, 'Created')
      work(costs.kubelet.podStartMs / startParts, () => {
        if (pod.terminating) finishStart(pod)
        else starts.start(uid, () => (pod.terminating ? finishStart(pod) : started()))
      })
    }
    const mountVolumes = () => {
      if (spec['volumes'] === undefined) startContainer()
      else timeline.after(mountPollMs, whileAlive(startContainer))
    }
    work(costs.kubelet.podStartMs / startParts, () => {
      if (pods.get(uid) !== pod) return
      statuses.set(pod.ref, pendingStatus(startTime))
      // The token is a volume like others: containers wait for it.
      if (spec.automountServiceAccountToken === false) mountVolumes()
      else client.send('POST', 'serviceaccounts/token', whileAlive(mountVolumes))
    })
  }

  /** Takes processor time. */
  const work = (costMs: number, action: () => void) =>
    timeline.at(host.reserve('hollow-node', costMs), whileAlive(action))

  const finishStart = (pod: KnownPod) => {
    pod.starting = false
    stopPod(pod)
  }

  /**
   * Between two things that it does with a pod, a worker waits for a relist that began after the first (pod_workers.go,
   * podCache.GetNewerThan): there is at least one relist between stopping the containers and letting the object go.
   */
  const afterRelistSince = (sinceMs: number, action: () => void) => {
    const lastRelistMs = nextRelistMs() - relistMs
    if (lastRelistMs > sinceMs) action()
    else timeline.at(nextRelistMs(), whileAlive(action))
  }

  /**
   * The status is set before the containers stop, after it, and when nothing is left. A hollow node's stop in the same breath
   * (Kubelet.SyncTerminatingPod), so that only an idle status manager writes the first: of 234 statuses that a real one wrote for 199 pods,
   * one was of that moment.
   */
  const stopPod = (pod: KnownPod) =>
    afterRelistSince(pod.lastSyncMs, () => work(costs.kubelet.podStopMs * stopShare, () => stopContainers(pod)))
  const stopContainers = (pod: KnownPod) => {
    const { statuses, recorder } = parts()
    const { ref: podRef, startTime, readySince } = pod
    if (readySince !== undefined) recorder.record(`${podRef.namespace}/${podRef.name}`, 'Killing')
    const status = readySince === undefined ? pendingStatus(startTime) : runningStatus(startTime, readySince)
    statuses.set(podRef, { ...status, observedGeneration: deletedGeneration }, { forced: true })
    statuses.set(podRef, stoppedStatus(startTime), { forced: true })
    pod.lastSyncMs = timeline.nowMs()
    afterRelistSince(pod.lastSyncMs, () =>
      work(costs.kubelet.podStopMs * (1 - stopShare), () =>
        statuses.set(podRef, stoppedStatus(startTime), { forced: true, finished: true }),
      ),
    )
  }

  const register = () => {
    heartbeatClient.create('nodes', blankNode(name, node, settings.kubelet.maxPods, timeline.nowMs()), (error) => {
      if (!self.isAlive) return
      if (error !== undefined && error.status !== 409) return timeline.after(registerAgainMs, whileAlive(register))
      // There is one of this name already: it is taken over with its pods, as a kubelet does that comes back.
      if (error !== undefined) takeOverPods()
      heartbeats.begin(self)
      for (const reason of startEvents) parts().recorder.record(name, reason)
    })
  }

  const takeOverPods = () => {
    for (const pod of controlPlane.store.list('pods'))
      if (pod.spec.nodeName === name && !pods.has(pod.metadata.uid ?? '')) startPod(pod)
  }

  return {
    name,
    startedMs,
    limiter,
    start: register,
    pod({ type, object }) {
      if (!self.isAlive) return
      const { uid = '', deletionTimestamp } = object.metadata
      const known = pods.get(uid)
      if (type === 'DELETED') {
        pods.delete(uid)
        starts.withdraw(uid)
        made?.statuses.forget(uid)
      } else if (known === undefined) startPod(object)
      else if (deletionTimestamp !== undefined && !known.terminating) {
        known.terminating = true
        if (starts.withdraw(uid)) finishStart(known)
        else if (!known.starting) stopPod(known)
      }
    },
    die() {
      self.isAlive = false
      made?.statuses.stop()
    },
  }
}

function condition(type: string, isTrue: boolean, reason?: string): Condition {
  return { type, status: isTrue ? 'True' : 'False', ...(reason !== undefined && { reason }) }
}

function podConditions(isInitialized: boolean, isReady: boolean, reason?: string): Condition[] {
  return [
    condition('PodScheduled', true),
    condition('Initialized', isInitialized),
    condition('ContainersReady', isReady, reason),
    condition('Ready', isReady, reason),
  ]
}

/** A pod's deletion is its second generation, which its status tells of from then on. */
const deletedGeneration = 2

// Shared by all pods: objects are never changed.
const pending = podConditions(true, false, 'ContainersNotReady')
const stopped = podConditions(true, false, 'PodCompleted')

function pendingStatus(startTime: string) {
  return { phase: 'Pending', qosClass: 'BestEffort', conditions: pending, startTime }
}

/** The same for all pods that become Ready within a second. */
let running: { since: string; conditions: Condition[] } = { since: '', conditions: [] }

function runningStatus(startTime: string, since: string) {
  if (running.since !== since) {
    const conditions = podConditions(true, true).map((one) =>
      one.type === 'Ready' ? { ...one, lastTransitionTime: since } : one,
    )
    running = { since, conditions }
  }
  return { phase: 'Running', qosClass: 'BestEffort', conditions: running.conditions, startTime }
}

function stoppedStatus(startTime: string) {
  return {
    phase: 'Succeeded',
    qosClass: 'BestEffort',
    conditions: stopped,
    startTime,
    observedGeneration: deletedGeneration,
  }
}

function blankNode(name: string, { cpu, memory }: KubeletOptions['node'], maxPods: number, nowMs: number): Node {
  const capacity = { cpu: String(cpu), memory, pods: String(maxPods) }
  return {
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
    },
    // What the admission plugin TaintNodesByCondition puts on every new node.
    spec: { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] },
    status: {
      capacity,
      allocatable: capacity,
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          reason: 'KubeletNotReady',
          lastHeartbeatTime: timestampOf(nowMs),
        } as Condition,
      ],
    },
  }
}
