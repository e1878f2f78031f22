import { bytesOf } from '../base/quantity.ts'
import type { EtcdForecast, StoredObjects, WriteRates } from '../etcd/sizing.ts'
import { forecastEtcd, heartbeatsPerSecond, writeRates } from '../etcd/sizing.ts'
import { planHash } from '../plan/parse.ts'
import type { Plan, PlannedArm } from '../plan/plan.ts'
import { armName } from '../plan/plan.ts'
import { machineBoundAbove } from '../result/result.ts'
import type { KnownLimit } from '../tuning/client-limit.ts'
import { clientLimitOf } from '../tuning/client-limit.ts'
import { compactionOf } from '../tuning/compaction.ts'
import type { KnobValue } from '../tuning/knob.ts'
import { requestsOf, statusPeriodSecondsOf } from '../tuning/profiles.ts'
import { valuesUnder } from '../tuning/values.ts'
import { layOutWorkload, totalsOf } from '../workload/layout.ts'
import type { BallastResource, NamespaceLayout } from '../workload/workload.ts'
import { ballastResourceOf } from '../workload/workload.ts'
import type { Floor, SharedMachine } from './duration.ts'
import {
  apiserverWritesPerSecond,
  aroundProbesMs,
  controlPlaneMs,
  fillFloor,
  fleetReadyMs,
  objectsToCreate,
  probeFloor,
} from './duration.ts'
import type { MachinePace } from './machine-pace.ts'
import type { Packing } from './packing.ts'
import { packFleet } from './packing.ts'
import {
  estimateControlPlaneCores,
  estimateControlPlaneMemoryBytes,
  estimateFleetCores,
  estimateFleetMemoryBytes,
  estimateHollowCores,
  estimateSimulationBytes,
  upstreamGuide,
} from './sizing.ts'
import { warningsOf } from './warnings.ts'

/** What a machine has. */
export interface Machine {
  cores: number
  memoryBytes: number
  /** As fast as where durations were measured, and idle, when nobody has looked. */
  pace?: MachinePace
}

/** What a plan comes to, worked out from the plan alone: nothing here was measured. Durations in milliseconds. */
export interface Forecast {
  plan: string
  planHash: string
  description: string | null
  /** Null when the plan leaves it to the command line. */
  target: string | null
  seed: number
  repetitions: number
  probes: { name: string; from: number; to: number }[]
  objects: ObjectsForecast | null
  /** Pods per node of the workload, on average. */
  podsPerNode: number
  /** Pods on the probes' node, about: the workload's and the probes' at their most. */
  podsOnProbeNode: number
  fleet: FleetForecast
  apiserver: {
    /** What one apiserver is taken to be able to do, for the document's rule of thumb (R5). */
    writesPerSecond: number
    /** What the rule gives: apiserver QPS / nodes. */
    kubeletQps: number
  }
  arms: ArmForecast[]
  /** All arms, as often as they are repeated. */
  totalMs: number
  warnings: string[]
}

export interface ObjectsForecast {
  totals: ReturnType<typeof totalsOf>
  /** Without pods, which the controller-manager creates. */
  toCreate: number
  /** What `totals.ballast` counts. */
  ballastKind: BallastResource
  classes: { name: string; namespaces: number; pods: { min: number; median: number; max: number } }[]
  namespaces: readonly NamespaceLayout[]
}

export interface FleetForecast extends Packing {
  nodes: number
  nodesPerProcess: number
  /** Whether hollow nodes run on hosts of their own, and not beside their control plane. */
  onHosts: boolean
  /** What the hollow nodes of the fullest machine take, idle. */
  memoryBytes: number
  /** What upstream's guide sets aside for them, where each kubelet has a process of its own. */
  guide: Machine | null
  host: (Machine & { maxPods: number }) | null
  /** All of it, control plane included, on the machine that this is asked on. */
  oneMachine: { neededBytes: number; here: Machine }
}

/** What differs between arms. */
export interface ArmForecast {
  name: string
  profile: string
  departures: { knob: string; value: KnobValue | null; because: string }[]
  maxPods: number
  /** Null where it is left alone: then an unchanged status is written every 5 minutes only. */
  statusPeriodSeconds: number | null
  heartbeatsPerSecond: { status: number; lease: number }
  /** With objects the size of real nodes, as the document counts, and of hollow ones, which a run has. */
  writes: { real: WriteRates; hollow: WriteRates }
  /** The nearest to its quota first. */
  etcd: { hollow: EtcdForecast[]; real: EtcdForecast[] }
  kubelet: KnownLimit
  /** All kubelets at their limit at once; null where they have none. */
  kubeletRequestsPerSecond: number | null
  cores: {
    /** Of the hollow nodes on the fullest machine, idle. */
    hollow: number
    controlPlane: number
    /** Of everything, where it is all on one machine. */
    oneMachine: { coresNeeded: number; because: string }
  }
  /** Whether heartbeats alone take the machine that everything is on: times are lower bounds then. */
  machineBound: boolean
  durationMs: {
    controlPlane: number
    fleet: number
    idle: number
    fill: Floor | null
    probes: (Floor & { name: string })[]
    settle: number
    around: number
    total: number
  }
}

/** Works out what a plan comes to; `here` is the machine that target local would use. */
export function forecastOf(plan: Plan, here: Machine): Forecast {
  const objects = forecastObjects(plan)
  const fleet = forecastFleet(plan, objects, here)
  const podsPerNode = (objects?.totals.pods ?? 0) / fleet.nodes
  const arms = plan.arms.map((arm) => forecastArm(arm, plan, objects, fleet))
  const forecast: Omit<Forecast, 'warnings'> = {
    plan: plan.name,
    planHash: planHash(plan),
    description: plan.description ?? null,
    target: plan.target ?? null,
    seed: plan.seed,
    repetitions: plan.repetitions,
    probes: plan.probes.sequence.map(({ name, from, to }) => ({ name, from, to })),
    objects,
    podsPerNode,
    podsOnProbeNode: Math.ceil(podsPerNode) + mostProbed(plan),
    fleet,
    apiserver: { writesPerSecond: apiserverWritesPerSecond, kubeletQps: apiserverWritesPerSecond / fleet.nodes },
    arms,
    totalMs: plan.repetitions * arms.reduce((sum, { durationMs }) => sum + durationMs.total, 0),
  }
  return { ...forecast, warnings: warningsOf(forecast, plan) }
}

/** Heap that a simulation of a plan needs, about. */
export function simulationBytesOf(plan: Plan): number {
  const objects = forecastObjects(plan)
  const filled = objects === null ? { pods: 0, others: 0 } : { pods: objects.totals.pods, others: objects.toCreate }
  return estimateSimulationBytes({ nodes: plan.fleet.nodes, ...filled, pods: filled.pods + mostProbed(plan) })
}

function forecastObjects({ workload, seed }: Plan): ObjectsForecast | null {
  if (workload === undefined) return null
  const layout = layOutWorkload(workload, seed)
  const totals = totalsOf(layout)
  const classes = workload.sizeClasses.map(({ name }) => {
    const members = layout.namespaces.filter(({ sizeClass }) => sizeClass === name)
    return { name, namespaces: members.length, pods: rangeOf(members.map(({ pods }) => pods)) }
  })
  return {
    totals,
    toCreate: objectsToCreate(totals),
    ballastKind: ballastResourceOf(workload),
    classes,
    namespaces: layout.namespaces,
  }
}

function rangeOf(values: readonly number[]): { min: number; median: number; max: number } {
  const sorted = values.toSorted((left, right) => left - right)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
  return { min: at(0), median: at(0.5), max: at(1) }
}

function forecastFleet({ fleet, target }: Plan, objects: ObjectsForecast | null, here: Machine): FleetForecast {
  const { nodes, nodesPerProcess, host } = fleet
  const onHosts = target === 'remote' || (target !== 'local' && fleet.hosts > 1)
  // Target local is one machine, whatever the plan says.
  const packing = packFleet({ ...fleet, hosts: onHosts ? fleet.hosts : 1 })
  const controlPlaneBytes = estimateControlPlaneMemoryBytes({ nodes, pods: objects?.totals.pods ?? 0 })
  return {
    ...packing,
    nodes,
    nodesPerProcess,
    onHosts,
    memoryBytes: estimateFleetMemoryBytes({ nodes: packing.nodesPerHost, nodesPerProcess }),
    guide: nodesPerProcess === 1 ? upstreamGuide(packing.nodesPerHost) : null,
    host: host === undefined ? null : { cores: host.cpu, memoryBytes: bytesOf(host.memory), maxPods: host.maxPods },
    oneMachine: { neededBytes: estimateFleetMemoryBytes(fleet) + controlPlaneBytes, here },
  }
}

function forecastArm(arm: PlannedArm, plan: Plan, objects: ObjectsForecast | null, fleet: FleetForecast): ArmForecast {
  const { nodes, nodesPerHost, nodesPerProcess, oneMachine } = fleet
  const knobs = knobsOf(arm)
  const { statusPeriodSeconds, kubelet } = knobs
  const beating = { nodes, statusPeriodSeconds }
  const cores = {
    hollow: estimateHollowCores({ nodes: nodesPerHost, nodesPerProcess, statusPeriodSeconds }),
    controlPlane: estimateControlPlaneCores(beating),
    oneMachine: estimateFleetCores(beating),
  }
  const idleCores = cores.oneMachine.coresNeeded
  const machine = fleet.onHosts
    ? null
    : { cores: oneMachine.here.cores, idleCores, stretch: stretchOf(oneMachine.here) }
  const stored = storedObjects(plan, objects)
  const etcd = (hollow: boolean) => forecastEtcd(stored, { statusPeriodSeconds, hollow }, knobs.etcd)
  return {
    name: armName(arm),
    profile: arm.profile,
    departures: arm.set,
    maxPods: knobs.maxPods,
    statusPeriodSeconds,
    heartbeatsPerSecond: heartbeatsPerSecond(beating),
    writes: { real: writeRates({ ...beating, hollow: false }), hollow: writeRates({ ...beating, hollow: true }) },
    etcd: { hollow: etcd(true), real: etcd(false) },
    kubelet,
    kubeletRequestsPerSecond: kubelet.kind === 'limited' ? nodes * kubelet.qps : null,
    cores,
    machineBound: machine !== null && idleCores > machineBoundAbove * machine.cores,
    durationMs: forecastDurations(plan, objects, fleet, { ...knobs, machine }),
  }
}

function stretchOf({ pace }: Machine): number {
  return pace === undefined ? 1 : pace.slowness / pace.share
}

/** The knobs of an arm that count here, at their built-in values where it does not set them. */
function knobsOf(arm: PlannedArm) {
  const requests = requestsOf(arm.profile, arm.set)
  const values = valuesUnder(requests)
  const { number, list } = values
  return {
    maxPods: number('kubelet.maxPods'),
    statusPeriodSeconds: statusPeriodSecondsOf(requests),
    kubelet: clientLimitOf({ qps: number('kubelet.kubeAPIQPS'), burst: number('kubelet.kubeAPIBurst') }),
    controller: clientLimitOf({
      qps: number('controllerManager.kubeApiQps'),
      burst: number('controllerManager.kubeApiBurst'),
    }),
    etcd: {
      quotaBytes: number('etcd.quotaBackendBytes'),
      split: list('etcd.splitByResource'),
      compactsByRevision: compactionOf(values)?.keep === 'revisions',
    },
  }
}

/** Pods of the probes' Deployment, at their most. */
function mostProbed({ probes }: Plan): number {
  return Math.max(...probes.sequence.flatMap(({ from, to }) => [from, to]))
}

function storedObjects(plan: Plan, objects: ObjectsForecast | null): StoredObjects {
  const { fleet, workload } = plan
  const totals = objects?.totals
  const ballastBytes = (totals?.ballast ?? 0) * (workload?.ballast?.objectSize ?? 0)
  const isEvents = workload?.ballast?.kind === 'events'
  return {
    nodes: fleet.nodes,
    pods: (totals?.pods ?? 0) + mostProbed(plan),
    deployments: (totals?.deployments ?? 0) + 1,
    services: totals?.services ?? 0,
    configmaps: totals?.configmaps ?? 0,
    secrets: totals?.secrets ?? 0,
    serviceaccounts: totals?.serviceaccounts ?? 0,
    configmapBytes: workload?.configObjects?.configmapSize ?? 0,
    secretBytes: workload?.configObjects?.secretSize ?? 0,
    ballastBytes: isEvents ? 0 : ballastBytes,
    ballastEventBytes: isEvents ? ballastBytes : 0,
  }
}

function forecastDurations(
  { fleet: planned, workload, probes }: Plan,
  objects: ObjectsForecast | null,
  { nodes, nodesPerHost }: FleetForecast,
  { kubelet, controller, machine }: { kubelet: KnownLimit; controller: KnownLimit; machine: SharedMachine },
): ArmForecast['durationMs'] {
  const pods = {
    serviceAccountToken: probes.pod.serviceAccountToken,
    containerStartDelayMs: planned.node.containerStartDelay,
  }
  const parts = {
    controlPlane: controlPlaneMs,
    fleet: fleetReadyMs(planned, nodesPerHost, machine),
    idle: planned.observe,
    fill:
      workload === undefined || objects === null
        ? null
        : fillFloor(workload, objects.totals, { kubelet, controller, machine, nodes }),
    probes: probes.sequence.map((probe) => ({
      name: probe.name,
      ...probeFloor(probe, pods, { kubelet, controller }),
    })),
    settle: probes.settle * probes.sequence.length,
    around: aroundProbesMs,
  }
  const probesMs = parts.probes.reduce((sum, { ms }) => sum + ms, 0)
  const { controlPlane, fleet, idle, fill, settle, around } = parts
  return { ...parts, total: controlPlane + fleet + idle + (fill?.ms ?? 0) + probesMs + settle + around }
}
