import type { ComponentMetrics } from '../measure/metrics.ts'
import { measuredMetrics } from '../measure/metrics.ts'
import type { ProbeOutcome } from '../result/result.ts'
import type { Cluster } from '../targets/target.ts'

/** What is counted before and after something is measured. */
export interface Observation {
  metrics: ComponentMetrics[]
  retries: ProbeOutcome['clientRetries']
}

/** Reads all counters of a cluster. */
export async function observe(cluster: Cluster): Promise<Observation> {
  return { metrics: await cluster.scrape({ names: measuredMetrics }), retries: cluster.clientRetries() }
}

/** The orchestrator's own requests that were tried again in between. */
export function retriesBetween(
  { retries: before }: Observation,
  { retries: after }: Observation,
): Observation['retries'] {
  return { count: after.count - before.count, waitedMs: after.waitedMs - before.waitedMs }
}
