import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { calibrationSchema } from '../../result/calibration.ts'
import type { SimulatedCluster } from './cluster.ts'
import { simulatedTarget } from './index.ts'

/** Opens a simulated cluster without nodes, on one machine like that of the calibration. */
export function openClusterForTests(): Promise<SimulatedCluster> {
  const file = join(import.meta.dirname, 'calibration.json')
  const calibration = calibrationSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  const hardware = {
    controlPlaneCores: calibration.machine.cores,
    hosts: null,
    hostMemoryBytes: calibration.machine.memoryBytes,
  }
  const target = simulatedTarget({ seed: 1, calibration, hardware })
  return target.open({ armId: 'test', repetition: 1, knobs: [], signal: new AbortController().signal })
}
