/** One line of Prometheus text. */
export interface MetricSample {
  name: string
  labels: Readonly<Record<string, string>>
  value: number
}

/** Tells a series from all others of its metric, in whatever order its labels are written; all but one of them, where that is named. */
export function seriesKeyOf(labels: MetricSample['labels'], without?: string): string {
  let series = ''
  for (const name of Object.keys(labels).sort()) {
    const value = labels[name] as string
    if (name !== without) series += `${name}:${value.length}:${value}`
  }
  return series
}

/** What a page says of a metric that has one series; undefined where it is not on it. */
export function gaugeIn(samples: readonly MetricSample[], metric: string): number | undefined {
  return samples.find(({ name }) => name === metric)?.value
}

/** A component whose `/metrics` a run reads. */
export type ComponentName =
  | 'kubelet'
  | 'kube-proxy'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kube-apiserver'
  | 'etcd'

/** What one process said on `/metrics`, or why it did not. */
export interface ComponentMetrics {
  component: ComponentName
  /** Node name of a kubelet or kube-proxy; otherwise the component's name, and its address where there may be several. */
  instance: string
  /** None where the page was not read. */
  samples: readonly MetricSample[]
  /** Why the page was not read; absent where it was. */
  unread?: string
  /** When it was taken, by the clock of whoever collected it for us; absent where it was read directly. */
  takenMs?: number
  /** How many of its lines could not be read, by metric; under an empty name those whose metric cannot be told. */
  unreadableLines?: ReadonlyMap<string, number>
}

/** What to read of `/metrics`; everything when absent. */
export interface Wanted {
  components?: readonly ComponentName[]
  names?: ReadonlySet<string>
}

/** When a process started: what tells it from another one at the same address. On every page of a Go program (client_golang). */
export const processStart = 'process_start_time_seconds'

/** The metrics to read of a page, all when undefined: when a process started always is one, since no other figure can do without. */
export function namesToRead({ names }: Wanted): ReadonlySet<string> | undefined {
  return names === undefined ? undefined : new Set([...names, processStart])
}

/** The metrics that a run reads. */
export const measuredMetrics: ReadonlySet<string> = new Set([
  'rest_client_rate_limiter_duration_seconds_count',
  'rest_client_rate_limiter_duration_seconds_sum',
  'apiserver_request_total',
  'apiserver_request_duration_seconds_bucket',
  'etcd_mvcc_db_total_size_in_bytes',
  'etcd_mvcc_db_total_size_in_use_in_bytes',
  'etcd_disk_backend_commit_duration_seconds_bucket',
  'etcd_disk_wal_fsync_duration_seconds_bucket',
  'kubeproxy_network_programming_duration_seconds_bucket',
  'kubeproxy_sync_proxy_rules_duration_seconds_bucket',
  'kubeproxy_sync_proxy_rules_duration_seconds_count',
  'kubeproxy_sync_proxy_rules_endpoint_changes_total',
  'kubeproxy_sync_proxy_rules_endpoint_changes_pending',
  'kubeproxy_sync_proxy_rules_service_changes_total',
])

/** Metrics without which a page tells nothing of its component: they are there from its start. */
export const indispensable: Partial<Record<ComponentName, readonly string[]>> = {
  'kube-apiserver': ['apiserver_request_total'],
  etcd: ['etcd_mvcc_db_total_size_in_bytes', 'etcd_mvcc_db_total_size_in_use_in_bytes'],
}
