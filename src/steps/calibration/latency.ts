import type { Clock } from '../../base/clock.ts'
import { Failure } from '../../base/errors.ts'
import { sumOf } from '../../base/sum.ts'
import { distributionOf } from '../../measure/distribution.ts'
import { observed } from '../../measure/histogram.ts'
import type { ComponentMetrics, ComponentName, MetricSample } from '../../measure/metrics.ts'
import { increasesOf, pairs, whyNoIncrease } from '../../measure/pairs.ts'
import type { Latency } from '../../result/calibration.ts'

/** Sums up samples in milliseconds. */
export function latencyOf(samplesMs: readonly number[]): Latency {
  const { missing: _, ...percentiles } = distributionOf(samplesMs)
  return { ...percentiles, mean: samplesMs.length === 0 ? null : sumOf(samplesMs) / samplesMs.length }
}

/**
 * Sums up what a histogram in seconds observed between two scrapes, in all processes of a component together. Throws `Failure('inconclusive')`
 * when one of them was not read both times.
 */
export function latencyBetween(
  before: readonly ComponentMetrics[],
  after: readonly ComponentMetrics[],
  component: ComponentName,
  metric: string,
): Latency {
  const read = pairs({ before, after }, component)
  const grown = (name: string): readonly MetricSample[] => {
    const samples = increasesOf(read, name)
    if (samples === undefined)
      throw new Failure('inconclusive', `${name} of ${component} was not read: ${whyNoIncrease(read, name)}`)
    return samples
  }
  const total = (suffix: string) => sumOf(grown(`${metric}${suffix}`).map(({ value }) => value))
  const { missing: _, ...percentiles } = observed(grown(`${metric}_bucket`))
  const count = total('_count')
  return { ...percentiles, mean: count === 0 ? null : (1000 * total('_sum')) / count }
}

/** How long `work` takes, in milliseconds. */
export async function timed(clock: Clock, work: () => Promise<unknown>): Promise<number> {
  const startMs = clock.nowMs()
  await work()
  return clock.nowMs() - startMs
}
