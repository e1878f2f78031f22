import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/errors.ts'
import { ApiError } from '../kube/api.ts'
import { asFailure } from '../kube/failures.ts'
import type { ReadMachine } from '../measure/machine-record.ts'
import type { Calibration, CalibrationLatencies, CalibrationPhases } from '../result/calibration.ts'
import { fleetTimeoutMs, nodeStart, services, serviceUpdates } from '../steps/calibration/fleet.ts'
import { base, nodeIdle, nodeSettle, nodeStatus, settle } from '../steps/calibration/idle.ts'
import { patches, reads, writes } from '../steps/calibration/load.ts'
import type { Meter } from '../steps/calibration/meter.ts'
import { createMeter } from '../steps/calibration/meter.ts'
import { podStart, podStop } from '../steps/calibration/pods.ts'
import { callLatencies, watchLag } from '../steps/calibration/quiet-latencies.ts'
import { singlePods } from '../steps/calibration/single-pods.ts'
import { controlPlane } from '../steps/control-plane.ts'
import { fleetUp } from '../steps/fleet-up.ts'
import type { Cluster, FleetSpec, Target } from '../targets/target.ts'
import type { KnobValue } from '../tuning/knob.ts'
import { requestsOf } from '../tuning/profiles.ts'
import type { RunEventSink } from './events.ts'
import type { Stages } from './stages.ts'
import { withStages } from './stages.ts'

/** How much of everything is measured. */
export interface CalibrationSizes {
  nodes: number
  /** Reads, and as many writes, one after another. */
  calls: number
  watchedWrites: number
  reads: number
  writes: number
  /** At most as many as `writes`. */
  patches: number
  singlePods: number
  pods: number
  deployments: number
  /** On one node. */
  crowd: number
  services: number
  serviceUpdates: number
  /** After the start of a control plane or a fleet. */
  settleMs: number
  baseMs: number
  nodeIdleMs: number
  nodeStatusMs: number
  /** How long what follows from pods is waited for. */
  podTrailMs: number
  serviceTrailMs: number
}

/** Sizes that take about five minutes; pods are ten to a node. */
export function calibrationSizes(nodes: number): CalibrationSizes {
  return {
    nodes,
    calls: 1000,
    watchedWrites: 200,
    reads: 2000,
    writes: 2000,
    patches: 1000,
    singlePods: 20,
    pods: 10 * nodes,
    deployments: Math.ceil(nodes / 2),
    crowd: 200,
    services: 200,
    serviceUpdates: 500,
    settleMs: 10_000,
    baseMs: 20_000,
    nodeIdleMs: 60_000,
    nodeStatusMs: 30_000,
    podTrailMs: 3000,
    serviceTrailMs: 5000,
  }
}

/** The fleet that is measured. */
export function calibrationFleet({ nodes }: Pick<CalibrationSizes, 'nodes'>): FleetSpec {
  return { nodes, nodesPerProcess: 50, node: { cpu: 8, memory: '16Gi' } }
}

export interface CalibrationContext {
  /** Its clusters must be on this machine, and go away with all that is in them. */
  target: Target<Cluster>
  sizes: CalibrationSizes
  clock: Clock
  /** Wall-clock time of the start, for the record only. */
  measuredAt: string
  machine: Calibration['machine']
  readMachine: ReadMachine
  /** Ends measuring; what was begun is still torn down. */
  signal: AbortSignal
  emit: RunEventSink
}

/** Limits that nothing runs into: what is measured is what the work itself takes. */
const generousLimits: Readonly<Record<string, KnobValue>> = {
  'kubelet.maxPods': 500,
  'kubelet.kubeAPIQPS': 500,
  'kubelet.kubeAPIBurst': 500,
  'kubelet.eventRecordQPS': 500,
  'kubelet.eventBurst': 500,
  'controllerManager.kubeApiQps': 1000,
  'controllerManager.kubeApiBurst': 1000,
}

/**
 * Measures what real components take. On two clusters, one after another, since heartbeats are set when a kubelet starts.
 * Throws what ended it early, after everything it started is gone, or `Failure('residue')` when something is not.
 */
export async function calibrate(context: CalibrationContext): Promise<Calibration> {
  const { measuredAt, machine, sizes } = context
  const { versions, latenciesMs, phases } = await onCluster(context, 'calm-nodes', {}, async (bench) => {
    const empty = await measureControlPlane(bench, sizes)
    const filled = await measureFleet(bench, sizes)
    return {
      versions: { ...bench.cluster.versions },
      latenciesMs: { ...empty.latenciesMs, ...filled.latenciesMs },
      phases: { ...empty.phases, ...filled.phases },
    }
  })
  const everySecond = { 'kubelet.nodeStatusUpdateFrequency': '1s' }
  const nodeStatus = await onCluster(context, 'busy-nodes', everySecond, (bench) => measureNodeStatus(bench, sizes))
  return { schema: 1, measuredAt, machine, versions, latenciesMs, phases: { ...phases, nodeStatus } }
}

/** A cluster to measure, and what with. */
interface Bench {
  cluster: Cluster
  meter: Meter
  run: Stages['run']
}

type Part<L extends keyof CalibrationLatencies, P extends keyof CalibrationPhases> = {
  latenciesMs: Pick<CalibrationLatencies, L>
  phases: Pick<CalibrationPhases, P>
}

/** What the control plane takes without a single node: idle, for one request at a time, for many. */
async function measureControlPlane(
  { cluster, meter, run }: Bench,
  sizes: CalibrationSizes,
): Promise<
  Part<'read' | 'write' | 'walFsync' | 'backendCommit' | 'watchLag', 'base' | 'reads' | 'writes' | 'patches'>
> {
  await run(settle(cluster, sizes.settleMs))
  const idle = await run(base(cluster, meter, sizes.baseMs))
  const calls = await run(callLatencies(cluster, sizes.calls))
  return {
    latenciesMs: { ...calls, watchLag: await run(watchLag(cluster, sizes.watchedWrites)) },
    phases: {
      base: idle,
      reads: await run(reads(cluster, meter, sizes.reads)),
      writes: await run(writes(cluster, meter, sizes.writes)),
      patches: await run(patches(cluster, meter, sizes.patches)),
    },
  }
}

/** What nodes take: to start, to be there, to run pods. Services come last, or every pod would see them. */
async function measureFleet(
  { cluster, meter, run }: Bench,
  sizes: CalibrationSizes,
): Promise<
  Part<
    'podStart' | 'podStop',
    | 'nodeStart'
    | 'nodeSettle'
    | 'nodeIdle'
    | 'podStart'
    | 'podStop'
    | 'crowdStart'
    | 'crowdStop'
    | 'services'
    | 'serviceUpdates'
  >
> {
  const { nodes, pods, deployments } = sizes
  const podCounts = { app: 'many', pods, deployments, trailMs: sizes.podTrailMs }
  const serviceCounts = {
    nodes,
    services: sizes.services,
    updates: sizes.serviceUpdates,
    trailMs: sizes.serviceTrailMs,
  }
  const { fleet, phase } = await run(nodeStart(cluster, meter, calibrationFleet(sizes)))
  const settled = await run(nodeSettle(cluster, meter, nodes, sizes.settleMs))
  const idle = await run(nodeIdle(cluster, meter, nodes, sizes.nodeIdleMs))
  const crowd = { app: 'crowd', node: fleet.probeNode, pods: sizes.crowd, deployments: 1, trailMs: sizes.podTrailMs }
  return {
    latenciesMs: await run(singlePods(cluster, fleet.probeNode, sizes.singlePods)),
    phases: {
      nodeStart: phase,
      nodeSettle: settled,
      nodeIdle: idle,
      podStart: await run(podStart(cluster, meter, podCounts)),
      podStop: await run(podStop(cluster, meter, podCounts)),
      crowdStart: await run(podStart(cluster, meter, crowd)),
      crowdStop: await run(podStop(cluster, meter, crowd)),
      services: await run(services(cluster, meter, serviceCounts)),
      serviceUpdates: await run(serviceUpdates(cluster, meter, serviceCounts)),
    },
  }
}

/** What it takes that nodes rewrite their status. */
async function measureNodeStatus(
  { cluster, meter, run }: Bench,
  sizes: CalibrationSizes,
): Promise<CalibrationPhases['nodeStatus']> {
  await run(fleetUp(cluster, calibrationFleet(sizes), { timeoutMs: fleetTimeoutMs(sizes.nodes) }))
  await run(settle(cluster, sizes.settleMs))
  return run(nodeStatus(cluster, meter, sizes.nodeStatusMs))
}

/** Opens a cluster with the built-in settings but for these knobs, measures on it and takes it away again, whatever happens. */
async function onCluster<T>(
  { target, sizes, clock, signal, emit, readMachine }: CalibrationContext,
  armId: string,
  knobs: Readonly<Record<string, KnobValue>>,
  measure: (bench: Bench) => Promise<T>,
): Promise<T> {
  const overrides = Object.entries({ ...generousLimits, ...knobs }).map(([knob, value]) => ({ knob, value }))
  const { outcome, residue } = await withStages({ armId, clock, signal, emit }, async ({ run, endOn }) => {
    const requests = requestsOf({ base: [], set: overrides })
    const arm = { id: armId, name: armId, repetition: 1, requests }
    const cluster = await run(controlPlane(target, arm, calibrationFleet(sizes)))
    endOn(cluster.broken)
    if (!cluster.disposable) throw new Failure('safety-refusal', 'a calibration needs a disposable cluster')
    return measure({ cluster, meter: createMeter(cluster, readMachine), run })
  })
  const error = outcome.status === 'rejected' ? outcome.reason : undefined
  if (residue.length > 0) throw new Failure('residue', residue.join('; '), { cause: error })
  if (outcome.status === 'fulfilled') return outcome.value
  // A refusal by the apiserver is no bug of ours.
  throw error instanceof ApiError ? asFailure(error) : error
}
