import { describe, expect, it } from 'vitest'
import { componentSeries, readComponentSeries, recordedMetrics } from './component-series.ts'
import type { ComponentMetrics, ComponentName } from './metrics.ts'
import { parsePrometheusText } from './prometheus.ts'

function page(component: ComponentName, text: string, { instance = component as string, started = 1 } = {}) {
  return { component, instance, samples: parsePrometheusText(`process_start_time_seconds ${started}\n${text}\n`) }
}

/** The series of ten seconds, by name. */
function read(before: ComponentMetrics[], after: ComponentMetrics[]) {
  const figures = readComponentSeries({ before, after, startMs: 0, endMs: 10_000 })
  return (wanted: string) => figures.filter(({ name }) => name === wanted)
}

const total = (verb: string, resource: string, count: number, code = '200') =>
  `apiserver_request_total{verb="${verb}",resource="${resource}",subresource="",code="${code}"} ${count}`
const binding = (count: number) =>
  `apiserver_request_total{verb="POST",resource="pods",subresource="binding",code="201"} ${count}`
const apiserver = (...lines: string[]) => page('kube-apiserver', lines.join('\n'))

describe('readComponentSeries', () => {
  it('should add up what differs in other labels only, leave out watches, and tell rates by second', () => {
    const series = read(
      [apiserver(total('POST', 'pods', 100), total('WATCH', 'pods', 5), binding(10))],
      [apiserver(total('POST', 'pods', 120), total('POST', 'pods', 3, '409'), total('WATCH', 'pods', 9), binding(40))],
    )
    expect(series('apiserver_requests_total')).toMatchObject([
      { labels: { verb: 'POST', resource: 'pods' }, value: 23, unit: 'count', gaps: [] },
      { labels: { verb: 'POST', resource: 'pods', subresource: 'binding' }, value: 30 },
    ])
    expect(series('apiserver_requests_per_second')).toMatchObject([{ labels: { verb: 'POST' }, value: 5.3 }])
    expect(series('pods_bound_per_second')).toMatchObject([{ labels: {}, value: 3 }])
  })

  it('should say 0 for what did not happen, and nothing of kinds of requests that nobody made', () => {
    const idle = [apiserver(total('POST', 'pods', 100))]
    const series = read(idle, idle)
    expect(series('apiserver_requests_total')).toEqual([])
    expect(series('pods_bound_per_second')).toMatchObject([{ value: 0, gaps: [] }])
  })

  it('should tell histograms and counters in seconds in milliseconds', () => {
    const waits = (seconds: number) => `rest_client_rate_limiter_duration_seconds_sum{verb="POST"} ${seconds}`
    const proxy = (count: number) =>
      ['1', '+Inf'].map((le) => `kubeproxy_network_programming_duration_seconds_bucket{le="${le}"} ${count}`).join('\n')
    const series = read(
      [page('kubelet', waits(1)), page('kube-proxy', proxy(1))],
      [page('kubelet', waits(3.5)), page('kube-proxy', proxy(5))],
    )
    expect(series('kubelet_limiter_wait_ms')).toMatchObject([{ labels: { verb: 'POST' }, value: 2500, unit: 'ms' }])
    expect(series('network_programming_latency_ms')).toMatchObject([{ distribution: { count: 4, p50: 500 } }])
  })

  it('should have a gap and no figure where a process was started again, of that etcd only', () => {
    const size = (bytes: number) =>
      `etcd_mvcc_db_total_size_in_bytes ${bytes}\netcd_mvcc_db_total_size_in_use_in_bytes 1`
    const series = read(
      [page('etcd', size(10)), page('etcd', size(20), { instance: 'etcd-pods' })],
      [page('etcd', size(15)), page('etcd', size(5), { instance: 'etcd-pods', started: 2 })],
    )
    expect(series('etcd_size_bytes')).toMatchObject([
      { labels: { instance: 'etcd' }, value: 15, gaps: [] },
      { labels: { instance: 'etcd-pods' }, value: null, gaps: [expect.stringContaining('two processes')] },
    ])
  })

  it('should have no sum over apiservers of which one was not read', () => {
    const second = (changes: object) => ({ ...apiserver(total('POST', 'pods', 1)), instance: 'b', ...changes })
    const series = read(
      [apiserver(total('POST', 'pods', 1)), second({})],
      [apiserver(total('POST', 'pods', 5)), second({ samples: [], unread: 'connection refused' })],
    )
    for (const name of ['apiserver_requests_total', 'apiserver_requests_per_second', 'apiserver_request_latency_ms'])
      expect(series(name)).toMatchObject([
        { labels: {}, value: null, gaps: [expect.stringContaining('connection refused')] },
      ])
  })

  it('should let the kube-proxies that were read stand for the others, and name those', () => {
    const syncs = (count: number) => `kubeproxy_sync_proxy_rules_duration_seconds_count ${count}`
    const series = read(
      [page('kube-proxy', syncs(1), { instance: 'a' }), page('kube-proxy', syncs(1), { instance: 'b' })],
      [page('kube-proxy', syncs(4), { instance: 'a' })],
    )
    expect(series('kube_proxy_syncs_total')).toMatchObject([{ value: 3, gaps: ['kube-proxy b: not there afterwards'] }])
  })

  it('should say nothing of components that have no page', () => {
    expect(readComponentSeries({ before: [], after: [], startMs: 0, endMs: 1 })).toEqual([])
  })
})

describe('componentSeries', () => {
  it('should be read from the pages, row by row', () => {
    for (const { metric } of componentSeries)
      expect([...recordedMetrics].some((name) => name === metric || name === `${metric}_bucket`)).toBe(true)
  })
})
