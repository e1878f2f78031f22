import { Failure } from '../../base/errors.ts'
import type { Calibration } from '../../result/calibration.ts'

/** What one request takes of those who serve it. */
export interface Price {
  apiserverMs: number
  etcdMs: number
}

/** What requests and other work take; processor time unless it says otherwise, in milliseconds. */
export interface Costs {
  /** One way between a client and the apiserver. */
  networkMs: number
  /** Of one request, by what it asks for. */
  requests: {
    /** A GET, which etcd confirms. */
    read: Price
    /** Of a configmap or a secret of a kilobyte, or a service: what the orchestrator writes. An event is taken for one. */
    create: Price
    patch: Price
    /** A write to a pod, or because of it: bindings, statuses, ReplicaSets. */
    pod: Price
    /** A status of a node, which is larger than other objects. */
    nodeStatus: Price
    lease: Price
  }
  /** One watch event to one watcher, of the apiserver. */
  deliveryMs: number
  /** Wall time of one group commit of etcd: the write-ahead log reaching the disk. */
  fsyncMs: number
  scheduler: {
    /** Of one pod, without looking for a node. */
    podMs: number
    /** Of looking at one node. */
    nodeMs: number
    /** Of hearing that a node has reported. */
    nodeStatusMs: number
  }
  controllerManager: {
    /** Of one request that it sends, or one event of a pod that it receives. */
    actionMs: number
    /**
     * Of one pod when a ReplicaSet or a Deployment is synced, which goes through all of its (replica_set.go, syncReplicaSet;
     * deployment_controller.go, getPodMapForDeployment); what syncs take that write no status is shared out among those that do.
     */
    listedPodMs: number
    /** Of hearing that a node has reported, or renewed its lease. */
    nodeStatusMs: number
    leaseMs: number
  }
  kubelet: {
    /** From the start of the process until the kubelet has registered its node. */
    startMs: number
    /** Of a pod that is alone on its node. */
    podStartMs: number
    podStopMs: number
    /** Of one change of a pod, for each other pod of the node: all are compared with what was known (pkg/kubelet/config/config.go, merge). */
    changeMsPerPod: number
    /** Of a new pod, for each other one: what all have been given is summed up and stored (pkg/kubelet/allocation/allocation_manager.go, AddPod). */
    admitMsPerPod: number
    nodeStatusMs: number
    deliveryMs: number
    /** What one kubelet takes per second of doing nothing, heartbeats included. */
    idleMsPerSecond: number
  }
  orchestrator: {
    requestMs: number
    /** Of one watch event. */
    eventMs: number
  }
  /** What components take per second without any nodes. */
  idleMsPerSecond: Readonly<Record<string, number>>
}

/**
 * Processor time of looking at one node. Kubernetes' own performance tests hold the scheduler to at least 270 pods a second at 5000 nodes
 * (test/integration/scheduler_perf), where it scores 500, which leaves 7.4 us for each. On two cores, pinned pods were bound 4.5 ms later with
 * 1000 nodes than with a few (plan 1k-nodes, November 2026): 7.4 us side by side on both would be 3.7 ms.
 */
const scheduledNodeMs = 1000 / 270 / 500
/** Events of one pod that others send than the controller-manager: Scheduled, Pulled, Created, Started. */
const otherEventsPerPod = 4

type Phase = NonNullable<Calibration['phases'][keyof Calibration['phases']]>

/** As `costsOf`, for a simulation to go on with. Throws `Failure('bad-input')` also where a cost is no time. */
export function usableCostsOf(calibration: Calibration): Costs {
  const costs = costsOf(calibration)
  const odd = oddIn(costs)
  if (odd === undefined) return costs
  throw new Failure('bad-input', `the calibration is of no use: no ${odd} follows from its figures`, {
    next: 'Measure again: npm run scale-test -- calibrate',
  })
}

/** The first cost that is none, negative or without end: a phase in which nothing was counted gives such. */
function oddIn(costs: object, path = ''): string | undefined {
  for (const [name, cost] of Object.entries(costs) as [string, unknown][]) {
    const own = path === '' ? name : `${path}.${name}`
    if (typeof cost === 'number' && !(cost >= 0 && cost < Number.POSITIVE_INFINITY)) return own
    const inner = typeof cost === 'object' && cost !== null ? oddIn(cost, own) : undefined
    if (inner !== undefined) return inner
  }
  return undefined
}

/**
 * What the model takes from a calibration. Everything is a quotient of two figures that were measured, idling taken off;
 * nothing is fitted to the timings that the model is there to predict. A component that is not among those measured took nothing, and a request
 * that is not there was not sent. Throws `Failure('bad-input')` where a latency is missing.
 */
export function costsOf({ phases, latenciesMs }: Calibration): Costs {
  const { base, reads, writes, patches, nodeStart, nodeIdle, podStart, podStop, nodeStatus, serviceUpdates } = phases
  const { crowdStart, crowdStop } = phases
  const idleOf = (component: string) => (base.cpuMs[component] ?? 0) / base.durationMs
  /** Processor time of a component for one unit of a phase, without what it takes anyway. */
  const perUnit = (phase: Phase, component: string, nodes = 0) => {
    const nodeIdleMs = (nodes * nodeComponentMs(component) * phase.durationMs) / 1000
    const usedMs = (phase.cpuMs[component] ?? 0) - idleOf(component) * phase.durationMs - nodeIdleMs
    return Math.max(0, usedMs) / phase.units
  }
  /** What one idle node takes of a component per second. */
  const nodeComponentMs = (component: string) =>
    Math.max(0, (nodeIdle.cpuMs[component] ?? 0) - idleOf(component) * nodeIdle.durationMs) / nodeIdle.units
  const fleetNodes = nodeStart.units
  const countOf = ({ requests }: Phase, ...names: string[]) =>
    names.reduce((sum, name) => sum + (requests[name] ?? 0), 0)
  const requestsOf = (phase: Phase) => Object.values(phase.requests).reduce((sum, count) => sum + count, 0)
  const readMs = latencyIn(latenciesMs, 'read', 'p50')
  const priceOf = (phase: Phase, nodes = 0): Price => ({
    apiserverMs: perUnit(phase, 'kube-apiserver', nodes),
    etcdMs: perUnit(phase, 'etcd', nodes),
  })
  const read = priceOf(reads)
  const create = priceOf(writes)
  const patch = priceOf(patches)
  const updatesPerDelivery = countOf(serviceUpdates, 'PATCH services') / serviceUpdates.units

  const podReads = countOf(podStart, 'GET pods') / podStart.units
  const podEvents = countOf(podStart, 'POST events', 'PATCH events') / podStart.units
  const podWrites = (requestsOf(podStart) - countOf(podStart, 'PUT leases')) / podStart.units - podReads - podEvents
  /** What pods take beside reads and events, which are like those of others, is that of their writes: they are big, and many watch them. */
  const ofPodWrite = (wholeMs: number, readMs: number, eventMs: number) =>
    Math.max(0, wholeMs - podReads * readMs - podEvents * eventMs) / podWrites
  const wholePod = priceOf(podStart, fleetNodes)

  /** How many others there are on average while so many come or go one by one. */
  const othersOf = (pods: number) => (pods - 1) / 2
  /** What a pod takes of a component: alone, and for each other pod of its group, be it the node's or the ReplicaSet's. */
  const podOf = (component: string, few: Phase, fewPods: number, many: Phase | undefined) => {
    const fewMs = perUnit(few, component, fleetNodes)
    if (many === undefined) return { aloneMs: fewMs, perPodMs: 0 }
    const moreMs = Math.max(0, perUnit(many, component, fleetNodes) - fewMs)
    const perPodMs = moreMs / (othersOf(many.units) - othersOf(fewPods))
    return { aloneMs: Math.max(0, fewMs - othersOf(fewPods) * perPodMs), perPodMs }
  }
  const podsPerNode = podStart.units / fleetNodes
  const start = podOf('hollow-node', podStart, podsPerNode, crowdStart)
  const stop = podOf('hollow-node', podStop, podsPerNode, crowdStop)
  const statusesOf = (phase: Phase | undefined) =>
    phase === undefined ? 0 : countOf(phase, 'PATCH pods/status') / phase.units
  /**
   * A kubelet is told that a pod is to go, while all others are still there, which counts twice; that it has gone, and of each status that
   * it wrote itself. Or it is told of a new pod, and its statuses.
   */
  const [heardOfStop, heardOfStart] = [3 + statusesOf(crowdStop), 1 + statusesOf(crowdStart)]
  // What admissions take is the difference of two measurements: where it drowns in their noise, both are taken for changes alone.
  const changeMsPerPod = Math.min(
    stop.perPodMs / heardOfStop,
    (stop.perPodMs + start.perPodMs) / (heardOfStop + heardOfStart),
  )
  const admitMsPerPod = Math.max(0, start.perPodMs - changeMsPerPod * heardOfStart)

  /** What there is to see of one pod: a watch shows each write to it. */
  const podChanges = countOf(podStart, 'POST pods', 'POST pods/binding', 'PATCH pods/status') / podStart.units
  /** What the controller-manager has to do with one pod: its own requests, and the event of every write to the pod. */
  const ownRequests = countOf(
    podStart,
    'POST pods',
    'POST replicasets',
    'PUT replicasets/status',
    'PUT deployments/status',
  )
  const ownEvents = Math.max(0, podEvents - otherEventsPerPod)
  const actions = ownRequests / podStart.units + ownEvents + podChanges
  const perReplicaSet = countOf(podStart, 'POST replicasets')
  const controlled = podOf('kube-controller-manager', podStart, podStart.units / perReplicaSet, crowdStart)
  const syncs = crowdStart && countOf(crowdStart, 'PUT replicasets/status', 'PUT deployments/status') / crowdStart.units
  return {
    networkMs: Math.max(0.05, (readMs - read.apiserverMs - read.etcdMs) / 2),
    requests: {
      read,
      create,
      patch,
      pod: {
        apiserverMs: ofPodWrite(wholePod.apiserverMs, read.apiserverMs, create.apiserverMs),
        etcdMs: ofPodWrite(wholePod.etcdMs, read.etcdMs, create.etcdMs),
      },
      nodeStatus: priceOf(nodeStatus, fleetNodes),
      lease: {
        apiserverMs: nodeComponentMs('kube-apiserver') * leasePeriodSeconds,
        etcdMs: nodeComponentMs('etcd') * leasePeriodSeconds,
      },
    },
    deliveryMs: Math.max(
      0,
      perUnit(serviceUpdates, 'kube-apiserver', fleetNodes) - updatesPerDelivery * patch.apiserverMs,
    ),
    // Its lowest bucket ends at a millisecond: on a good disk the median says nothing.
    fsyncMs: latencyIn(latenciesMs, 'walFsync', 'mean'),
    scheduler: {
      podMs: Math.max(0, perUnit(podStart, 'kube-scheduler', fleetNodes) - fleetNodes * scheduledNodeMs),
      nodeMs: scheduledNodeMs,
      nodeStatusMs: perUnit(nodeStatus, 'kube-scheduler', fleetNodes),
    },
    controllerManager: {
      actionMs: controlled.aloneMs / actions,
      listedPodMs: syncs === undefined ? 0 : controlled.perPodMs / syncs,
      nodeStatusMs: perUnit(nodeStatus, 'kube-controller-manager', fleetNodes),
      leaseMs: nodeComponentMs('kube-controller-manager') * leasePeriodSeconds,
    },
    kubelet: {
      startMs: perUnit(nodeStart, 'hollow-node'),
      podStartMs: start.aloneMs,
      podStopMs: stop.aloneMs,
      changeMsPerPod,
      admitMsPerPod,
      nodeStatusMs: perUnit(nodeStatus, 'hollow-node', fleetNodes),
      deliveryMs: perUnit(serviceUpdates, 'hollow-node', fleetNodes),
      idleMsPerSecond: nodeComponentMs('hollow-node'),
    },
    orchestrator: {
      requestMs: perUnit(writes, 'orchestrator'),
      eventMs: perUnit(podStart, 'orchestrator') / podChanges,
    },
    idleMsPerSecond: Object.fromEntries(
      Object.keys(base.cpuMs).map((component) => [component, idleOf(component) * 1000]),
    ),
  }
}

/** Throws `Failure('bad-input')` when nothing of it was measured. */
function latencyIn(latenciesMs: Calibration['latenciesMs'], name: 'read' | 'walFsync', which: 'p50' | 'mean'): number {
  const latencyMs = latenciesMs[name][which]
  if (latencyMs === null)
    throw new Failure('bad-input', `the calibration has no latenciesMs.${name}.${which}`, {
      next: 'Measure again: npm run scale-test -- calibrate',
    })
  return latencyMs
}

/** A kubelet renews its lease this often (kubelet: nodeLeaseDurationSeconds / 4). */
const leasePeriodSeconds = 10
