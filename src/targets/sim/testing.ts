import { machineForTests } from '../../model/testing.ts'
import type { SimulatedCluster } from './cluster.ts'
import { simulatedTarget } from './index.ts'

/** Opens a simulated cluster without nodes, on one machine like that of the calibration. */
export function openClusterForTests(): Promise<SimulatedCluster> {
  const { calibration, hardware } = machineForTests()
  const target = simulatedTarget({ seed: 1, calibration, hardware })
  return target.open({ armId: 'test', repetition: 1, knobs: [], signal: new AbortController().signal })
}
