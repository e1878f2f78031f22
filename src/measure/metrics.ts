/** One line of Prometheus text. */
export interface MetricSample {
  name: string
  labels: Readonly<Record<string, string>>
  value: number
}

/** What one process said on `/metrics`. */
export interface ComponentMetrics {
  component: 'kubelet' | 'kube-controller-manager' | 'kube-scheduler' | 'kube-apiserver' | 'etcd'
  /** Node name of a kubelet; the component's name otherwise. */
  instance: string
  samples: readonly MetricSample[]
}
