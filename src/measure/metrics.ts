/** One line of Prometheus text. */
export interface MetricSample {
  name: string
  labels: Readonly<Record<string, string>>
  value: number
}

/** What one process said on `/metrics`. */
export interface ComponentMetrics {
  component: 'kubelet' | 'kube-proxy' | 'kube-controller-manager' | 'kube-scheduler' | 'kube-apiserver' | 'etcd'
  /** Node name of a kubelet or kube-proxy; the component's name otherwise. */
  instance: string
  samples: readonly MetricSample[]
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
