import { availableParallelism, totalmem } from 'node:os'
import type { Machine } from '../fleet/estimate.ts'
import { paceOf } from '../fleet/machine-pace.ts'
import type { MachineLook } from '../record/this-machine.ts'

/** What this machine has, and how fast it is just now, when it is looked at. */
export function thisMachine(look: (() => MachineLook) | undefined): Machine {
  const has = { cores: availableParallelism(), memoryBytes: totalmem() }
  return look === undefined ? has : { ...has, pace: paceOf(look()) }
}
