import { Failure } from '../../base/errors.ts'
import { sumOf } from '../../base/sum.ts'
import type { Calibration } from '../../result/calibration.ts'

/** What requests and other work take; processor time unless it says otherwise, in milliseconds. */
export interface Costs {
  /** One way between a client and the apiserver. */
  networkMs: number
  apiserver: {
    readMs: number
    /** A write of what comes with pods, which are big and which many watch. */
    writeMs: number
    /** A write of something small that hardly anybody watches. */
    bareWriteMs: number
    /** A status of a node, which is larger than other objects. */
    nodeStatusMs: number
    leaseMs: number
    /** One watch event to one watcher. */
    deliveryMs: number
  }
  etcd: {
    /** Wall time of one group commit: the write-ahead log reaching the disk. */
    fsyncMs: number
    writeMs: number
    readMs: number
  }
  scheduler: { podMs: number }
  /** Of one request that it sends, or one event that it receives. */
  controllerManager: { actionMs: number }
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
  /** What components take per second without any nodes. */
  idleMsPerSecond: Readonly<Record<string, number>>
}

type Phase = NonNullable<Calibration['phases'][keyof Calibration['phases']]>

/**
 * What the model takes from a calibration. Everything is a quotient of two figures that were measured, idling taken off;
 * nothing is fitted to the timings that the model is there to predict. A component that is not among those measured took nothing, and a request
 * that is not there was not sent. Throws `Failure('bad-input')` where a latency is missing.
 */
export function costsOf({ phases, latenciesMs }: Calibration): Costs {
  const { base, reads, writes, nodeStart, nodeIdle, podStart, podStop, nodeStatus } = phases
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
  /** Requests of a phase per unit, of those that are called like this. */
  const requestsOf = ({ requests, units }: Phase, names: RegExp) =>
    sumOf(Object.entries(requests).map(([name, count]) => (names.test(name) ? count / units : 0)))
  /** What a pod takes of its kubelet: alone, and for each other pod of the node, of which there are half of all on average while they come or go. */
  const podOf = (few: Phase, many: Phase | undefined) => {
    const fewMs = perUnit(few, 'hollow-node', fleetNodes)
    if (many === undefined) return { aloneMs: fewMs, perPodMs: 0 }
    const others = (pods: number) => (pods - 1) / 2
    const fewOthers = others(few.units / fleetNodes)
    const moreMs = Math.max(0, perUnit(many, 'hollow-node', fleetNodes) - fewMs)
    const perPodMs = moreMs / (others(many.units) - fewOthers)
    return { aloneMs: Math.max(0, fewMs - fewOthers * perPodMs), perPodMs }
  }
  const start = podOf(podStart, phases.crowdStart)
  const stop = podOf(podStop, phases.crowdStop)
  const statusesOf = (phase: Phase | undefined) =>
    phase === undefined ? 0 : (phase.requests['PATCH pods/status'] ?? 0) / phase.units
  /** A kubelet is told that a pod is to go, and that it has gone, and of each status that it wrote itself. */
  const changeMsPerPod = stop.perPodMs / (2 + statusesOf(phases.crowdStop))
  /** It is told of a new pod, and of its statuses. */
  const admitMsPerPod = Math.max(0, start.perPodMs - changeMsPerPod * (1 + statusesOf(phases.crowdStart)))
  const readMs = medianOf(latenciesMs, 'read')
  const apiserverReadMs = perUnit(reads, 'kube-apiserver')
  const etcdReadMs = perUnit(reads, 'etcd')
  /** The controllers, the scheduler and the kubelets speak protobuf, and are watched: their requests have a price of their own. */
  const podEvents = requestsOf(podStart, / events$/)
  const podReads = requestsOf(podStart, /^(GET|LIST) /)
  const podWrites = requestsOf(podStart, /./) - podEvents - podReads
  const bareWriteMs = perUnit(writes, 'kube-apiserver')
  const podWritesMs =
    perUnit(podStart, 'kube-apiserver', fleetNodes) - podReads * apiserverReadMs - podEvents * bareWriteMs
  /** What the controller-manager has to do with one pod: its own requests, and the event of every write to the pod. */
  const actions = ({ requests, units }: Phase) => {
    const count = (...names: string[]) => names.reduce((sum, name) => sum + (requests[name] ?? 0), 0)
    const own = count('POST pods', 'POST replicasets', 'PUT replicasets/status', 'PUT deployments/status')
    return (own + count('POST pods', 'POST pods/binding', 'PATCH pods/status')) / units
  }
  return {
    networkMs: Math.max(0.05, (readMs - apiserverReadMs - etcdReadMs) / 2),
    apiserver: {
      readMs: apiserverReadMs,
      writeMs: Math.max(0, podWritesMs) / podWrites,
      bareWriteMs,
      nodeStatusMs: perUnit(nodeStatus, 'kube-apiserver', 0),
      leaseMs: nodeComponentMs('kube-apiserver') * leasePeriodSeconds,
      deliveryMs: perUnit(phases.serviceUpdates, 'kube-apiserver', fleetNodes),
    },
    etcd: {
      fsyncMs: medianOf(latenciesMs, 'walFsync'),
      writeMs: perUnit(writes, 'etcd'),
      readMs: etcdReadMs,
    },
    scheduler: { podMs: perUnit(podStart, 'kube-scheduler', fleetNodes) },
    controllerManager: { actionMs: perUnit(podStart, 'kube-controller-manager', fleetNodes) / actions(podStart) },
    kubelet: {
      startMs: perUnit(nodeStart, 'hollow-node'),
      podStartMs: start.aloneMs,
      podStopMs: stop.aloneMs,
      changeMsPerPod,
      admitMsPerPod,
      nodeStatusMs: perUnit(nodeStatus, 'hollow-node', 0),
      deliveryMs: perUnit(phases.serviceUpdates, 'hollow-node', fleetNodes),
      idleMsPerSecond: nodeComponentMs('hollow-node'),
    },
    idleMsPerSecond: Object.fromEntries(
      Object.keys(base.cpuMs).map((component) => [component, idleOf(component) * 1000]),
    ),
  }
}

/** Throws `Failure('bad-input')` when nothing of it was measured. */
function medianOf(latenciesMs: Calibration['latenciesMs'], name: 'read' | 'walFsync'): number {
  const { p50 } = latenciesMs[name]
  if (p50 === null)
    throw new Failure('bad-input', `the calibration has no latenciesMs.${name}.p50`, {
      next: 'Measure again: npm run scale-test -- calibrate',
    })
  return p50
}

/** A kubelet renews its lease this often (kubelet: nodeLeaseDurationSeconds / 4). */
const leasePeriodSeconds = 10
