import type { MetricSample } from '../../measure/metrics.ts'
import type { ChangeCounts } from './change-tracker.ts'

/** What a kube-proxy counts, as its /metrics page tells it. */
export interface ProxyMetrics {
  noteSync(): void
  noteProgrammed(latencyMs: number): void
  samples(changes: ChangeCounts): MetricSample[]
}

const range = (count: number, first: number, step: number) =>
  Array.from({ length: count }, (_, index) => first + index * step)

/** Upper bounds in seconds of network_programming_duration_seconds (pkg/proxy/metrics/metrics.go). */
const bounds = [...range(2, 0.25, 0.25), ...range(59, 1, 1), ...range(12, 60, 5), ...range(7, 120, 30)]

const labels = { ip_family: 'IPv4' }

/**
 * Empty counters. How long syncs took is left out, but for how many there were: the model has no figure for it, and a page of zeros
 * would be one.
 */
export function createProxyMetrics(): ProxyMetrics {
  const counts = new Array<number>(bounds.length + 1).fill(0)
  let syncs = 0
  let programmed = 0
  let programmedSeconds = 0
  return {
    noteSync() {
      syncs++
    },
    noteProgrammed(latencyMs) {
      const seconds = latencyMs / 1000
      programmed++
      programmedSeconds += seconds
      let index = 0
      while (index < bounds.length && seconds > (bounds[index] as number)) index++
      counts[index] = (counts[index] as number) + 1
    },
    samples({ serviceChanges, endpointChanges, endpointsPending }) {
      const latency = 'kubeproxy_network_programming_duration_seconds'
      const changes = 'kubeproxy_sync_proxy_rules'
      let below = 0
      return [
        ...[...bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
          below += counts[index] as number
          const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound)
          return { name: `${latency}_bucket`, labels: { ...labels, le }, value: below }
        }),
        { name: `${latency}_count`, labels, value: programmed },
        { name: `${latency}_sum`, labels, value: programmedSeconds },
        { name: `${changes}_duration_seconds_count`, labels, value: syncs },
        { name: `${changes}_endpoint_changes_total`, labels: {}, value: endpointChanges },
        { name: `${changes}_endpoint_changes_pending`, labels: {}, value: endpointsPending },
        { name: `${changes}_service_changes_total`, labels: {}, value: serviceChanges },
      ]
    },
  }
}
