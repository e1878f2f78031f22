import type { ComponentMetrics, MetricSample } from '../../measure/metrics.ts'
import type { Wanted } from '../target.ts'
import type { Server } from './apiserver/server.ts'
import type { Kubelet } from './kubelet/kubelet.ts'
import type { LimiterMetrics } from './model/client.ts'
import type { Costs } from './model/costs.ts'
import type { EtcdFleet, EtcdUse } from './model/etcd.ts'
import type { Processor } from './model/processor.ts'
import type { KubeProxies } from './proxy/proxies.ts'

export interface ScrapeOptions {
  wanted: Wanted
  server: Server
  etcd: EtcdFleet
  processor: Processor
  costs: Costs
  controllerLimiter: LimiterMetrics
  probeKubelet: Kubelet | undefined
  proxies: KubeProxies | undefined
}

/** What the components' /metrics pages would say, of the metrics that a run reads. */
export function scrapeModel(options: ScrapeOptions): ComponentMetrics[] {
  const { wanted, server, etcd, controllerLimiter, probeKubelet, proxies, costs } = options
  const isWanted = (component: ComponentMetrics['component']) => wanted.components?.includes(component) ?? true
  const page = (component: ComponentMetrics['component'], instance: string, samples: MetricSample[]) => ({
    component,
    instance,
    samples: wanted.names === undefined ? samples : samples.filter(({ name }) => wanted.names?.has(name)),
  })
  const pages = [
    ...etcd.instances().map((use) => page('etcd', use.instance, samplesOf(use, costs))),
    page('kube-apiserver', 'kube-apiserver', server.metrics.samples()),
    page('kube-controller-manager', 'kube-controller-manager', controllerLimiter.samples()),
    ...(probeKubelet === undefined ? [] : [page('kubelet', probeKubelet.name, probeKubelet.limiter.samples())]),
    ...(isWanted('kube-proxy') ? (proxies?.pages() ?? []) : []).map(({ name, samples }) =>
      page('kube-proxy', name, samples),
    ),
  ]
  return pages.filter(({ component }) => isWanted(component))
}

/** Upper bounds in seconds of etcd's histograms (etcd server/storage/wal/metrics.go). */
const bounds = Array.from({ length: 14 }, (_, index) => 0.001 * 2 ** index)

function samplesOf({ fileBytes, inUseBytes, fsyncs }: EtcdUse, costs: Costs): MetricSample[] {
  const gauge = (name: string, value: number): MetricSample => ({ name, labels: {}, value })
  return [
    gauge('etcd_mvcc_db_total_size_in_bytes', Math.round(fileBytes)),
    gauge('etcd_mvcc_db_total_size_in_use_in_bytes', Math.round(inUseBytes)),
    ...histogram('etcd_disk_wal_fsync_duration_seconds', fsyncs, costs.etcd.fsyncMs),
  ]
}

/** A histogram of observations that were all alike. */
function histogram(name: string, count: number, eachMs: number): MetricSample[] {
  return [...bounds, Number.POSITIVE_INFINITY].map((bound) => ({
    name: `${name}_bucket`,
    labels: { le: bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound) },
    value: eachMs / 1000 <= bound ? count : 0,
  }))
}
