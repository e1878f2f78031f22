import type { ComponentMetrics, ComponentName, MetricSample, Wanted } from '../../measure/metrics.ts'
import { namesToRead, processStart } from '../../measure/metrics.ts'
import type { Model } from '../../model/cluster.ts'
import type { EtcdUse } from '../../model/etcd/etcd.ts'
import type { Costs } from '../../model/machine/costs.ts'

export interface ScrapeOptions {
  wanted: Wanted
  model: Model
  costs: Costs
  /** When the control plane's processes started. */
  startedMs: number
}

/** What the components' /metrics pages would say, of the metrics that a run reads. */
export function scrapeModel(options: ScrapeOptions): ComponentMetrics[] {
  const { wanted, model, costs, startedMs } = options
  const { server, etcd, controllerLimiter, schedulerLimiter } = model
  const { kubelets = [], proxies } = model.fleet() ?? {}
  const [probeKubelet] = kubelets
  const names = namesToRead(wanted)
  const isWanted = (component: ComponentName) => wanted.components?.includes(component) ?? true
  const page = (component: ComponentName, instance: string, samples: MetricSample[], processMs = startedMs) => ({
    component,
    instance,
    samples: [{ name: processStart, labels: {}, value: processMs / 1000 }, ...samples].filter(
      ({ name }) => names?.has(name) ?? true,
    ),
  })
  const pages = [
    ...etcd.instances().map((use) => page('etcd', use.instance, samplesOf(use, costs))),
    page('kube-apiserver', 'kube-apiserver', [...server.metrics.samples(), ...server.flowSamples()]),
    page('kube-controller-manager', 'kube-controller-manager', controllerLimiter.samples()),
    page('kube-scheduler', 'kube-scheduler', schedulerLimiter.samples()),
    ...(probeKubelet === undefined
      ? []
      : [page('kubelet', probeKubelet.name, probeKubelet.limiter.samples(), probeKubelet.startedMs)]),
    ...(isWanted('kube-proxy') ? (proxies?.pages() ?? []) : []).map((proxy) =>
      page('kube-proxy', proxy.name, proxy.samples, proxy.startedMs),
    ),
  ]
  return pages.filter(({ component }) => isWanted(component))
}

/** Upper bounds in seconds of etcd's histograms (etcd server/storage/wal/metrics.go). */
const bounds = Array.from({ length: 14 }, (_, index) => 0.001 * 2 ** index)

function samplesOf({ fileBytes, inUseBytes, quotaBytes, fsyncs }: EtcdUse, costs: Costs): MetricSample[] {
  const gauge = (name: string, value: number): MetricSample => ({ name, labels: {}, value })
  return [
    gauge('etcd_mvcc_db_total_size_in_bytes', Math.round(fileBytes)),
    gauge('etcd_mvcc_db_total_size_in_use_in_bytes', Math.round(inUseBytes)),
    gauge('etcd_server_quota_backend_bytes', quotaBytes),
    ...histogram('etcd_disk_wal_fsync_duration_seconds', fsyncs, costs.fsyncMs),
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
