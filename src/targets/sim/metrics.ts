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
  const { server, etcd, controllerLimiter, schedulerLimiter, workQueues, scheduler } = model
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
  const pagesOf: Record<ComponentName, () => ComponentMetrics[]> = {
    etcd: () => etcd.instances().map((use) => page('etcd', use.instance, samplesOf(use, costs))),
    'kube-apiserver': () => [
      page('kube-apiserver', 'kube-apiserver', [...server.metrics.samples(), ...server.flowSamples()]),
    ],
    'kube-controller-manager': () => [
      page('kube-controller-manager', 'kube-controller-manager', [
        ...controllerLimiter.samples(),
        ...queueSamples(workQueues),
      ]),
    ],
    'kube-scheduler': () => [
      page('kube-scheduler', 'kube-scheduler', [...schedulerLimiter.samples(), ...pendingSamples(scheduler)]),
    ],
    kubelet: () =>
      probeKubelet === undefined
        ? []
        : [page('kubelet', probeKubelet.name, probeKubelet.limiter.samples(), probeKubelet.startedMs)],
    'kube-proxy': () =>
      (proxies?.pages() ?? []).map((proxy) => page('kube-proxy', proxy.name, proxy.samples, proxy.startedMs)),
  }
  return Object.entries(pagesOf).flatMap(([component, read]) => (isWanted(component as ComponentName) ? read() : []))
}

function queueSamples(queues: Model['workQueues']): MetricSample[] {
  return [...queues].flatMap(([name, queue]) => {
    const { depth, adds, retries } = queue.counts()
    return [
      { name: 'workqueue_depth', labels: { name }, value: depth },
      { name: 'workqueue_adds_total', labels: { name }, value: adds },
      { name: 'workqueue_retries_total', labels: { name }, value: retries },
    ]
  })
}

function pendingSamples(scheduler: Model['scheduler']): MetricSample[] {
  return Object.entries(scheduler.pendingPods()).map(([queue, value]) => ({
    name: 'scheduler_pending_pods',
    labels: { queue },
    value,
  }))
}

/** Upper bounds in seconds of etcd's histograms (etcd server/storage/wal/metrics.go). */
const bounds = Array.from({ length: 14 }, (_, index) => 0.001 * 2 ** index)

function samplesOf({ fileBytes, inUseBytes, quotaBytes, full, fsyncs }: EtcdUse, costs: Costs): MetricSample[] {
  const gauge = (name: string, value: number): MetricSample => ({ name, labels: {}, value })
  return [
    gauge('etcd_mvcc_db_total_size_in_bytes', Math.round(fileBytes)),
    gauge('etcd_mvcc_db_total_size_in_use_in_bytes', Math.round(inUseBytes)),
    gauge('etcd_server_quota_backend_bytes', quotaBytes),
    // A single member is its own leader from the start, and loses no proposal.
    gauge('etcd_server_leader_changes_seen_total', 1),
    gauge('etcd_server_proposals_failed_total', 0),
    ...(full ? [{ name: 'etcd_debugging_server_alarms', labels: { alarm_type: 'NOSPACE' }, value: 1 }] : []),
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
