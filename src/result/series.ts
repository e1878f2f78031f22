import { z } from 'zod'
import { distribution } from './distribution.ts'
import { isMachineBound } from './parts.ts'
import type { Reading } from './sample.ts'
import { exactly, upperBound } from './sample.ts'

const common = {
  /** What was measured: `apiserver_request_latency_ms` (docs/series.md lists them). */
  name: z.string(),
  /** Which of it: `{ verb: 'POST', resource: 'pods' }`. */
  labels: z.record(z.string(), z.string()),
  unit: z.enum(['ms', 'bytes', 'count', 'per second', 'ratio', 'cores']),
  evidence: z.enum(['measured', 'simulated']),
  /** What was to be read for it and was not, with the reason. */
  gaps: z.array(z.string()),
}

/** Each percentile's highest value over all whole windows; absent where there was none. */
const worstWindow = distribution
  .pick({ p50: true, p90: true, p99: true, beyondMs: true })
  .extend({ lengthMs: z.number(), windows: z.number() })

/** One figure, or the distribution of many, over the time between two moments. Null where nothing of it was read, which is not 0. */
export const seriesSchema = z.union([
  z.object({ ...common, value: z.number().nullable() }),
  z.object({ ...common, distribution, worstWindow: worstWindow.optional() }),
])

export type WorstWindow = z.infer<typeof worstWindow>
export type Series = z.infer<typeof seriesSchema>

type Unattributed<One> = One extends Series ? Omit<One, 'evidence'> : never

/** A series before it is said where its figures come from. */
export type Figure = Unattributed<Series>

/** A figure of a series. What a machine at its limit timed would have been shorter on a bigger one, and more often. */
export function readingOfSeries(value: number, unit: Series['unit'], busy: Series | undefined): Reading {
  const machineBusy = busy !== undefined && 'value' in busy ? busy.value : null
  const hangsOnMachine = unit === 'ms' || unit === 'per second'
  return hangsOnMachine && isMachineBound({ machineBusy }) ? upperBound(value) : exactly(value)
}

/** The series that says how busy the machine was. */
export const busySeries = 'machine_busy_ratio'
