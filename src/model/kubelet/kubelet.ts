import type { Random } from '../../base/random.ts'
import type { HollowNode } from '../../fleet/hollow-node.ts'
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
import { createContainerStarts } from './container-starts.ts'
import type { Goroutine } from './goroutine.ts'
import { createGoroutine } from './goroutine.ts'
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
  node: HollowNode
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
/** A pod's status is set when it is seen, when its sandbox is ready and when its containers run; what a start takes is spread evenly over the three. */
const startParts = 3
/** Of what it takes to end a pod, the share until its containers have stopped. */
const stopShare = 2 / 3
/** How often a pod's worker asks whether its volumes are mounted (volumemanager, podAttachAndMountRetryInterval). */
const mountPollMs = 300

/** What a kubelet has once there are pods. */
interface Parts {
  client: Client
  statuses: StatusManager
  recorder: EventRecorder
  /** Tells the sync loop what has changed of which pod (pkg/kubelet/config). */
  source: Goroutine
  /**
   * Admits pods, and sets their workers going when the runtime has told of them (pkg/kubelet/kubelet.go, syncLoopIteration). While pods wait
   * to be admitted, which takes time, those that run already wait among them to be found running.
   */
  syncLoop: Goroutine
}
/** The channels of the sync loop. */
const [fromSource, fromRuntime] = [0, 1]

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
  const self = { name, host, isAlive: true, lease: { renewedMs: startedMs } }
  /** Relists come at the same part of each second, which differs from node to node. */
  const relistPhaseMs = random.integer(0, relistMs - 1)
  const heartbeatClient = createClient({ ...controlPlane, bucket: unlimited, level: 'node-high' })

  // Made when the first pod comes: most nodes of a big fleet have none for a while.
  let made: Parts | undefined
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
    const goroutine = (name: string, channels: number) =>
      createGoroutine({ timeline, random, channels, reserve: (costMs) => host.reserve('hollow-node', costMs, name) })
    made = {
      client,
      statuses: createStatusManager(client),
      recorder: createEventRecorder(timeline, eventClient),
      source: goroutine('sources of pods', 1),
      syncLoop: goroutine('sync loops', 2),
    }
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
    const { client, statuses, recorder, syncLoop } = parts()
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

    const synced = () => {
      pod.starting = false
      pod.lastSyncMs = timeline.nowMs()
      if (pod.terminating) return stopPod(pod)
      pod.readySince = timestampOf(timeline.nowMs())
      recorder.record(key, 'Started')
      // A pod that was just started is looked at at once (feature PLEGOnDemandRelist), not at the next relist; that tells of its sandbox and its container.
      for (const next of [foundRunning, () => {}]) syncLoop.put(fromRuntime, () => 0, whileAlive(next))
    }
    const foundRunning = () => {
      if (pod.terminating) return
      pod.readySince = timestampOf(timeline.nowMs())
      pod.lastSyncMs = timeline.nowMs()
      statuses.set(pod.ref, runningStatus(startTime, pod.readySince))
    }
    /** Its status is set in the background, and containers of a hollow node wait for that (components/hollow-node/status_updates.go). */
    const createSandbox = () => {
      // A pod that is deleted before its containers start never has any.
      if (pod.terminating) return finishStart(pod)
      work(costs.kubelet.podStartMs / startParts, () => {
        statuses.set(pod.ref, pendingStatus(startTime, sandboxed))
        startContainer()
      })
    }
    const startContainer = () => {
      if (pod.terminating) return finishStart(pod)
      recorder.record(key, 'Pulled')
      recorder.record(key, 'Created')
      work(costs.kubelet.podStartMs / startParts, () => {
        if (pod.terminating) finishStart(pod)
        else starts.start(uid, synced)
      })
    }
    /** Volumes are looked at once, when they cannot be there yet, and then every so often. */
    const waitForVolumes = (lookedMs: number) => {
      const looks = Math.max(1, Math.ceil((timeline.nowMs() - lookedMs) / mountPollMs))
      timeline.at(lookedMs + looks * mountPollMs, whileAlive(createSandbox))
    }
    work(costs.kubelet.podStartMs / startParts, () => {
      if (pods.get(uid) !== pod) return
      statuses.set(pod.ref, pendingStatus(startTime))
      const lookedMs = timeline.nowMs()
      // The token is in a volume like others.
      if (spec.automountServiceAccountToken !== false)
        client.send(
          'POST',
          'serviceaccounts/token',
          whileAlive(() => waitForVolumes(lookedMs)),
        )
      else if (spec['volumes'] !== undefined) waitForVolumes(lookedMs)
      else createSandbox()
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
   * The status is set before the containers stop and after it (Kubelet.SyncTerminatingPod), then, after a relist, as the last things are cleaned
   * up and when nothing is left (SyncTerminatedPod). A hollow node does each two in the same breath, so that the first of them is hardly ever
   * written: of 1063 that real ones took up for 856 pods, 2 were of before the stop and none of the cleaning up.
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

  const hear = ({ type, object }: StoredChange<'pods'>) => {
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
    pod(change) {
      if (!self.isAlive) return
      const uid = change.object.metadata.uid ?? ''
      const changeMs = () => costs.kubelet.changeMsPerPod * (pods.has(uid) ? pods.size - 1 : pods.size)
      const admitMs = () => (pods.has(uid) ? 0 : costs.kubelet.admitMsPerPod * pods.size)
      const { source, syncLoop } = parts()
      source.put(0, changeMs, () =>
        syncLoop.put(
          fromSource,
          admitMs,
          whileAlive(() => hear(change)),
        ),
      )
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

function podConditions(hasSandbox: boolean, isReady: boolean, reason?: string): Condition[] {
  return [
    condition('PodReadyToStartContainers', hasSandbox),
    condition('PodScheduled', true),
    condition('Initialized', true),
    condition('ContainersReady', isReady, reason),
    condition('Ready', isReady, reason),
  ]
}

/** A pod's deletion is its second generation, which its status tells of from then on. */
const deletedGeneration = 2

// Shared by all pods: objects are never changed.
const pending = podConditions(false, false, 'ContainersNotReady')
const sandboxed = podConditions(true, false, 'ContainersNotReady')
const stopped = podConditions(false, false, 'PodCompleted')

function pendingStatus(startTime: string, conditions = pending) {
  return { phase: 'Pending', qosClass: 'BestEffort', conditions, startTime }
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
