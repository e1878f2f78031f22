import { describe, expect, it } from 'vitest'
import { createRequestMetrics } from './request-metrics.ts'

describe('the metrics of requests', () => {
  it('should count by verb, resource, subresource and code', () => {
    const metrics = createRequestMetrics()
    metrics.note('PATCH', 'pods/status', 200, 1)
    metrics.note('PATCH', 'pods/status', 200, 1)
    metrics.note('PATCH', 'pods/status', 409, 1)
    metrics.note('PATCH', 'pods', 200, 1)
    const counts = metrics.samples().filter(({ name }) => name === 'apiserver_request_total')
    expect(
      counts.map(({ labels: { resource, subresource, code }, value }) => [resource, subresource, code, value]),
    ).toEqual([
      ['pods', 'status', '200', 2],
      ['pods', 'status', '409', 1],
      ['pods', '', '200', 1],
    ])
  })

  it('should tell durations as a histogram whose buckets hold all that is shorter (metrics.go)', () => {
    const metrics = createRequestMetrics()
    for (const durationMs of [5, 6, 60_000, 61_000]) metrics.note('GET', 'pods', 200, durationMs)
    const buckets = metrics.samples().filter(({ name }) => name === 'apiserver_request_duration_seconds_bucket')
    const below = new Map(buckets.map(({ labels, value }) => [labels['le'], value]))
    expect([below.get('0.005'), below.get('0.025'), below.get('45'), below.get('60'), below.get('+Inf')]).toEqual([
      1, 2, 2, 3, 4,
    ])
  })
})
