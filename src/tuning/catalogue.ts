import { formatBytes } from '../base/quantity.ts'
import { meaningOfBurst, meaningOfQps } from './client-limit.ts'
import type { Component, Knob, KnobValue, ReadBack } from './knob.ts'
import type { KnobType } from './value.ts'
import { largestInt32 } from './value.ts'

type Values = Pick<Knob, 'type' | 'stock' | 'meaningOf' | 'note'>

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

const controllerManagerFlag = (name: string, configzPath: string, values: Values): Knob =>
  flag('kube-controller-manager', 'controllerManager', name, { from: '/configz', path: configzPath }, values)

/**
 * cmd/kube-scheduler/app/options/deprecated.go: 1.36 calls both deprecated and honours them as long as there is no --config. A 0 reaches
 * client-go as it is, where in a file it would be the built-in value.
 */
const schedulerFlag = (name: string, configzPath: string, values: Values): Knob =>
  flag('kube-scheduler', 'scheduler', name, { from: '/configz', path: configzPath }, values)

/** None of them starts with less than one worker; each worker is a goroutine from the start. */
const workers = (stock: number) => ({ type: whole(1, 10_000), stock })

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
    note: 'kube-proxy 1.36 calls ipvs deprecated and recommends nftables',
  }),
  kubeProxyField('ipvs.minSyncPeriod', { type: duration(0), stock: '0s' }),
  kubeProxyField('ipvs.syncPeriod', { type: duration(100), stock: '30s' }),
  kubeProxyField('ipvs.scheduler', { type: word(...ipvsSchedulers), stock: 'rr' }),
  kubeProxyField('conntrack.maxPerCore', {
    type: whole(0),
    stock: 32768,
    note: '2310720 / 16 cores; kube-proxy 1.36 cuts maxPerCore x cores off at 1048576',
  }),
  kubeProxyField('conntrack.min', {
    type: whole(0),
    stock: 131072,
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
    readBack: { from: '/proc' },
    note: 'kube-proxy sets it again when it starts: conntrack.min and maxPerCore must agree',
  },

  kubeletField('maxPods', { type: whole(1), stock: 110 }),
  kubeletField('nodeStatusUpdateFrequency', {
    type: duration(100),
    stock: '10s',
    note: 'setting it also sets nodeStatusReportFrequency, 5 min otherwise: every node then rewrites its status this often',
  }),
  kubeletField('kubeAPIQPS', {
    type: whole(0),
    meaningOf: meaningOfQps,
    stock: 50,
    note: '5 was the built-in value before 1.27',
  }),
  kubeletField('kubeAPIBurst', {
    type: whole(1),
    stock: 100,
    note: '10 was the built-in value before 1.27',
  }),
  kubeletField('eventRecordQPS', {
    type: whole(0),
    meaningOf: meaningOfQps,
    stock: 50,
    note: '5 was the built-in value before 1.27',
  }),
  kubeletField('eventBurst', {
    type: whole(1),
    stock: 100,
    note: '10 was the built-in value before 1.27',
  }),

  {
    ...controllerManagerFlag('node-monitor-period', 'NodeLifecycleController.NodeMonitorPeriod', {
      type: duration(100),
      stock: '5s',
    }),
    // It moved with 1.37.
    readBack: {
      from: '/configz',
      path: 'NodeLifecycleController.NodeMonitorPeriod',
      formerly: 'KubeCloudShared.NodeMonitorPeriod',
    },
  },
  controllerManagerFlag('node-monitor-grace-period', 'NodeLifecycleController.NodeMonitorGracePeriod', {
    type: duration(1000),
    stock: '50s',
    note: '40 s was the built-in value before 1.32',
  }),
  apiserverFlag('default-not-ready-toleration-seconds', {
    type: tolerationSeconds,
    stock: 300,
    note: noEffectBeforeMax,
  }),
  apiserverFlag('default-unreachable-toleration-seconds', {
    type: tolerationSeconds,
    stock: 300,
    note: noEffectBeforeMax,
  }),
  controllerManagerFlag('concurrent-deployment-syncs', 'DeploymentController.ConcurrentDeploymentSyncs', workers(5)),
  controllerManagerFlag('concurrent-endpoint-syncs', 'EndpointController.ConcurrentEndpointSyncs', workers(5)),
  controllerManagerFlag('concurrent-job-syncs', 'JobController.ConcurrentJobSyncs', workers(5)),
  controllerManagerFlag('concurrent-replicaset-syncs', 'ReplicaSetController.ConcurrentRSSyncs', workers(5)),
  controllerManagerFlag('concurrent-namespace-syncs', 'NamespaceController.ConcurrentNamespaceSyncs', workers(10)),
  controllerManagerFlag('concurrent-service-syncs', 'ServiceController.ConcurrentServiceSyncs', {
    ...workers(1),
    note: 'the controller behind it needs a cloud provider; accepted without one, and without effect',
  }),
  controllerManagerFlag('kube-api-qps', 'Generic.ClientConnection.qps', {
    type: { kind: 'float' },
    meaningOf: meaningOfQps,
    stock: 20,
  }),
  controllerManagerFlag('kube-api-burst', 'Generic.ClientConnection.burst', {
    type: whole(0),
    meaningOf: meaningOfBurst,
    stock: 30,
  }),

  schedulerFlag('kube-api-qps', 'clientConnection.qps', {
    type: { kind: 'float' },
    meaningOf: meaningOfQps,
    stock: 50,
    note: 'not in the document, which leaves it as it is: binding a pod is one request, so it is the most pods per second in the long run',
  }),
  schedulerFlag('kube-api-burst', 'clientConnection.burst', {
    type: whole(0),
    meaningOf: meaningOfBurst,
    stock: 100,
    note: 'not in the document',
  }),

  etcdFlag('heartbeat-interval', {
    type: whole(1, 10_000),
    stock: 100,
    note: `should equal the round trip between members; ${oneMember}`,
  }),
  etcdFlag('election-timeout', {
    type: whole(5, 50_000),
    stock: 1000,
    note: `not in the document: etcd refuses to start unless it is at least 5 x heartbeat-interval; ${oneMember}`,
  }),
  etcdFlag('snapshot-count', { type: whole(1, Number.MAX_SAFE_INTEGER), stock: 10000 }),
  etcdFlag(
    'quota-backend-bytes',
    { type: { kind: 'bytes' }, meaningOf: inBytes, stock: 2147483648 },
    { from: '/metrics', metric: 'etcd_server_quota_backend_bytes' },
  ),
  etcdFlag('auto-compaction-mode', { type: word('periodic', 'revision'), stock: 'periodic' }),
  etcdFlag('auto-compaction-retention', { type: { kind: 'retention' }, stock: '0' }),
  {
    id: 'etcd.splitByResource',
    component: 'etcd',
    setting: { via: 'etcd-split' },
    type: { kind: 'resources' },
    stock: '',
    readBack: { from: '/flagz' },
    note: 'one etcd each for the resources named (group/resource) and one for everything else',
  },
  {
    id: 'etcd.nice',
    component: 'etcd',
    setting: { via: 'process', attribute: 'nice' },
    type: whole(-20, 19),
    stock: 0,
    readBack: { from: '/proc' },
  },
  {
    id: 'etcd.ioPriority',
    component: 'etcd',
    setting: { via: 'process', attribute: 'io-priority' },
    type: { ...word(...ioPriorities), what: 'an I/O priority as `ionice -p` prints it, such as best-effort: prio 0' },
    stock: 'none: prio 0',
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
