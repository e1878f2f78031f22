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
  /** Samples that count; all when absent. */
  only?: (labels: MetricSample['labels']) => boolean
}

/** Requests that end: a watch has no latency, and is counted when it ends; what has no resource is no request for objects. */
const isRequest = ({ verb, resource }: MetricSample['labels']) =>
  verb !== 'WATCH' && verb !== 'CONNECT' && resource !== undefined && resource !== ''
const isBinding = ({ verb, resource, subresource }: MetricSample['labels']) =>
  verb === 'POST' && resource === 'pods' && subresource === 'binding'

/** One row a series: docs/series.md says what they mean. */
export const componentSeries: readonly ComponentSeries[] = [
  {
    name: 'apiserver_request_latency_ms',
    component: 'kube-apiserver',
    metric: 'apiserver_request_duration_seconds',
    kind: 'histogram',
    unit: 'ms',
    by: ['verb', 'resource', 'subresource'],
    only: isRequest,
  },
  {
    name: 'apiserver_requests_total',
    component: 'kube-apiserver',
    metric: 'apiserver_request_total',
    kind: 'counter',
    unit: 'count',
    by: ['verb', 'resource', 'subresource'],
    only: isRequest,
  },
  {
    name: 'apiserver_requests_per_second',
    component: 'kube-apiserver',
    metric: 'apiserver_request_total',
    kind: 'rate',
    unit: 'per second',
    by: ['verb'],
    only: isRequest,
  },
  {
    name: 'pods_bound_per_second',
    component: 'kube-apiserver',
    metric: 'apiserver_request_total',
    kind: 'rate',
    unit: 'per second',
    by: [],
    only: isBinding,
  },
  {
    name: 'scheduler_attempts_total',
    component: 'kube-scheduler',
    metric: 'scheduler_schedule_attempts_total',
    kind: 'counter',
    unit: 'count',
    by: ['result'],
  },
  ...limiterSeries('kubelet', 'kubelet'),
  ...limiterSeries('controller_manager', 'kube-controller-manager'),
  ...limiterSeries('scheduler', 'kube-scheduler'),
  {
    name: 'etcd_commit_ms',
    component: 'etcd',
    metric: 'etcd_disk_backend_commit_duration_seconds',
    kind: 'histogram',
    unit: 'ms',
    by: ['instance'],
  },
  {
    name: 'etcd_fsync_ms',
    component: 'etcd',
    metric: 'etcd_disk_wal_fsync_duration_seconds',
    kind: 'histogram',
    unit: 'ms',
    by: ['instance'],
  },
  {
    name: 'etcd_size_bytes',
    component: 'etcd',
    metric: 'etcd_mvcc_db_total_size_in_bytes',
    kind: 'gauge',
    unit: 'bytes',
    by: ['instance'],
  },
  {
    name: 'etcd_in_use_bytes',
    component: 'etcd',
    metric: 'etcd_mvcc_db_total_size_in_use_in_bytes',
    kind: 'gauge',
    unit: 'bytes',
    by: ['instance'],
  },
  {
    name: 'network_programming_latency_ms',
    component: 'kube-proxy',
    metric: 'kubeproxy_network_programming_duration_seconds',
    kind: 'histogram',
    unit: 'ms',
    by: [],
    isSample: true,
  },
  {
    name: 'kube_proxy_sync_ms',
    component: 'kube-proxy',
    metric: 'kubeproxy_sync_proxy_rules_duration_seconds',
    kind: 'histogram',
    unit: 'ms',
    by: [],
    isSample: true,
  },
  {
    name: 'kube_proxy_syncs_total',
    component: 'kube-proxy',
    metric: 'kubeproxy_sync_proxy_rules_duration_seconds_count',
    kind: 'counter',
    unit: 'count',
    by: [],
    isSample: true,
  },
]

/** What a component's requests to the apiserver waited for its own client limits. */
function limiterSeries(prefix: string, component: ComponentName): ComponentSeries[] {
  const metric = 'rest_client_rate_limiter_duration_seconds'
  return [
    {
      name: `${prefix}_limiter_requests_total`,
      component,
      metric: `${metric}_count`,
      kind: 'counter',
      unit: 'count',
      by: ['verb'],
    },
    {
      name: `${prefix}_limiter_wait_ms`,
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

function onPage({ metric, kind }: ComponentSeries): string {
  return kind === 'histogram' ? `${metric}_bucket` : metric
}

/**
 * All series of the table, of the components that have a page. Where a process was not read at both ends, or is another one at the end, its
 * figures and all sums over its component are null, with the reason.
 */
export function readComponentSeries(pages: Pages & { startMs: number; endMs: number }): Figure[] {
  const components = new Set([...pages.before, ...pages.after].map(({ component }) => component))
  const read = new Map([...components].map((component) => [component, pairs(pages, component)]))
  const seconds = (pages.endMs - pages.startMs) / 1000
  return componentSeries.flatMap((row) => {
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
    const isIdle = value === 0 && row.by.length > 0 && (kind === 'counter' || kind === 'rate')
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
