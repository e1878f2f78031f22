import type { MetricSample } from '../../measure/metrics.ts'

/** What the apiserver counts of its requests, as its /metrics page tells it. */
export interface RequestMetrics {
  /** `count` requests that took this long each. */
  note(verb: string, resource: string, status: number, durationMs: number, count?: number): void
  samples(): MetricSample[]
}

/** Upper bounds in seconds (apiserver/pkg/endpoints/metrics/metrics.go). */
const bounds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
] as const

interface Entry {
  labels: { verb: string; resource: string; subresource: string; code: string }
  count: number
  counts: number[]
}

/** Empty counters. */
export function createRequestMetrics(): RequestMetrics {
  /** By resource, verb and status, in the order in which they came up: keys made of all three would have to be put together every time. */
  const byResource = new Map<string, Map<string, Map<number, Entry>>>()
  const entries: Entry[] = []
  return {
    note(verb, resource, status, durationMs, count = 1) {
      let entry = byResource.get(resource)?.get(verb)?.get(status)
      if (entry === undefined) {
        const [name = '', subresource = ''] = resource.split('/')
        const labels = { verb, resource: name, subresource, code: String(status) }
        entry = { labels, count: 0, counts: new Array<number>(bounds.length + 1).fill(0) }
        entries.push(entry)
        const byVerb = byResource.get(resource) ?? new Map<string, Map<number, Entry>>()
        byResource.set(resource, byVerb)
        byVerb.set(verb, (byVerb.get(verb) ?? new Map<number, Entry>()).set(status, entry))
      }
      entry.count += count
      const seconds = durationMs / 1000
      let index = 0
      while (index < bounds.length && seconds > (bounds[index] as number)) index++
      entry.counts[index] = (entry.counts[index] as number) + count
    },
    samples() {
      return entries.flatMap(({ labels, count, counts }) => {
        const { code, ...endpoint } = labels
        let below = 0
        const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
          below += counts[index] as number
          const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound)
          return { name: 'apiserver_request_duration_seconds_bucket', labels: { ...endpoint, le }, value: below }
        })
        // As on the real page: the duration is not told by status.
        return [
          { name: 'apiserver_request_total', labels: { ...endpoint, code }, value: count },
          ...(code === '200' ? buckets : []),
        ]
      })
    },
  }
}
