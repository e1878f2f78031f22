import { sumOf } from '../base/sum.ts'
import { describeNotRead } from '../result/parts.ts'
import type { Figure, Series } from '../result/series.ts'
import { observed } from './histogram.ts'
import type { ComponentName, MetricSample } from './metrics.ts'
import { measuredMetrics, seriesKeyOf } from './metrics.ts'
import type { Pairs } from './pairs.ts'
import { pairs } from './pairs.ts'
import type { Pages } from './window.ts'

/** A series that is read from the components' pages of metrics. */
export interface ComponentSeries {
  name: string
  /** What it is, in a phrase. */
  what: string
  /** Why target sim has none; absent where it has. */
  notSimulated?: string
  component: ComponentName
  /** The metric on the page; of a histogram without `_bucket`. */
  metric: string
  /**
   * counter: by how much it grew. rate: the same by second. seconds: a counter in seconds, told in milliseconds. gauge: what it was at the end.
   * histogram: one in seconds, told in milliseconds.
   */
  kind: 'counter' | 'rate' | 'seconds' | 'gauge' | 'histogram'
  unit: Series['unit']
  /** Labels that make separate series; samples that differ only in others are added up. */
  by: readonly string[]
  /** Whether some instances stand for all: of kube-proxies a few are read anyway. */
  isSample?: true
  /** Whether it is also read by windows of five minutes. */
  hasWindows?: true
  /** Whether a page that counts none of it says that there was none: its counters are made when they are first used. */
  isZeroWithoutAny?: true
  /** Samples that count; all when absent. */
  only?: (labels: MetricSample['labels']) => boolean
}

/** Requests that end: a watch has no latency, and is counted when it ends; what has no resource is no request for objects. */
const isRequest = ({ verb, resource }: MetricSample['labels']) =>
  verb !== 'WATCH' && verb !== 'CONNECT' && resource !== undefined && resource !== ''
/** What service levels leave out: custom resources, and what other servers answer (sig-scalability/slos/api_call_latency.md). */
const isOfKubernetes = (labels: MetricSample['labels']) =>
  isRequest(labels) && (labels['group'] === undefined || /^([^.]*|.*\.k8s\.io)$/.test(labels['group']))
const isBinding = ({ verb, resource, subresource }: MetricSample['labels']) =>
  verb === 'POST' && resource === 'pods' && subresource === 'binding'

/**
 * What etcd refuses. Its answer to too many requests has no gRPC status of its own, so it is counted as Unknown, and not as
 * ResourceExhausted, as NOSPACE is (server/etcdserver/api/v3rpc/util.go has rpctypes.ErrTooManyRequests in its map, which is no status;
 * seen on etcd 3.7.3). Other errors of the key-value service have a code each.
 */
export const isRefusedByEtcd = ({ grpc_code: code, grpc_service: service }: MetricSample['labels']): boolean =>
  service === 'etcdserverpb.KV' && (code === 'Unknown' || code === 'ResourceExhausted')

/** One row a series: docs/series.md says what they mean. */
export const componentSeries: readonly ComponentSeries[] = [
  {
    name: 'apiserver_request_latency_ms',
    what: 'how long requests from all clients took, excluding watches',
    component: 'kube-apiserver',
    metric: 'apiserver_request_duration_seconds',
    kind: 'histogram',
    unit: 'ms',
    by: ['verb', 'resource', 'subresource'],
    only: isRequest,
  },
  {
    name: 'apiserver_sli_latency_ms',
    what: 'the same without webhooks and without waiting for a seat, as service levels are measured; scope is resource, namespace or cluster',
    component: 'kube-apiserver',
    metric: 'apiserver_request_sli_duration_seconds',
    kind: 'histogram',
    unit: 'ms',
    by: ['verb', 'resource', 'subresource', 'scope'],
    only: isOfKubernetes,
    hasWindows: true,
  },
  {
    name: 'apiserver_rejected_requests_total',
    what: 'requests refused with 429, too many requests',
    component: 'kube-apiserver',
    metric: 'apiserver_request_total',
    kind: 'counter',
    unit: 'count',
    by: ['verb', 'resource', 'subresource'],
    only: (labels) => isRequest(labels) && labels['code'] === '429',
    isZeroWithoutAny: true,
  },
  {
    name: 'apf_rejected_requests_total',
    what: 'requests that API Priority and Fairness refused',
    component: 'kube-apiserver',
    metric: 'apiserver_flowcontrol_rejected_requests_total',
    kind: 'counter',
    unit: 'count',
    by: ['priority_level', 'reason'],
    isZeroWithoutAny: true,
  },
  {
    name: 'apf_wait_ms',
    what: 'how long requests of a priority level waited for a seat',
    component: 'kube-apiserver',
    metric: 'apiserver_flowcontrol_request_wait_duration_seconds',
    kind: 'histogram',
    unit: 'ms',
    by: ['priority_level'],
  },
  {
    name: 'apf_seats',
    what: 'seats of a priority level that were taken at the end',
    component: 'kube-apiserver',
    metric: 'apiserver_flowcontrol_current_executing_seats',
    kind: 'gauge',
    unit: 'count',
    by: ['priority_level'],
  },
  {
    name: 'apf_seats_limit',
    what: 'seats that belong to a priority level',
    component: 'kube-apiserver',
    metric: 'apiserver_flowcontrol_nominal_limit_seats',
    kind: 'gauge',
    unit: 'count',
    by: ['priority_level'],
  },
  {
    name: 'apf_queued_requests',
    what: 'requests waiting for a seat of a priority level at the end',
    component: 'kube-apiserver',
    metric: 'apiserver_flowcontrol_current_inqueue_requests',
    kind: 'gauge',
    unit: 'count',
    by: ['priority_level'],
    isZeroWithoutAny: true,
  },
  {
    name: 'apiserver_inflight_requests',
    what: 'requests in flight at the end, watches left out',
    component: 'kube-apiserver',
    metric: 'apiserver_current_inflight_requests',
    notSimulated: 'the model counts seats, not requests',
    kind: 'gauge',
    unit: 'count',
    by: ['request_kind'],
    isZeroWithoutAny: true,
  },
  {
    name: 'apiserver_etcd_errors_total',
    what: "the API server's requests to etcd that failed",
    component: 'kube-apiserver',
    metric: 'etcd_request_errors_total',
    notSimulated: 'requests to etcd do not fail in the model, except at the quota',
    kind: 'counter',
    unit: 'count',
    by: ['operation'],
    isZeroWithoutAny: true,
  },
  {
    name: 'apiserver_requests_total',
    what: 'requests answered',
    component: 'kube-apiserver',
    metric: 'apiserver_request_total',
    kind: 'counter',
    unit: 'count',
    by: ['verb', 'resource', 'subresource'],
    only: isRequest,
  },
  {
    name: 'apiserver_requests_per_second',
    what: 'requests answered per second, on average',
    component: 'kube-apiserver',
    metric: 'apiserver_request_total',
    kind: 'rate',
    unit: 'per second',
    by: ['verb'],
    only: isRequest,
  },
  {
    name: 'pods_bound_per_second',
    what: 'pods bound to nodes, mean',
    component: 'kube-apiserver',
    metric: 'apiserver_request_total',
    kind: 'rate',
    unit: 'per second',
    by: [],
    only: isBinding,
  },
  {
    name: 'scheduler_attempts_total',
    what: 'attempts to schedule a pod',
    component: 'kube-scheduler',
    metric: 'scheduler_schedule_attempts_total',
    notSimulated: 'the model counts no attempts that fail',
    kind: 'counter',
    unit: 'count',
    by: ['result'],
  },
  {
    name: 'scheduler_attempt_ms',
    what: 'how long attempts to schedule a pod took, binding included',
    component: 'kube-scheduler',
    metric: 'scheduler_scheduling_attempt_duration_seconds',
    notSimulated: 'the model does not time attempts',
    kind: 'histogram',
    unit: 'ms',
    by: ['result'],
  },
  {
    name: 'scheduler_algorithm_ms',
    what: 'how long it took to choose a node',
    component: 'kube-scheduler',
    metric: 'scheduler_scheduling_algorithm_duration_seconds',
    notSimulated: 'the model does not time attempts',
    kind: 'histogram',
    unit: 'ms',
    by: [],
  },
  {
    name: 'scheduler_pending_pods',
    what: 'pods in a queue of the scheduler at the end: active, backoff, unschedulable, gated',
    component: 'kube-scheduler',
    metric: 'scheduler_pending_pods',
    kind: 'gauge',
    unit: 'count',
    by: ['queue'],
    isZeroWithoutAny: true,
  },
  {
    name: 'workqueue_depth',
    what: "keys waiting in a controller's queue at the end",
    component: 'kube-controller-manager',
    metric: 'workqueue_depth',
    kind: 'gauge',
    unit: 'count',
    by: ['name'],
    isZeroWithoutAny: true,
  },
  {
    name: 'workqueue_adds_total',
    what: "keys added to a controller's queue",
    component: 'kube-controller-manager',
    metric: 'workqueue_adds_total',
    kind: 'counter',
    unit: 'count',
    by: ['name'],
    isZeroWithoutAny: true,
  },
  {
    name: 'workqueue_retries_total',
    what: "keys put back into a controller's queue for later",
    component: 'kube-controller-manager',
    metric: 'workqueue_retries_total',
    kind: 'counter',
    unit: 'count',
    by: ['name'],
    isZeroWithoutAny: true,
  },
  {
    name: 'workqueue_wait_ms',
    what: "how long keys waited in a controller's queue",
    component: 'kube-controller-manager',
    metric: 'workqueue_queue_duration_seconds',
    notSimulated: 'the model does not time its queues',
    kind: 'histogram',
    unit: 'ms',
    by: ['name'],
  },
  {
    name: 'workqueue_work_ms',
    what: 'how long a controller worked on a key',
    component: 'kube-controller-manager',
    metric: 'workqueue_work_duration_seconds',
    notSimulated: 'the model does not time its queues',
    kind: 'histogram',
    unit: 'ms',
    by: ['name'],
  },
  {
    name: 'kubelet_pleg_relist_ms',
    what: 'how long the kubelet took to check all its containers',
    component: 'kubelet',
    metric: 'kubelet_pleg_relist_duration_seconds',
    notSimulated: "the model's kubelets have no container runtime",
    kind: 'histogram',
    unit: 'ms',
    by: [],
  },
  {
    name: 'kubelet_pod_worker_ms',
    what: 'how long the kubelet took to sync a pod',
    component: 'kubelet',
    metric: 'kubelet_pod_worker_duration_seconds',
    notSimulated: 'the model does not time syncs of pods',
    kind: 'histogram',
    unit: 'ms',
    by: ['operation_type'],
  },
  {
    name: 'kubelet_pod_start_ms',
    what: 'from when a pod was created until the kubelet saw it running, image pulls left out',
    component: 'kubelet',
    metric: 'kubelet_pod_start_sli_duration_seconds',
    notSimulated: 'pod_startup_ms says it there',
    kind: 'histogram',
    unit: 'ms',
    by: [],
  },
  ...limiterSeries('kubelet', 'kubelet', "the probe node's kubelet"),
  ...limiterSeries('controller_manager', 'kube-controller-manager', 'the controller-manager'),
  ...limiterSeries('scheduler', 'kube-scheduler', 'the scheduler: POST is bindings and events'),
  {
    name: 'etcd_commit_ms',
    what: 'commits to the database file',
    component: 'etcd',
    metric: 'etcd_disk_backend_commit_duration_seconds',
    notSimulated: 'the model does not write its database file',
    kind: 'histogram',
    unit: 'ms',
    by: ['instance'],
  },
  {
    name: 'etcd_fsync_ms',
    what: 'syncs of the write-ahead log',
    component: 'etcd',
    metric: 'etcd_disk_wal_fsync_duration_seconds',
    kind: 'histogram',
    unit: 'ms',
    by: ['instance'],
  },
  {
    name: 'etcd_peer_round_trip_ms',
    what: "round trips between members, as smoothed by each member's prober",
    component: 'etcd',
    metric: 'etcd_network_peer_round_trip_time_seconds',
    notSimulated: 'simulated etcds have one member',
    kind: 'histogram',
    unit: 'ms',
    by: ['instance'],
  },
  {
    name: 'etcd_size_bytes',
    what: 'size of the database file at the end',
    component: 'etcd',
    metric: 'etcd_mvcc_db_total_size_in_bytes',
    kind: 'gauge',
    unit: 'bytes',
    by: ['instance'],
  },
  {
    name: 'etcd_in_use_bytes',
    what: 'how much of it is in use',
    component: 'etcd',
    metric: 'etcd_mvcc_db_total_size_in_use_in_bytes',
    kind: 'gauge',
    unit: 'bytes',
    by: ['instance'],
  },
  {
    name: 'etcd_quota_bytes',
    what: 'its quota: the size at which it refuses writes',
    component: 'etcd',
    metric: 'etcd_server_quota_backend_bytes',
    kind: 'gauge',
    unit: 'bytes',
    by: ['instance'],
  },
  {
    name: 'etcd_slow_applies_total',
    what: 'requests that took more than 100 ms to apply',
    component: 'etcd',
    metric: 'etcd_server_slow_apply_total',
    notSimulated: 'applying takes no time of its own in the model',
    kind: 'counter',
    unit: 'count',
    by: ['instance'],
    isZeroWithoutAny: true,
  },
  {
    name: 'etcd_proposals_pending',
    what: 'writes waiting to be agreed on at the end',
    component: 'etcd',
    metric: 'etcd_server_proposals_pending',
    notSimulated: 'the model reckons when a write will be on disk, and keeps no queue',
    kind: 'gauge',
    unit: 'count',
    by: ['instance'],
  },
  {
    name: 'etcd_proposals_failed_total',
    what: 'writes that were not agreed on',
    component: 'etcd',
    metric: 'etcd_server_proposals_failed_total',
    kind: 'counter',
    unit: 'count',
    by: ['instance'],
    isZeroWithoutAny: true,
  },
  {
    name: 'etcd_leader_changes_total',
    what: 'elections of another leader',
    component: 'etcd',
    metric: 'etcd_server_leader_changes_seen_total',
    kind: 'counter',
    unit: 'count',
    by: ['instance'],
    isZeroWithoutAny: true,
  },
  {
    name: 'etcd_refused_requests_total',
    what: 'requests refused because too many were waiting (too many requests) or the quota was reached (NOSPACE)',
    component: 'etcd',
    metric: 'grpc_server_handled_total',
    notSimulated: 'the API server refuses them in the model',
    kind: 'counter',
    unit: 'count',
    by: ['instance'],
    only: isRefusedByEtcd,
    isZeroWithoutAny: true,
  },
  {
    name: 'network_programming_latency_ms',
    what: "from a change of a Service's endpoints until it is in a node's data plane; only the kube-proxies that the run can read",
    component: 'kube-proxy',
    metric: 'kubeproxy_network_programming_duration_seconds',
    kind: 'histogram',
    unit: 'ms',
    by: [],
    isSample: true,
  },
  {
    name: 'kube_proxy_sync_ms',
    what: 'how long a kube-proxy sync took',
    component: 'kube-proxy',
    metric: 'kubeproxy_sync_proxy_rules_duration_seconds',
    notSimulated: 'a sync takes no time in the model',
    kind: 'histogram',
    unit: 'ms',
    by: [],
    isSample: true,
  },
  {
    name: 'kube_proxy_syncs_total',
    what: 'syncs',
    component: 'kube-proxy',
    metric: 'kubeproxy_sync_proxy_rules_duration_seconds_count',
    kind: 'counter',
    unit: 'count',
    by: [],
    isSample: true,
  },
]

/** What a component's requests to the apiserver waited for its own client limits. */
function limiterSeries(prefix: string, component: ComponentName, whose: string): ComponentSeries[] {
  const metric = 'rest_client_rate_limiter_duration_seconds'
  return [
    {
      name: `${prefix}_limiter_requests_total`,
      what: `requests that passed the client limits of ${whose}`,
      component,
      metric: `${metric}_count`,
      kind: 'counter',
      unit: 'count',
      by: ['verb'],
    },
    {
      name: `${prefix}_limiter_wait_ms`,
      what: 'how long these requests waited for the client limit, in total',
      component,
      metric: `${metric}_sum`,
      kind: 'seconds',
      unit: 'ms',
      by: ['verb'],
    },
  ]
}

/** The metrics that a recording reads of the pages. */
export const recordedMetrics: ReadonlySet<string> = new Set([...measuredMetrics, ...componentSeries.map(onPage)])

/** What a page calls it. */
export function onPage({ metric, kind }: ComponentSeries): string {
  return kind === 'histogram' ? `${metric}_bucket` : metric
}

/**
 * All series of the table, or of these rows of it, of the components that have a page. Where a process was not read at both ends, or is another one at the end, its
 * figures and all sums over its component are null, with the reason.
 */
export function readComponentSeries(
  pages: Pages & { startMs: number; endMs: number },
  rows = componentSeries,
): Figure[] {
  const components = new Set([...pages.before, ...pages.after].map(({ component }) => component))
  const read = new Map([...components].map((component) => [component, pairs(pages, component)]))
  const seconds = (pages.endMs - pages.startMs) / 1000
  return rows.flatMap((row) => {
    const found = read.get(row.component)
    if (found === undefined) return []
    return groupsOf(row, found).flatMap(({ labels, ...group }) =>
      readGroup(row, group, seconds).map((figure) => ({ ...figure, labels: { ...figure.labels, ...labels } })),
    )
  })
}

/** What a row adds up: every instance by itself, or all of them together. */
function groupsOf({ by }: ComponentSeries, read: Pairs): (Pairs & { labels: Record<string, string> })[] {
  if (!by.includes('instance')) return [{ ...read, labels: {} }]
  const instances = new Set([...read.pairs, ...read.notRead].map(({ instance }) => instance))
  return [...instances].map((instance) => ({
    pairs: read.pairs.filter((pair) => pair.instance === instance),
    notRead: read.notRead.filter((lack) => lack.instance === instance),
    labels: { instance },
  }))
}

function readGroup(row: ComponentSeries, { pairs: read, notRead }: Pairs, seconds: number): Figure[] {
  const metric = onPage(row)
  const { name, unit, kind, only = () => true } = row
  const gaps = notRead.filter(({ part }) => part === undefined || part === metric).map(describeNotRead)
  const found = read.flatMap(({ after, increases }) =>
    kind === 'gauge' ? after.filter((sample) => sample.name === metric) : (increases.get(metric) ?? []),
  )
  const isKnown = gaps.length === 0 || (row.isSample === true && found.length > 0)
  if (!isKnown) return [{ name, labels: {}, unit, value: null, gaps }]
  const samples = found.filter(({ labels }) => only(labels))
  const isNone = row.isZeroWithoutAny === true && read.length > 0 && samples.every(({ value }) => value === 0)
  if (isNone) return [{ name, labels: {}, unit, value: 0, gaps }]
  // Nothing of the kind has happened, on pages that count it.
  if (samples.length === 0 && found.length > 0 && row.by.length === 0 && kind !== 'histogram')
    return [{ name, labels: {}, unit, value: 0, gaps }]
  const labelled = Map.groupBy(samples, ({ labels }) => seriesKeyOf(labelsOf(row, labels)))
  return [...labelled.values()].flatMap((those): Figure[] => {
    const labels = labelsOf(row, (those[0] as MetricSample).labels)
    if (kind === 'histogram') {
      const distribution = observed(those)
      return distribution.count === 0 ? [] : [{ name, labels, unit, distribution, gaps }]
    }
    const value = figureOf(kind, sumOf(those.map((sample) => sample.value)), seconds)
    // Of the hundreds of kinds of requests that a page counts, those that were made.
    const isIdle =
      value === 0 && row.by.length > 0 && (kind === 'counter' || kind === 'rate' || row.isZeroWithoutAny === true)
    return isIdle ? [] : [{ name, labels, unit, value, gaps }]
  })
}

/** Those that the row tells apart; an empty one, such as no subresource, is left out. */
function labelsOf({ by }: ComponentSeries, labels: MetricSample['labels']): Record<string, string> {
  return Object.fromEntries(by.flatMap((name) => (labels[name] ? [[name, labels[name]]] : [])))
}

function figureOf(kind: ComponentSeries['kind'], total: number, seconds: number): number | null {
  if (kind === 'seconds') return 1000 * total
  if (kind === 'rate') return seconds <= 0 ? null : total / seconds
  return total
}
