import type { Clock } from '../../base/clock.ts'
import { bytesOf } from '../../base/quantity.ts'
import type { Fault } from '../../model/fault.ts'
import { createKernel } from '../../model/kernel/kernel.ts'
import { modelledKubernetes } from '../../model/kubernetes.ts'
import { usableCostsOf } from '../../model/machine/costs.ts'
import type { Hardware } from '../../model/machine/hardware.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Calibration } from '../../result/calibration.ts'
import type { Target } from '../target.ts'
import type { SimulatedCluster, Witnessed } from './cluster.ts'
import { openSimulatedCluster } from './cluster.ts'
import { supportOf } from './knobs.ts'

export interface SimulatedTargetOptions {
  seed: number
  calibration: Calibration
  hardware: Hardware
  /** Whether each node has a kube-proxy. */
  kubeProxy?: boolean
  /** What goes wrong in the clusters of a repetition. */
  faultsOf?: (repetition: number) => readonly Fault[]
  /** False when a run is to clean its clusters up as if they were somebody else's. */
  disposable?: boolean
  /** Shows each cluster from its beginning. */
  onOpen?: (witnessed: Witnessed) => void
}

/** A target whose clusters are a model, on a clock of its own that a run on it has to use. */
export interface SimulatedTarget extends Target<SimulatedCluster> {
  readonly clock: Clock
  /** How many events of the simulation have happened. */
  events(): number
}

/** Clusters that are simulated in this process, on virtual time: what is asked of them takes no longer than reckoning it. */
export function simulatedTarget(options: SimulatedTargetOptions): SimulatedTarget {
  const { seed, calibration, hardware, kubeProxy = false, faultsOf, disposable = true, onOpen } = options
  const kernel = createKernel()
  const costs = usableCostsOf(calibration)
  const versions = {
    simulation: `model 1 of Kubernetes ${modelledKubernetes}`,
    calibration: calibration.measuredAt,
    ...calibration.versions,
  }
  return {
    name: 'sim',
    evidence: 'simulated',
    onThisMachine: false,
    ...(hardware.hosts === null && { modelledCores: hardware.controlPlaneCores }),
    clock: kernel.clock,
    events: kernel.events,
    supports: (knob) => supportOf(knob, { kubeProxy }),
    async prepare({ signal }) {
      signal.throwIfAborted()
    },
    async open({ arm: { id: armId, repetition }, knobs, signal }) {
      if (signal.aborted) throw signal.reason
      return openSimulatedCluster({
        kernel,
        seed,
        armId,
        repetition,
        knobs,
        costs,
        hardware,
        kubeProxy,
        versions,
        faults: faultsOf?.(repetition) ?? [],
        disposable,
        onOpen,
      })
    },
  }
}

/**
 * The machines that a plan speaks of: hosts of their own for the hollow nodes, or all on one, which is then the one that the calibration
 * was measured on, as on target local.
 */
export function hardwareOf(
  { fleet, simulation }: Pick<Plan, 'fleet' | 'simulation'>,
  calibration: Calibration,
): Hardware {
  const { host } = fleet
  const cores = host === undefined ? calibration.machine.cores : clusterCores
  return {
    controlPlaneCores: simulation?.controlPlaneCores ?? cores,
    hosts: host === undefined ? null : { count: fleet.hosts, cores: host.cpu },
    hostMemoryBytes: host === undefined ? calibration.machine.memoryBytes : bytesOf(host.memory),
  }
}

/**
 * Whether the nodes of a plan have kube-proxies: where the fleet has hosts of its own it stands for real nodes, which have; where
 * everything is on one machine it is what target local runs, which has none.
 */
export function runsKubeProxies({ fleet, simulation }: Pick<Plan, 'fleet' | 'simulation'>): boolean {
  return simulation?.kubeProxy ?? fleet.host !== undefined
}

/** What Kubernetes' own guide to large clusters gave a control plane of more than 500 nodes (n1-standard-32, c4.8xlarge). */
const clusterCores = 32
