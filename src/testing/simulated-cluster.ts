import type { SimulatedCluster } from '../targets/sim/cluster.ts'
import { simulatedTarget } from '../targets/sim/index.ts'
import { machineForTests } from './model.ts'

/** Opens a simulated cluster without nodes, on one machine like that of the calibration. */
export function openClusterForTests(): Promise<SimulatedCluster> {
  const { calibration, hardware } = machineForTests()
  const target = simulatedTarget({ seed: 1, calibration, hardware })
  return target.open({
    arm: { id: 'test-1', name: 'test', repetition: 1 },
    knobs: [],
    signal: new AbortController().signal,
  })
}
