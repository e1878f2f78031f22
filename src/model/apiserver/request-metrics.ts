import type { MetricSample } from '../../measure/metrics.ts'

/** What the apiserver counts of its requests, as its /metrics page tells it. */
export interface RequestMetrics {
  /** `count` requests that took this long each, waiting for a seat included. */
  note(verb: string, resource: string, status: number, durationMs: number, more?: RequestDetails): void
  samples(): MetricSample[]
}

/** What else is known of requests. */
export interface RequestDetails {
  /** One when absent. */
  count?: number
  /** How much of its time each waited for a seat. */
  waitedMs?: number
  /** Of a list; all else is about one object (k8s.io/apiserver, pkg/endpoints/metrics.CleanScope). */
  scope?: 'namespace' | 'cluster' | undefined
}

/** Upper bounds in seconds (apiserver/pkg/endpoints/metrics/metrics.go). */
const bounds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
] as const

interface Entry {
  labels: { verb: string; resource: string; subresource: string; code: string; scope: string }
  count: number
  counts: number[]
  /** The same without waiting for a seat. */
  servedCounts: number[]
}

/** Empty counters. */
export function createRequestMetrics(): RequestMetrics {
  /** By resource, verb and status, in the order in which they came up: keys made of all three would have to be put together every time. */
  const byResource = new Map<string, Map<string, Map<number, Entry>>>()
  const entries: Entry[] = []
  return {
    note(verb, resource, status, durationMs, { count = 1, waitedMs = 0, scope } = {}) {
      // No verb is called as a scope is.
      const kind = scope ?? verb
      let entry = byResource.get(resource)?.get(kind)?.get(status)
      if (entry === undefined) {
        const [name = '', subresource = ''] = resource.split('/')
        const labels = { verb, resource: name, subresource, code: String(status), scope: scope ?? 'resource' }
        const none = () => new Array<number>(bounds.length + 1).fill(0)
        entry = { labels, count: 0, counts: none(), servedCounts: none() }
        entries.push(entry)
        const byVerb = byResource.get(resource) ?? new Map<string, Map<number, Entry>>()
        byResource.set(resource, byVerb)
        byVerb.set(kind, (byVerb.get(kind) ?? new Map<number, Entry>()).set(status, entry))
      }
      entry.count += count
      const index = bucketOf(durationMs)
      entry.counts[index] = (entry.counts[index] as number) + count
      const served = waitedMs === 0 ? index : bucketOf(durationMs - waitedMs)
      entry.servedCounts[served] = (entry.servedCounts[served] as number) + count
    },
    samples() {
      return entries.flatMap(({ labels, count, counts, servedCounts }) => {
        const { code, scope, ...endpoint } = labels
        const buckets = (name: string, of: readonly number[], ownLabels: MetricSample['labels']) => {
          let below = 0
          return [...bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
            below += of[index] as number
            const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound)
            return { name, labels: { ...ownLabels, le }, value: below }
          })
        }
        const total = { name: 'apiserver_request_total', labels: { ...endpoint, scope, code }, value: count }
        // As on the real page: the duration is not told by status.
        if (code !== '200') return [total]
        return [
          total,
          ...buckets('apiserver_request_duration_seconds_bucket', counts, { ...endpoint, scope }),
          ...buckets('apiserver_request_sli_duration_seconds_bucket', servedCounts, { ...endpoint, scope }),
        ]
      })
    },
  }
}

function bucketOf(durationMs: number): number {
  const seconds = durationMs / 1000
  let index = 0
  while (index < bounds.length && seconds > (bounds[index] as number)) index++
  return index
}
