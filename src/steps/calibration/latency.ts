import type { Clock } from '../../base/clock.ts'
import { sumOf } from '../../base/sum.ts'
import { distributionOf } from '../../measure/distribution.ts'
import { histogramsOf, observedBetween } from '../../measure/histogram.ts'
import type { ComponentMetrics, MetricSample } from '../../measure/metrics.ts'
import type { Latency } from '../../result/calibration.ts'

/** Sums up samples in milliseconds. */
export function latencyOf(samplesMs: readonly number[]): Latency {
  const { missing: _, ...percentiles } = distributionOf(samplesMs)
  return { ...percentiles, mean: samplesMs.length === 0 ? null : sumOf(samplesMs) / samplesMs.length }
}

/** Sums up what a histogram in seconds observed between two scrapes of one component. */
export function latencyBetween(
  before: readonly ComponentMetrics[],
  after: readonly ComponentMetrics[],
  metric: string,
): Latency {
  const [start, end] = [samplesOf(before), samplesOf(after)]
  const read = (samples: readonly MetricSample[]) => histogramsOf(samples, metric, () => 'all').get('all')
  const { missing: _, ...percentiles } = observedBetween(read(start), read(end) ?? new Map())
  const total = (samples: readonly MetricSample[], name: string) =>
    sumOf(samples.filter((sample) => sample.name === name).map(({ value }) => value))
  const change = (suffix: string) => total(end, `${metric}${suffix}`) - total(start, `${metric}${suffix}`)
  const count = change('_count')
  return { ...percentiles, mean: count === 0 ? null : (1000 * change('_sum')) / count }
}

function samplesOf(metrics: readonly ComponentMetrics[]): MetricSample[] {
  return metrics.flatMap(({ samples }) => samples)
}

/** How long `work` takes, in milliseconds. */
export async function timed(clock: Clock, work: () => Promise<unknown>): Promise<number> {
  const startMs = clock.nowMs()
  await work()
  return clock.nowMs() - startMs
}
