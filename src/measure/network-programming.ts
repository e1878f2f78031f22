import { sumOf } from '../base/sum.ts'
import type { NetworkProgramming } from '../result/result.ts'
import type { Histogram } from './histogram.ts'
import { histogramsOf, observedBetween } from './histogram.ts'
import type { ComponentMetrics, MetricSample } from './metrics.ts'

const latencyMetric = 'kubeproxy_network_programming_duration_seconds'
const syncMetric = 'kubeproxy_sync_proxy_rules_duration_seconds'
const changesMetric = 'kubeproxy_sync_proxy_rules'

/**
 * How changes of Services and their endpoints reached the data plane between two scrapes, from the pages of all kube-proxies that were read
 * and that sync at all: kubemark's hollow proxy watches, but programs nothing (pkg/proxy/kubemark/hollow_proxy.go). Undefined when there was none.
 */
export function readNetworkProgramming(
  before: readonly ComponentMetrics[],
  after: readonly ComponentMetrics[],
): NetworkProgramming | undefined {
  const proxies = after.filter(isKubeProxy).filter(({ samples }) => sumOfMetric(samples, `${syncMetric}_count`) > 0)
  if (proxies.length === 0) return undefined
  const pairs = proxies.map(({ instance, samples }) => ({ start: startOf(instance, samples, before), end: samples }))
  const counted = (metric: string) =>
    sumOf(pairs.map(({ start, end }) => sumOfMetric(end, metric) - sumOfMetric(start, metric)))
  const observed = (metric: string) => {
    const added = (samples: readonly MetricSample[]): Histogram =>
      histogramsOf(samples, metric, () => 'all').get('all') ?? new Map()
    return observedBetween(added(pairs.flatMap(({ start }) => start)), added(pairs.flatMap(({ end }) => end)))
  }
  const tellsHowLong = pairs.some(({ end }) => end.some(({ name }) => name === `${syncMetric}_bucket`))
  return {
    proxies: proxies.length,
    latencyMs: observed(latencyMetric),
    syncs: counted(`${syncMetric}_count`),
    syncMs: tellsHowLong ? observed(syncMetric) : null,
    serviceChanges: counted(`${changesMetric}_service_changes_total`),
    endpointChanges: counted(`${changesMetric}_endpoint_changes_total`),
    endpointChangesPending: sumOf(
      pairs.map(({ end }) => sumOfMetric(end, `${changesMetric}_endpoint_changes_pending`)),
    ),
  }
}

function isKubeProxy({ component }: ComponentMetrics): boolean {
  return component === 'kube-proxy'
}

/** What a proxy had counted before; nothing for one that has started, or started again, since. */
function startOf(
  instance: string,
  end: readonly MetricSample[],
  before: readonly ComponentMetrics[],
): readonly MetricSample[] {
  const start = before.find((one) => isKubeProxy(one) && one.instance === instance)?.samples ?? []
  const syncs = `${syncMetric}_count`
  return sumOfMetric(start, syncs) > sumOfMetric(end, syncs) ? [] : start
}

/** Over all address families. */
function sumOfMetric(samples: readonly MetricSample[], metric: string): number {
  return sumOf(samples.filter(({ name }) => name === metric).map(({ value }) => value))
}
