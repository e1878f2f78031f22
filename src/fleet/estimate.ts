import { bytesOf } from '../base/quantity.ts'
import { sumOf } from '../base/sum.ts'
import { planHash } from '../plan/parse.ts'
import type { Plan, PlannedArm } from '../plan/plan.ts'
import { armName, kubernetesOf } from '../plan/plan.ts'
import { machineBoundAbove } from '../result/parts.ts'
import type { LimitedClient } from '../tuning/client-knobs.ts'
import { clientSettingsOf } from '../tuning/client-knobs.ts'
import type { KnownLimit } from '../tuning/client-limit.ts'
import { clientLimitOf } from '../tuning/client-limit.ts'
import { compactionOf } from '../tuning/compaction.ts'
import { requestsOf } from '../tuning/profiles.ts'
import { statusPeriodSecondsOf } from '../tuning/status-period.ts'
import { valuesUnder } from '../tuning/values.ts'
import type { Floor, StepLimits } from './duration.ts'
import { apiserverWritesPerSecond, aroundProbesMs, controlPlaneMs, fleetReadyMs } from './duration.ts'
import type { EtcdForecast, StoredObjects, WriteRates } from './etcd-sizing.ts'
import { forecastEtcd, heartbeatsPerSecond, writeRates } from './etcd-sizing.ts'
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
import type { ForecastStep, ObjectsForecast } from './step-forecast.ts'

/** What a machine has. */
export interface Machine {
  cores: number
  memoryBytes: number
  /** As fast as where durations were measured, and idle, when nobody has looked. */
  pace?: MachinePace
}

/** What a plan comes to, worked out from the plan alone: nothing here was measured. Durations in milliseconds. */
export interface Estimate {
  plan: string
  planHash: string
  description: string | null
  /** Null when the plan leaves it to the command line. */
  target: string | null
  seed: number
  repetitions: number
  /** What is done in each arm's cluster, in order. */
  steps: { name: string; title: string; createsObjects: boolean }[]
  objects: ObjectsForecast | null
  /** Pods per node of the workload, on average. */
  podsPerNode: number
  /** Pods on the probes' node, about: the workload's and the probes' at their most. */
  podsOnProbeNode: number
  fleet: FleetForecast
  apiserver: {
    /** What one apiserver is taken to be able to do, for the document's rule of thumb. */
    writesPerSecond: number
    /** What the rule gives: apiserver QPS / nodes. */
    kubeletQps: number
  }
  arms: ArmForecast[]
  /** All arms, as often as they are repeated. */
  totalMs: number
  /** Heap that a simulation of it needs, about. */
  simulationBytes: number
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
  /** The version of Kubernetes that it asks for; null where neither it nor the plan does. */
  kubernetes: string | null
  departures: PlannedArm['set']
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
    /** In the plan's order. */
    steps: (Floor & { name: string })[]
    /** Before steps that need quiet. */
    quiet: number
    around: number
    total: number
  }
}

/** Works out what a plan comes to; `here` is the machine that target local would use. */
export function estimateOf(plan: Plan, steps: readonly ForecastStep[], here: Machine): Estimate {
  const objects = steps.find((step) => step.objects !== null)?.objects ?? null
  const fleet = forecastFleet(plan, objects, here)
  const podsPerNode = (objects?.totals.pods ?? 0) / fleet.nodes
  const arms = plan.arms.map((arm) => forecastArm(arm, plan, steps, fleet))
  return {
    plan: plan.name,
    planHash: planHash(plan),
    description: plan.description ?? null,
    target: plan.target ?? null,
    seed: plan.seed,
    repetitions: plan.repetitions,
    steps: steps.map(({ name, title, objects: own }) => ({ name, title, createsObjects: own !== null })),
    objects,
    podsPerNode,
    podsOnProbeNode: Math.ceil(podsPerNode) + mostProbed(steps),
    fleet,
    apiserver: { writesPerSecond: apiserverWritesPerSecond, kubeletQps: apiserverWritesPerSecond / fleet.nodes },
    arms,
    totalMs:
      (plan.repetitions + (plan.warmUp ? 1 : 0)) * arms.reduce((sum, { durationMs }) => sum + durationMs.total, 0),
    simulationBytes: simulationBytesOf(plan, steps),
  }
}

/** Heap that a simulation of a plan needs, about. */
export function simulationBytesOf(plan: Plan, steps: readonly ForecastStep[]): number {
  const filled = steps.flatMap(({ objects }) => objects ?? [])
  return estimateSimulationBytes({
    nodes: plan.fleet.nodes,
    pods: sumOf(filled.map(({ totals }) => totals.pods)) + mostProbed(steps),
    others: sumOf(filled.map(({ toCreate }) => toCreate)),
  })
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

function forecastArm(arm: PlannedArm, plan: Plan, steps: readonly ForecastStep[], fleet: FleetForecast): ArmForecast {
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
  const stored = storedObjects(plan, steps)
  const etcd = (hollow: boolean) => forecastEtcd(stored, { statusPeriodSeconds, hollow }, knobs.etcd)
  return {
    name: armName(arm),
    profile: arm.profile,
    kubernetes: kubernetesOf(plan, arm) ?? null,
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
    durationMs: forecastDurations(plan, steps, fleet, { ...knobs, machine, nodes }),
  }
}

function stretchOf({ pace }: Machine): number {
  return pace === undefined ? 1 : pace.slowness / pace.share
}

/** The knobs of an arm that count here, at their built-in values where it does not set them. */
function knobsOf(arm: PlannedArm) {
  const requests = requestsOf(arm)
  const values = valuesUnder(requests)
  const { number, durationMs, list } = values
  const limitOf = (client: LimitedClient) => clientLimitOf(clientSettingsOf(client, values))
  return {
    maxPods: number('kubelet.maxPods'),
    statusPeriodSeconds: statusPeriodSecondsOf(requests),
    kubelet: limitOf('kubelet'),
    controller: limitOf('controllers'),
    scheduler: limitOf('scheduler'),
    etcd: {
      quotaBytes: number('etcd.quotaBackendBytes'),
      split: list('etcd.splitByResource'),
      apiserverCompactionMinutes: durationMs('apiserver.etcdCompactionInterval') / 60_000,
      compactsByRevision: compactionOf(values)?.keep === 'revisions',
    },
  }
}

/** Pods that steps put on the node of the probes, at their most. */
function mostProbed(steps: readonly ForecastStep[]): number {
  return Math.max(0, ...steps.map(({ podsOnProbeNode }) => podsOnProbeNode))
}

/** What a cluster holds once a plan has created everything. */
export function storedObjects({ fleet }: Plan, steps: readonly ForecastStep[]): StoredObjects {
  const all = steps.flatMap(({ objects }) => objects ?? [])
  const count = (kind: keyof ObjectsForecast['totals']) => all.reduce((sum, { totals }) => sum + totals[kind], 0)
  const [first] = all
  const ballastBytes = (first?.totals.ballast ?? 0) * (first?.bytes.ballast ?? 0)
  const isEvents = first?.ballastKind === 'events'
  return {
    nodes: fleet.nodes,
    pods: count('pods') + mostProbed(steps),
    deployments: count('deployments') + 1,
    services: count('services'),
    configmaps: count('configmaps'),
    secrets: count('secrets'),
    serviceaccounts: count('serviceaccounts'),
    configmapBytes: first?.bytes.configmap ?? 0,
    secretBytes: first?.bytes.secret ?? 0,
    ballastBytes: isEvents ? 0 : ballastBytes,
    ballastEventBytes: isEvents ? ballastBytes : 0,
  }
}

function forecastDurations(
  { fleet: planned }: Plan,
  steps: readonly ForecastStep[],
  { nodesPerHost }: FleetForecast,
  limits: StepLimits,
): ArmForecast['durationMs'] {
  const parts = {
    controlPlane: controlPlaneMs,
    fleet: fleetReadyMs(planned, nodesPerHost, limits.machine),
    steps: steps.map(({ name, floor }) => ({ name, ...floor(limits) })),
    quiet: sumOf(steps.map(({ quietMs }) => quietMs)),
    around: aroundProbesMs,
  }
  const { controlPlane, fleet, quiet, around } = parts
  return { ...parts, total: controlPlane + fleet + sumOf(parts.steps.map(({ ms }) => ms)) + quiet + around }
}
