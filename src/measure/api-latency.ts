import type { ApiLatency } from '../result/parts.ts'
import { distributionOf } from './distribution.ts'
import { observedBy } from './histogram.ts'
import type { MetricSample } from './metrics.ts'
import { increasesOf, pairs } from './pairs.ts'
import type { OwnRequests, Pages } from './window.ts'

/** How long the orchestrator's own requests took. */
export function readOwnLatencies(requests: readonly OwnRequests[]): ApiLatency[] {
  return requests.map(({ verb, resource, latenciesMs }) => ({
    verb,
    resource,
    source: 'client',
    latencyMs: distributionOf(latenciesMs),
  }))
}

/**
 * How long the apiserver took for everybody's requests between two scrapes, by verb and resource; watches left out. Nothing where not every
 * apiserver was read both times.
 */
export function readApiserverLatencies(pages: Pages): ApiLatency[] {
  const buckets = increasesOf(pairs(pages, 'kube-apiserver'), 'apiserver_request_duration_seconds_bucket')
  return [...observedBy(buckets ?? [], requestKey)].flatMap(([key, latencyMs]): ApiLatency[] => {
    const [verb = '', resource = ''] = key.split(' ')
    return latencyMs.count === 0 ? [] : [{ verb, resource, source: 'apiserver', latencyMs }]
  })
}

function requestKey({ verb, resource, subresource }: MetricSample['labels']): string | undefined {
  if (verb === 'WATCH' || verb === 'CONNECT' || !resource) return undefined
  return `${verb} ${resource}${subresource ? `/${subresource}` : ''}`
}
