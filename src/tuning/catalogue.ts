import type { Component, Knob, KnobValue, ReadBack } from './knob.ts'

type Values = Pick<Knob, 'stock'> & { untuned?: KnobValue; tuned?: KnobValue; note?: string }

const kubeletField = (source: string, field: string, values: Values): Knob => ({
  id: `kubelet.${field}`,
  component: 'kubelet',
  setting: { via: 'kubelet-config', field },
  readBack: { from: '/configz', path: field },
  source,
  ...values,
})

const kubeProxyField = (source: string, field: string, values: Values): Knob => ({
  id: `kubeProxy.${field}`,
  component: 'kube-proxy',
  setting: { via: 'kube-proxy-config', field },
  readBack: { from: '/configz', path: field },
  source,
  ...values,
})

const flag = (
  component: Component,
  prefix: string,
  source: string,
  name: string,
  readBack: ReadBack,
  values: Values,
): Knob => ({
  id: `${prefix}.${camelCase(name)}`,
  component,
  setting: { via: 'flag', flag: name },
  readBack,
  source,
  ...values,
})

const controllerManagerFlag = (name: string, configzPath: string, values: Values): Knob =>
  flag('kube-controller-manager', 'controllerManager', 'R6', name, { from: '/configz', path: configzPath }, values)

const apiserverFlag = (name: string, values: Values): Knob =>
  flag('kube-apiserver', 'apiserver', 'R6', name, { from: '/flagz' }, values)

const etcdFlag = (name: string, values: Values, readBack: ReadBack = { from: 'process arguments' }): Knob =>
  flag('etcd', 'etcd', 'R7', name, readBack, values)

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

const noEffectBeforeMax = 'pod-eviction-timeout left Kubernetes in 1.27; this is its replacement'
const oneMember = 'matters between members only: no effect on a cluster of one member'

/** Every setting of requirements R4 to R7, in the document's order. */
export const catalogue: readonly Knob[] = [
  kubeProxyField('R4', 'mode', {
    stock: 'iptables',
    untuned: 'ipvs',
    tuned: 'ipvs',
    note: 'kube-proxy 1.36 calls ipvs deprecated and recommends nftables',
  }),
  kubeProxyField('R4', 'ipvs.minSyncPeriod', { stock: '0s', untuned: '1s', tuned: '0s' }),
  kubeProxyField('R4', 'ipvs.syncPeriod', { stock: '30s', untuned: '5s', tuned: '30s' }),
  kubeProxyField('R4', 'ipvs.scheduler', { stock: 'rr', untuned: 'rr', tuned: 'lc' }),
  kubeProxyField('R4', 'conntrack.maxPerCore', {
    stock: 32768,
    tuned: 144420,
    note: '2310720 / 16 cores; kube-proxy 1.36 cuts maxPerCore x cores off at 1048576',
  }),
  kubeProxyField('R4', 'conntrack.min', {
    stock: 131072,
    tuned: 2310720,
    note: 'counts only where maxPerCore x cores is at most 1048576',
  }),
  {
    id: 'kubeProxy.cleanup',
    component: 'kube-proxy',
    setting: { via: 'by-hand', what: 'kube-proxy --cleanup' },
    stock: null,
    readBack: { from: 'nowhere' },
    source: 'R4',
    note: 'one-shot: removes old rules and exits; run it once when the mode changes',
  },
  {
    id: 'host.nf_conntrack_max',
    component: 'host',
    setting: { via: 'sysctl', key: 'net.netfilter.nf_conntrack_max' },
    stock: null,
    tuned: 2310720,
    readBack: { from: '/proc' },
    source: 'R4',
    note: 'kube-proxy sets it again when it starts: conntrack.min and maxPerCore must agree',
  },

  kubeletField('R5', 'maxPods', { stock: 110, tuned: 500 }),
  kubeletField('R5', 'nodeStatusUpdateFrequency', {
    stock: '10s',
    tuned: '3s',
    note: 'setting it also sets nodeStatusReportFrequency, 5 min otherwise: every node then rewrites its status this often',
  }),
  kubeletField('R5', 'kubeAPIQPS', { stock: 50, untuned: 5, tuned: 50, note: '5 was the built-in value before 1.27' }),
  kubeletField('R5', 'kubeAPIBurst', {
    stock: 100,
    untuned: 10,
    tuned: 100,
    note: '10 was the built-in value before 1.27',
  }),
  kubeletField('R5', 'eventRecordQPS', {
    stock: 50,
    untuned: 5,
    tuned: 100,
    note: '5 was the built-in value before 1.27',
  }),
  kubeletField('R5', 'eventBurst', {
    stock: 100,
    untuned: 10,
    tuned: 100,
    note: '10 was the built-in value before 1.27',
  }),

  controllerManagerFlag('node-monitor-period', 'KubeCloudShared.NodeMonitorPeriod', {
    stock: '5s',
    untuned: '5s',
    tuned: '2s',
  }),
  controllerManagerFlag('node-monitor-grace-period', 'NodeLifecycleController.NodeMonitorGracePeriod', {
    stock: '50s',
    untuned: '40s',
    tuned: '20s',
    note: '40 s was the built-in value before 1.32',
  }),
  apiserverFlag('default-not-ready-toleration-seconds', { stock: 300, tuned: 30, note: noEffectBeforeMax }),
  apiserverFlag('default-unreachable-toleration-seconds', { stock: 300, tuned: 30, note: noEffectBeforeMax }),
  controllerManagerFlag('concurrent-deployment-syncs', 'DeploymentController.ConcurrentDeploymentSyncs', {
    stock: 5,
    tuned: 50,
  }),
  controllerManagerFlag('concurrent-endpoint-syncs', 'EndpointController.ConcurrentEndpointSyncs', {
    stock: 5,
    tuned: 50,
  }),
  controllerManagerFlag('concurrent-job-syncs', 'JobController.ConcurrentJobSyncs', { stock: 5, tuned: 50 }),
  controllerManagerFlag('concurrent-replicaset-syncs', 'ReplicaSetController.ConcurrentRSSyncs', {
    stock: 5,
    tuned: 50,
  }),
  controllerManagerFlag('concurrent-namespace-syncs', 'NamespaceController.ConcurrentNamespaceSyncs', {
    stock: 10,
    tuned: 100,
  }),
  controllerManagerFlag('concurrent-service-syncs', 'ServiceController.ConcurrentServiceSyncs', {
    stock: 1,
    tuned: 100,
    note: 'the controller behind it needs a cloud provider; accepted without one, and without effect',
  }),
  controllerManagerFlag('kube-api-qps', 'Generic.ClientConnection.qps', { stock: 20, untuned: 20, tuned: 500 }),
  controllerManagerFlag('kube-api-burst', 'Generic.ClientConnection.burst', { stock: 30, untuned: 30, tuned: 100 }),

  etcdFlag('heartbeat-interval', {
    stock: 100,
    tuned: 250,
    note: `should equal the round trip between members; ${oneMember}`,
  }),
  etcdFlag('election-timeout', {
    stock: 1000,
    tuned: 1250,
    note: `not in the document: etcd refuses to start unless it is at least 5 x heartbeat-interval; ${oneMember}`,
  }),
  etcdFlag('snapshot-count', { stock: 10000, untuned: 10000, tuned: 5000 }),
  etcdFlag(
    'quota-backend-bytes',
    { stock: 2147483648, tuned: 8589934592 },
    { from: '/metrics', metric: 'etcd_server_quota_backend_bytes' },
  ),
  etcdFlag('auto-compaction-mode', { stock: 'periodic', tuned: 'revision' }),
  etcdFlag('auto-compaction-retention', { stock: '0', tuned: '1000' }),
  {
    id: 'etcd.splitByResource',
    component: 'etcd',
    setting: { via: 'etcd-split' },
    stock: '',
    tuned: '/pods,coordination.k8s.io/leases,/events',
    readBack: { from: '/flagz' },
    source: 'R7',
    note: 'one etcd each for the resources named (group/resource) and one for everything else',
  },
  {
    id: 'etcd.nice',
    component: 'etcd',
    setting: { via: 'process', attribute: 'nice' },
    stock: 0,
    tuned: -20,
    readBack: { from: '/proc' },
    source: 'R7: renice -n -20',
  },
  {
    id: 'etcd.ioPriority',
    component: 'etcd',
    setting: { via: 'process', attribute: 'io-priority' },
    stock: 'none: prio 0',
    tuned: 'best-effort: prio 0',
    readBack: { from: '/proc' },
    source: 'R7: ionice -c2 -n0',
    note: 'written as `ionice -p` prints it; no effect where the disk has no I/O scheduler',
  },
  {
    id: 'etcd.walDisk',
    component: 'etcd',
    setting: { via: 'by-hand', what: '--wal-dir on a disk of its own' },
    stock: null,
    readBack: { from: 'nowhere' },
    source: 'R7',
    note: 'about 20 % better in the document',
  },
]

const byId = new Map(catalogue.map((knob) => [knob.id, knob]))

/** The knob with this id, such as `kubelet.kubeAPIQPS`. */
export function knobById(id: string): Knob | undefined {
  return byId.get(id)
}
