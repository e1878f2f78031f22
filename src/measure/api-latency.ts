import type { RequestRecord } from '../kube/transport.ts'
import type { ApiLatency } from '../result/result.ts'
import { distributionOf } from './distribution.ts'
import { observedBy } from './histogram.ts'
import type { ComponentMetrics, MetricSample } from './metrics.ts'
import { increasesOf, pairs } from './pairs.ts'

/** Collects how long the orchestrator's own requests took. Eight bytes per request: exact percentiles are affordable. */
export interface RequestLatencies {
  add(record: RequestRecord): void
  summary(): ApiLatency[]
}

/** An empty collection. */
export function collectLatencies(): RequestLatencies {
  const samples = new Map<string, { verb: string; resource: string; latenciesMs: number[] }>()
  return {
    add({ verb, resource, latencyMs }) {
      // A watch has no end to wait for, and /metrics pages are no API requests.
      if (verb === 'watch' || resource.startsWith('/')) return
      const key = `${verb} ${resource}`
      const entry = samples.get(key) ?? { verb, resource, latenciesMs: [] }
      entry.latenciesMs.push(latencyMs)
      samples.set(key, entry)
    },
    summary: () =>
      [...samples.values()].map(({ verb, resource, latenciesMs }) => ({
        verb,
        resource,
        source: 'client',
        latencyMs: distributionOf(latenciesMs),
      })),
  }
}

/**
 * How long the apiserver took for everybody's requests between two scrapes, by verb and resource; watches left out. Nothing where not every
 * apiserver was read both times.
 */
export function readApiserverLatencies(
  before: readonly ComponentMetrics[],
  after: readonly ComponentMetrics[],
): ApiLatency[] {
  const buckets = increasesOf(pairs(before, after, 'kube-apiserver'), 'apiserver_request_duration_seconds_bucket')
  return [...observedBy(buckets ?? [], requestKey)].flatMap(([key, latencyMs]): ApiLatency[] => {
    const [verb = '', resource = ''] = key.split(' ')
    return latencyMs.count === 0 ? [] : [{ verb, resource, source: 'apiserver', latencyMs }]
  })
}

function requestKey({ verb, resource, subresource }: MetricSample['labels']): string | undefined {
  if (verb === 'WATCH' || verb === 'CONNECT' || !resource) return undefined
  return `${verb} ${resource}${subresource ? `/${subresource}` : ''}`
}
