import { sumOf } from '../base/sum.ts'
import type { NetworkProgramming } from '../result/parts.ts'
import { observed } from './histogram.ts'
import type { MetricSample } from './metrics.ts'
import type { Pair } from './pairs.ts'
import { pairs } from './pairs.ts'
import type { Pages } from './window.ts'

const latencyMetric = 'kubeproxy_network_programming_duration_seconds'
const syncMetric = 'kubeproxy_sync_proxy_rules_duration_seconds'
const changesMetric = 'kubeproxy_sync_proxy_rules'

/**
 * How changes of Services and their endpoints reached the data plane between two scrapes, from the pages of all kube-proxies that were read
 * both times and that sync at all: kubemark's hollow proxy watches, but programs nothing (pkg/proxy/kubemark/hollow_proxy.go). Undefined when
 * there was none.
 */
export function readNetworkProgramming(pages: Pages): NetworkProgramming | undefined {
  const proxies = pairs(pages, 'kube-proxy').pairs.flatMap((pair) => programmedBy(pair) ?? [])
  if (proxies.length === 0) return undefined
  const total = (count: (proxy: ProxyCounts) => number) => sumOf(proxies.map(count))
  const all = (buckets: (proxy: ProxyCounts) => readonly MetricSample[]) => observed(proxies.flatMap(buckets))
  return {
    proxies: proxies.length,
    latencyMs: all(({ latencies }) => latencies),
    syncs: total(({ syncs }) => syncs),
    // A simulation says how many there were, and not how long they took.
    syncMs: proxies.some(({ syncDurations }) => syncDurations.length > 0)
      ? all(({ syncDurations }) => syncDurations)
      : null,
    serviceChanges: total(({ serviceChanges }) => serviceChanges),
    endpointChanges: total(({ endpointChanges }) => endpointChanges),
    endpointChangesPending: total(({ endpointChangesPending }) => endpointChangesPending),
  }
}

interface ProxyCounts {
  latencies: readonly MetricSample[]
  syncDurations: readonly MetricSample[]
  syncs: number
  serviceChanges: number
  endpointChanges: number
  endpointChangesPending: number
}

/** What one proxy did; undefined for one that never synced, or whose counts were not all read. */
function programmedBy({ after, increases }: Pair): ProxyCounts | undefined {
  const onPage = (metric: string) => after.filter(({ name }) => name === metric)
  if (totalOf(onPage(`${syncMetric}_count`)) === 0) return undefined
  // Before anything has been timed there are no buckets.
  const timed = (metric: string) => increases.get(metric) ?? (onPage(metric).length === 0 ? [] : undefined)
  const [latencies, syncDurations] = [timed(`${latencyMetric}_bucket`), timed(`${syncMetric}_bucket`)]
  const syncs = increases.get(`${syncMetric}_count`)
  const services = increases.get(`${changesMetric}_service_changes_total`)
  const endpoints = increases.get(`${changesMetric}_endpoint_changes_total`)
  const pending = onPage(`${changesMetric}_endpoint_changes_pending`)
  if (latencies === undefined || syncDurations === undefined || pending.length === 0) return undefined
  if (syncs === undefined || services === undefined || endpoints === undefined) return undefined
  return {
    latencies,
    syncDurations,
    syncs: totalOf(syncs),
    serviceChanges: totalOf(services),
    endpointChanges: totalOf(endpoints),
    endpointChangesPending: totalOf(pending),
  }
}

/** Over all address families. */
function totalOf(samples: readonly MetricSample[]): number {
  return sumOf(samples.map(({ value }) => value))
}
