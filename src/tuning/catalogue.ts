import { formatBytes } from '../base/quantity.ts'
import { meaningOfBurst, meaningOfQps } from './client-limit.ts'
import type { Component, Knob, KnobValue, ReadBack } from './knob.ts'
import type { KnobType } from './value.ts'
import { largestInt32 } from './value.ts'

type Values = Pick<Knob, 'type' | 'stock' | 'meaningOf'> & Partial<Pick<Knob, 'untuned' | 'tuned' | 'until' | 'note'>>

const whole = (min: number, max: number = largestInt32): KnobType => ({ kind: 'whole number', min, max })
const word = (...words: string[]) => ({ kind: 'word', words }) as const satisfies KnobType
/** Below its shortest a component would be busy with nothing else, and 0 of most of them is "not set" or a loop without end. */
const duration = (minMs: number): KnobType => ({ kind: 'duration', minMs })

const kubeletField = (field: string, values: Values): Knob => ({
  id: `kubelet.${field}`,
  component: 'kubelet',
  setting: { via: 'kubelet-config', field },
  readBack: { from: '/configz', path: field },
  ...values,
})

const kubeProxyField = (field: string, values: Values): Knob => ({
  id: `kubeProxy.${field}`,
  component: 'kube-proxy',
  setting: { via: 'kube-proxy-config', field },
  readBack: { from: '/configz', path: field },
  ...values,
})

const flag = (component: Component, prefix: string, name: string, readBack: ReadBack, values: Values): Knob => ({
  id: `${prefix}.${camelCase(name)}`,
  component,
  setting: { via: 'flag', flag: name },
  readBack,
  ...values,
})

const controllerManagerFlag = (name: string, path: string, values: Values, formerly = path): Knob =>
  flag('kube-controller-manager', 'controllerManager', name, { from: '/configz', path, formerly }, values)

/**
 * cmd/kube-scheduler/app/options/deprecated.go: 1.36 calls both deprecated and honours them as long as there is no --config. A 0 reaches
 * client-go as it is, where in a file it would be the built-in value.
 */
const schedulerFlag = (name: string, path: string, values: Values, formerly = path): Knob =>
  flag('kube-scheduler', 'scheduler', name, { from: '/configz', path, formerly }, values)

/** None of them starts with less than one worker; each worker is a goroutine from the start. */
const workers = (stock: number, tuned: number) => ({ type: whole(1, 10_000), stock, tuned })

const apiserverFlag = (name: string, values: Values): Knob =>
  flag('kube-apiserver', 'apiserver', name, { from: '/flagz' }, values)

const etcdFlag = (name: string, values: Values, readBack: ReadBack = { from: 'process arguments' }): Knob =>
  flag('etcd', 'etcd', name, readBack, values)

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

const noEffectBeforeMax = 'pod-eviction-timeout left Kubernetes in 1.27; this is its replacement'
/** Seconds become a time.Duration when pods are evicted (pkg/controller/tainteviction); less than 0 is 0. */
const tolerationSeconds = whole(0, 9_223_372_036)
const oneMember = 'matters between members only: no effect on a cluster of one member'

/** The kernel's (net/netfilter/ipvs): kube-proxy tries the one it is given when it starts. */
const ipvsSchedulers = 'rr wrr lc wlc lblc lblcr sh dh sed nq mh fo ovf twos'.split(' ')
const levels = [0, 1, 2, 3, 4, 5, 6, 7]
const ioPriorities = [
  'none: prio 0',
  ...['best-effort', 'realtime'].flatMap((name) => levels.map((level) => `${name}: prio ${level}`)),
  'idle',
]
const inBytes = (value: KnobValue) => (typeof value === 'number' ? formatBytes(value) : undefined)

/**
 * Every setting that the document tunes, in its order: kube-proxy and conntrack, kubelet, controller-manager and apiserver, etcd. Before
 * etcd the scheduler's, which it leaves alone.
 */
export const catalogue: readonly Knob[] = [
  kubeProxyField('mode', {
    type: word('iptables', 'ipvs', 'nftables'),
    stock: 'iptables',
    untuned: 'ipvs',
    tuned: 'ipvs',
    note: 'kube-proxy 1.36 calls ipvs deprecated and recommends nftables',
  }),
  kubeProxyField('ipvs.minSyncPeriod', { type: duration(0), stock: '0s', untuned: '1s', tuned: '0s' }),
  kubeProxyField('ipvs.syncPeriod', { type: duration(100), stock: '30s', untuned: '5s', tuned: '30s' }),
  kubeProxyField('ipvs.scheduler', { type: word(...ipvsSchedulers), stock: 'rr', untuned: 'rr', tuned: 'lc' }),
  kubeProxyField('conntrack.maxPerCore', {
    type: whole(0),
    stock: 32768,
    tuned: 144420,
    note: '2310720 / 16 cores; kube-proxy 1.36 cuts maxPerCore x cores off at 1048576',
  }),
  kubeProxyField('conntrack.min', {
    type: whole(0),
    stock: 131072,
    tuned: 2310720,
    note: 'counts only where maxPerCore x cores is at most 1048576',
  }),
  {
    id: 'kubeProxy.cleanup',
    component: 'kube-proxy',
    setting: { via: 'by-hand', what: 'kube-proxy --cleanup' },
    type: { kind: 'switch' },
    stock: null,
    readBack: { from: 'nowhere' },
    note: 'one-shot: removes old rules and exits; run it once when the mode changes',
  },
  {
    id: 'host.nf_conntrack_max',
    component: 'host',
    setting: { via: 'sysctl', key: 'net.netfilter.nf_conntrack_max' },
    type: whole(1),
    stock: null,
    tuned: 2310720,
    readBack: { from: '/proc' },
    note: 'kube-proxy sets it again when it starts: conntrack.min and maxPerCore must agree',
  },

  kubeletField('maxPods', { type: whole(1), stock: 110, tuned: 500 }),
  kubeletField('nodeStatusUpdateFrequency', {
    type: duration(100),
    stock: '10s',
    tuned: '3s',
    note: 'setting it also sets nodeStatusReportFrequency, 5 min otherwise: every node then rewrites its status this often',
  }),
  kubeletField('kubeAPIQPS', {
    type: whole(0),
    meaningOf: meaningOfQps,
    stock: 50,
    untuned: 5,
    tuned: 50,
    note: '5 was the built-in value before 1.27',
  }),
  kubeletField('kubeAPIBurst', {
    type: whole(1),
    stock: 100,
    untuned: 10,
    tuned: 100,
    note: '10 was the built-in value before 1.27',
  }),
  kubeletField('eventRecordQPS', {
    type: whole(0),
    meaningOf: meaningOfQps,
    stock: 50,
    untuned: 5,
    tuned: 100,
    note: '5 was the built-in value before 1.27',
  }),
  kubeletField('eventBurst', {
    type: whole(1),
    stock: 100,
    untuned: 10,
    tuned: 100,
    note: '10 was the built-in value before 1.27',
  }),

  controllerManagerFlag(
    'node-monitor-period',
    'NodeLifecycleController.NodeMonitorPeriod',
    { type: duration(100), stock: '5s', untuned: '5s', tuned: '2s' },
    'KubeCloudShared.NodeMonitorPeriod',
  ),
  controllerManagerFlag('node-monitor-grace-period', 'NodeLifecycleController.NodeMonitorGracePeriod', {
    type: duration(1000),
    stock: '50s',
    untuned: '40s',
    tuned: '20s',
    note: '40 s was the built-in value before 1.32',
  }),
  apiserverFlag('default-not-ready-toleration-seconds', {
    type: tolerationSeconds,
    stock: 300,
    tuned: 30,
    note: noEffectBeforeMax,
  }),
  apiserverFlag('default-unreachable-toleration-seconds', {
    type: tolerationSeconds,
    stock: 300,
    tuned: 30,
    note: noEffectBeforeMax,
  }),
  controllerManagerFlag(
    'concurrent-deployment-syncs',
    'DeploymentController.ConcurrentDeploymentSyncs',
    workers(5, 50),
  ),
  controllerManagerFlag('concurrent-endpoint-syncs', 'EndpointController.ConcurrentEndpointSyncs', workers(5, 50)),
  controllerManagerFlag('concurrent-job-syncs', 'JobController.ConcurrentJobSyncs', workers(5, 50)),
  controllerManagerFlag('concurrent-replicaset-syncs', 'ReplicaSetController.ConcurrentRSSyncs', workers(5, 50)),
  controllerManagerFlag('concurrent-namespace-syncs', 'NamespaceController.ConcurrentNamespaceSyncs', workers(10, 100)),
  controllerManagerFlag('concurrent-service-syncs', 'ServiceController.ConcurrentServiceSyncs', {
    ...workers(1, 100),
    until: '1.36',
    note: 'the controller behind it needs a cloud provider; accepted without one, and without effect',
  }),
  controllerManagerFlag(
    'kube-api-qps',
    'Generic.ClientConnection.qps',
    {
      type: { kind: 'float' },
      meaningOf: meaningOfQps,
      stock: 20,
      untuned: 20,
      tuned: 500,
    },
    'Generic.ClientConnection.QPS',
  ),
  controllerManagerFlag(
    'kube-api-burst',
    'Generic.ClientConnection.burst',
    {
      type: whole(0),
      meaningOf: meaningOfBurst,
      stock: 30,
      untuned: 30,
      tuned: 100,
    },
    'Generic.ClientConnection.Burst',
  ),

  schedulerFlag(
    'kube-api-qps',
    'clientConnection.qps',
    {
      type: { kind: 'float' },
      meaningOf: meaningOfQps,
      stock: 50,
      note: 'not in the document, which leaves it as it is: binding a pod is one request, so it is the most pods per second in the long run',
    },
    'ClientConnection.QPS',
  ),
  schedulerFlag(
    'kube-api-burst',
    'clientConnection.burst',
    {
      type: whole(0),
      meaningOf: meaningOfBurst,
      stock: 100,
      note: 'not in the document',
    },
    'ClientConnection.Burst',
  ),

  etcdFlag('heartbeat-interval', {
    type: whole(1, 10_000),
    stock: 100,
    tuned: 250,
    note: `should equal the round trip between members; ${oneMember}`,
  }),
  etcdFlag('election-timeout', {
    type: whole(5, 50_000),
    stock: 1000,
    tuned: 1250,
    note: `not in the document: etcd refuses to start unless it is at least 5 x heartbeat-interval; ${oneMember}`,
  }),
  etcdFlag('snapshot-count', { type: whole(1, Number.MAX_SAFE_INTEGER), stock: 10000, untuned: 10000, tuned: 5000 }),
  etcdFlag(
    'quota-backend-bytes',
    { type: { kind: 'bytes' }, meaningOf: inBytes, stock: 2147483648, tuned: 8589934592 },
    { from: '/metrics', metric: 'etcd_server_quota_backend_bytes' },
  ),
  etcdFlag('auto-compaction-mode', { type: word('periodic', 'revision'), stock: 'periodic', tuned: 'revision' }),
  etcdFlag('auto-compaction-retention', { type: { kind: 'retention' }, stock: '0', tuned: '1000' }),
  {
    id: 'etcd.splitByResource',
    component: 'etcd',
    setting: { via: 'etcd-split' },
    type: { kind: 'resources' },
    stock: '',
    tuned: '/pods,coordination.k8s.io/leases,/events',
    readBack: { from: '/flagz' },
    note: 'one etcd each for the resources named (group/resource) and one for everything else',
  },
  {
    id: 'etcd.nice',
    component: 'etcd',
    setting: { via: 'process', attribute: 'nice' },
    type: whole(-20, 19),
    stock: 0,
    tuned: -20,
    readBack: { from: '/proc' },
  },
  {
    id: 'etcd.ioPriority',
    component: 'etcd',
    setting: { via: 'process', attribute: 'io-priority' },
    type: { ...word(...ioPriorities), what: 'an I/O priority as `ionice -p` prints it, such as best-effort: prio 0' },
    stock: 'none: prio 0',
    tuned: 'best-effort: prio 0',
    readBack: { from: '/proc' },
    note: 'no effect where the disk has no I/O scheduler',
  },
  {
    id: 'etcd.walDisk',
    component: 'etcd',
    setting: { via: 'by-hand', what: '--wal-dir on a disk of its own' },
    type: { kind: 'switch' },
    stock: null,
    readBack: { from: 'nowhere' },
    note: 'about 20 % better in the document',
  },
]

const byId = new Map(catalogue.map((knob) => [knob.id, knob]))

/** The knob with this id, such as `kubelet.kubeAPIQPS`. */
export function knobById(id: string): Knob | undefined {
  return byId.get(id)
}
