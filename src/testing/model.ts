import type { Clock } from '../base/clock.ts'
import type { ContainerStarts } from '../fleet/hollow-node.ts'
import type { KubeApi } from '../kube/api.ts'
import knownCalibration from '../model/calibration.json' with { type: 'json' }
import type { Model } from '../model/cluster.ts'
import { openModel } from '../model/cluster.ts'
import type { Fault } from '../model/fault.ts'
import { createKernel } from '../model/kernel/kernel.ts'
import type { Costs } from '../model/machine/costs.ts'
import { costsOf } from '../model/machine/costs.ts'
import type { Hardware } from '../model/machine/hardware.ts'
import { settingsOf } from '../model/settings.ts'
import type { Calibration } from '../result/calibration.ts'
import { calibrationSchema } from '../result/calibration.ts'
import type { KnobRequest } from '../tuning/profiles.ts'

/** One machine like that of the calibration. */
export function machineForTests(): { calibration: Calibration; hardware: Hardware } {
  const calibration = calibrationSchema.parse(knownCalibration)
  const { cores, memoryBytes } = calibration.machine
  return { calibration, hardware: { controlPlaneCores: cores, hosts: null, hostMemoryBytes: memoryBytes } }
}

/** A modelled cluster, and a client of it. */
export interface ModelForTests extends Model, AsyncDisposable {
  readonly api: KubeApi
  readonly clock: Clock
  /** How many events of the simulation have happened. */
  events(): number
  /** Starts nodes `hollow-0` and so on, which start containers at once unless limits are given. */
  startNodes(nodes: number, containerStarts?: ContainerStarts): void
}

export interface ModelForTestsOptions {
  knobs?: readonly KnobRequest[]
  /** One machine like that of the calibration when absent. */
  hardware?: Hardware
  faults?: readonly Fault[]
  /** What a kubelet's work takes, where the calibration is not to say so. */
  kubeletCosts?: Partial<Costs['kubelet']>
}

/** Opens a modelled cluster without nodes. */
export function openModelForTests(options: ModelForTestsOptions = {}): ModelForTests {
  const { calibration, hardware: usual } = machineForTests()
  const { knobs = [], hardware = usual, faults = [], kubeletCosts } = options
  const settings = settingsOf(knobs)
  const measured = costsOf(calibration)
  const costs = { ...measured, kubelet: { ...measured.kubelet, ...kubeletCosts } }
  const kernel = createKernel()
  const model = openModel({ kernel, seed: 1, repetition: 1, settings, costs, hardware, kubeProxy: false, faults })
  const { signal } = new AbortController()
  return {
    ...model,
    api: model.connect({ signal, onRequest: () => {}, onRetry: () => {} }),
    clock: model.timeline.clock,
    events: kernel.events,
    startNodes(nodes, containerStarts) {
      const node = { cpu: 8, memory: '16Gi', containerStarts }
      model.startFleet({ nodes, nodesPerProcess: 50, node }, signal)
    },
    [Symbol.asyncDispose]: async () => model.close(),
  }
}
