import { sumOf } from '../../base/sum.ts'
import type { StepForecast } from '../../fleet/step-forecast.ts'
import { matrixOf } from './matrix.ts'
import type { PlannedBenchmark } from './section.ts'
import { benchmarkOutline } from './step.ts'

/** Requests of one client are bound by the disk, and those of many by the processor. Seen with three members on two slow cores and a virtual disk, November 2026. */
const requestsPerSecond = { one: 250, many: 1500 }

/** Starting the etcds, and starting the tool for each row. */
const startMs = 5000

export function forecastBenchmark(section: PlannedBenchmark): StepForecast {
  const ms = sumOf(
    matrixOf(section.scale).map(({ clients, total }) => {
      return (1000 * total) / (clients === 1 ? requestsPerSecond.one : requestsPerSecond.many)
    }),
  )
  return {
    title: benchmarkOutline(section).title,
    objects: null,
    podsOnProbeNode: 0,
    quietMs: 0,
    timeoutMs: null,
    floor: () => ({ ms: startMs + ms, boundBy: 'the disk and the processor under etcd' }),
    warnings: [],
  }
}
