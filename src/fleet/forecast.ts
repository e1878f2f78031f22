import { parseDurationMs } from '../base/duration.ts'
import { parseBytes } from '../base/quantity.ts'
import type { WriteRates } from '../etcd/sizing.ts'
import { compactionMinutes, storedBytes, totalMegabytes, writeRates } from '../etcd/sizing.ts'
import type { Plan, PlannedArm } from '../plan/plan.ts'
import { isRollout } from '../plan/stops.ts'
import { knobById } from '../tuning/catalogue.ts'
import type { KnobValue } from '../tuning/knob.ts'
import type { ProfileName } from '../tuning/profiles.ts'
import { requestsOf } from '../tuning/profiles.ts'
import { layOutWorkload, totalsOf } from '../workload/layout.ts'
import type { NamespaceLayout } from '../workload/workload.ts'
import type { Packing } from './packing.ts'
import { packFleet } from './packing.ts'
import { estimateFleetCores, estimateFleetMemoryBytes } from './sizing.ts'

/** What a plan comes to, worked out from the plan alone: nothing here was measured. */
export interface Forecast {
  objects: ReturnType<typeof totalsOf> | null
  namespaces: readonly NamespaceLayout[]
  fleet: Packing & {
    nodes: number
    /** What the hollow nodes of the fullest machine take, idle, and what the plan says it has. */
    memoryBytes: number
    cores: number
    host: { memoryBytes: number; cores: number; maxPods: number } | null
  }
  /** Pods per node, on average, the probes' own at their most included on one. */
  podsPerNode: number
  storedBytes: number
  arms: ArmForecast[]
  warnings: string[]
}

/** What differs between arms. */
export interface ArmForecast {
  name: string
  /** Departures from the profile: `kubelet.maxPods=500`. */
  departures: string[]
  maxPods: number
  /** With objects the size of real nodes, as the document counts, and of hollow ones, which this run has. */
  writes: { real: WriteRates; hollow: WriteRates }
  etcdQuotaBytes: number
  /** Size of etcd's file just before old versions are compacted away. */
  etcdFileBytes: number
  /** The kubelets' own limits together: what the document's rule holds against the apiserver's capacity (R5). */
  kubeletRequestsPerSecond: number
  kubeletQps: number
  /** Cores that the idle fleet and its control plane need where all of it is on one machine. */
  coresOnOneMachine: number
  durationMs: { fleet: number; fill: number; probes: number; total: number }
}

/** 1000 nodes were Ready after 84 s on two cores, and an apiserver took 5000 Node objects in 18 s (facts: measured.md). */
const readyMsPerNode = 84
const registeredMsPerNode = 3.6
/** etcd, the apiserver and the controllers, and taking everything away again. */
const otherMs = 15_000
/** What two cores manage of a fill: 5000 pods in 280 s by hand, in 200 s since (facts: measured.md). */
const podsPerSecondOnOneMachine = 25
/** kube-scheduler binds at most so many (its client's built-in qps). */
const bindsPerSecond = 50

/** Limits that Kubernetes is tested up to (facts: anchors.md). */
const tested = { nodes: 5000, pods: 150_000, podsPerNode: 110, services: 10_000, podsPerNamespace: 3000 }

/** Works out what a plan comes to. */
export function forecastOf(plan: Plan): Forecast {
  const { workload, fleet } = plan
  const layout = workload === undefined ? undefined : layOutWorkload(workload, plan.seed)
  const objects = layout === undefined ? null : totalsOf(layout)
  const packing = packFleet(fleet)
  const perHost = { nodes: packing.nodesPerHost, nodesPerProcess: fleet.nodesPerProcess }
  const host = fleet.host
  const mostProbed = Math.max(...plan.probes.sequence.flatMap(({ from, to }) => [from, to]))
  const stored = storedBytes({
    nodes: fleet.nodes,
    pods: objects?.pods ?? 0,
    deployments: objects?.deployments ?? 0,
    services: objects?.services ?? 0,
    configmaps: objects?.configmaps ?? 0,
    secrets: objects?.secrets ?? 0,
    serviceaccounts: objects?.serviceaccounts ?? 0,
    configmapBytes: workload?.configObjects?.configmapSize ?? 0,
    secretBytes: workload?.configObjects?.secretSize ?? 0,
    ballastBytes: (objects?.ballast ?? 0) * (workload?.ballast?.objectSize ?? 0),
  })
  const forecast: Omit<Forecast, 'warnings'> = {
    objects,
    namespaces: layout?.namespaces ?? [],
    fleet: {
      ...packing,
      nodes: fleet.nodes,
      memoryBytes: estimateFleetMemoryBytes(perHost),
      cores: 0.71e-3 * packing.nodesPerHost,
      host:
        host === undefined
          ? null
          : { memoryBytes: parseBytes(host.memory) ?? 0, cores: host.cpu, maxPods: host.maxPods },
    },
    podsPerNode: (objects?.pods ?? 0) / fleet.nodes,
    storedBytes: stored,
    arms: plan.arms.map((arm) => forecastArm(arm, plan, objects, stored)),
  }
  return { ...forecast, warnings: warningsOf(forecast, plan, mostProbed) }
}

function forecastArm(arm: PlannedArm, plan: Plan, objects: Forecast['objects'], stored: number): ArmForecast {
  const { nodes } = plan.fleet
  const values = new Map(requestsOf(arm.profile as ProfileName, arm.set).map(({ knob, value }) => [knob.id, value]))
  const settingOf = (id: string): KnobValue | null => values.get(id) ?? knobById(id)?.stock ?? null
  const numberOf = (id: string) => Number(settingOf(id) ?? 0)
  const periodMs = parseDurationMs(String(values.get('kubelet.nodeStatusUpdateFrequency')))
  const statusPeriodSeconds = periodMs === undefined ? null : periodMs / 1000
  const hollow = writeRates({ nodes, statusPeriodSeconds, hollow: true })
  const kubelet = { qps: numberOf('kubelet.kubeAPIQPS'), burst: numberOf('kubelet.kubeAPIBurst') }
  const controller = {
    qps: numberOf('controllerManager.kubeApiQps'),
    burst: numberOf('controllerManager.kubeApiBurst'),
  }
  const fleetMs = nodes * Math.max(readyMsPerNode / plan.fleet.hosts, registeredMsPerNode)
  const fill = fillMs(plan, objects, controller.qps)
  const probes = plan.probes.sequence.reduce(
    (sum, probe) => sum + plan.probes.settle + probeMs(probe, plan.probes.pod.serviceAccountToken, kubelet, controller),
    0,
  )
  return {
    name: arm.name ?? arm.profile,
    departures: arm.set.map(({ knob, value }) => (value === null ? `${knob} left alone` : `${knob}=${value}`)),
    maxPods: numberOf('kubelet.maxPods'),
    writes: { real: writeRates({ nodes, statusPeriodSeconds, hollow: false }), hollow },
    etcdQuotaBytes: numberOf('etcd.quotaBackendBytes'),
    etcdFileBytes: Math.round(stored + totalMegabytes(hollow) * compactionMinutes * 2 ** 20),
    kubeletRequestsPerSecond: nodes * kubelet.qps,
    kubeletQps: kubelet.qps,
    coresOnOneMachine: estimateFleetCores({ nodes, statusPeriodSeconds }).coresNeeded,
    durationMs: {
      fleet: fleetMs,
      fill,
      probes,
      total: otherMs + fleetMs + plan.fleet.observe + fill + probes,
    },
  }
}

/** Objects at the plan's pace, then pods as fast as the slowest of those who handle each of them. */
function fillMs({ workload, fleet }: Plan, objects: Forecast['objects'], controllerQps: number): number {
  if (workload === undefined || objects === null) return 0
  const { namespaces, services, configmaps, secrets, serviceaccounts, ballast, deployments, pods } = objects
  const created = namespaces + services + configmaps + secrets + serviceaccounts + ballast + deployments
  // With a limit on their number only, as fast as an apiserver on two cores takes them (facts: measured.md).
  const perSecond = workload.pace.rate ?? 1000
  const podsPerSecond = Math.min(
    controllerQps,
    bindsPerSecond,
    fleet.hosts > 1 ? Number.POSITIVE_INFINITY : podsPerSecondOnOneMachine,
  )
  return 1000 * (created / perSecond + pods / podsPerSecond)
}

interface Bucket {
  qps: number
  burst: number
}

/**
 * A pod costs the controller-manager one call and the kubelet two to start (three with a token) and three to delete; the
 * emptier of the two buckets decides (facts: measured.md).
 */
function probeMs(probe: { from: number; to: number }, hasToken: boolean, kubelet: Bucket, controller: Bucket): number {
  const pods = Math.abs(probe.to - probe.from)
  const calls = isRollout(probe) ? (hasToken ? 3 : 2) : 3
  const seconds = ({ qps, burst }: Bucket, count: number) => Math.max(0, count - burst) / qps
  return 1000 * Math.max(1, seconds(controller, pods), seconds(kubelet, calls * pods))
}

function warningsOf(
  { fleet, podsPerNode, objects, namespaces, arms }: Omit<Forecast, 'warnings'>,
  { fleet: planned }: Plan,
  mostProbed: number,
): string[] {
  const { host, processesPerHost, nodesPerHost } = fleet
  const most = Math.max(0, ...namespaces.map(({ pods }) => pods))
  const beyond = (what: string, count: number, limit: number) =>
    count > limit ? [`${count} ${what}: Kubernetes is tested up to ${limit}`] : []
  const hostWarnings =
    host === null
      ? []
      : [
          ...(processesPerHost > host.maxPods
            ? [
                `${processesPerHost} hollow-node pods on a host of ${host.maxPods}: raise its max-pods (fleet.host.maxPods), or pack more nodes into each (fleet.nodesPerProcess: ${Math.ceil((nodesPerHost - 1) / (host.maxPods - 1))} or more)`,
              ]
            : []),
          ...(fleet.memoryBytes > host.memoryBytes ? ['the hollow nodes of a host do not fit into its memory'] : []),
          ...(fleet.cores > host.cores ? ['the idle hollow nodes of a host need more cores than it has'] : []),
        ]
  return [
    ...hostWarnings,
    ...arms.flatMap(({ name, maxPods }) => {
      const needed = Math.ceil(podsPerNode) + mostProbed
      return needed > maxPods
        ? [`${name}: about ${needed} pods on the node of the probes, which takes ${maxPods} (kubelet.maxPods)`]
        : []
    }),
    ...arms.flatMap(({ name, etcdFileBytes, etcdQuotaBytes }) =>
      etcdFileBytes > etcdQuotaBytes
        ? [`${name}: etcd reaches its quota before old versions are compacted, and then refuses writes (NOSPACE)`]
        : [],
    ),
    ...beyond('nodes', planned.nodes, tested.nodes),
    ...beyond('pods', objects?.pods ?? 0, tested.pods),
    ...beyond('services', objects?.services ?? 0, tested.services),
    ...beyond('pods in one namespace', most, tested.podsPerNamespace),
    ...beyond('pods per node', Math.ceil(podsPerNode), tested.podsPerNode),
  ]
}
