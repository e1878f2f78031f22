import { ApiError } from '../kube/api.ts'
import type { ClusterApi } from '../targets/remote/reach.ts'
import { fakeCluster } from './fake-cluster.ts'

/** What a cluster's API has at each path, without `limit`; lists as their items. */
export type Recorded = Readonly<Record<string, unknown>>

/** The API of a cluster of which only that is known; anything else is not there, and what `denies` matches is refused. */
export function recordedApi(recorded: Recorded, denies?: RegExp): ClusterApi & AsyncDisposable {
  const { api } = fakeCluster()
  return {
    ...api,
    async readText(address) {
      const path = decodeURIComponent(address)
        .replace(/[?&]limit=500/, '')
        .replace(/^([^?&]*)&/, '$1?')
      if (denies?.test(path) === true) throw new ApiError(403, 'Forbidden', `get ${path}: forbidden`)
      const found = recorded[path]
      if (found === undefined) throw new ApiError(404, 'NotFound', `get ${path}: there is no such page`)
      if (typeof found === 'string') return found
      return JSON.stringify(Array.isArray(found) ? { metadata: {}, items: found } : found)
    },
  }
}

const podPath = '/api/v1/namespaces/kube-system/pods?labelSelector='
const paths = {
  controlPlane: `${podPath}tier=control-plane`,
  kops: `${podPath}k8s-app in (kube-apiserver,kube-controller-manager,kube-scheduler,etcd-manager-main)`,
  monitoring:
    '/api/v1/pods?labelSelector=app.kubernetes.io/name in (prometheus,prometheus-operator,kube-prometheus-stack,kube-state-metrics,victoria-metrics-single,vmagent,vmsingle,grafana-agent,alloy,opentelemetry-collector,datadog,metrics-server)',
  roles: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  bindings: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
} as const

const roles = [
  { metadata: { name: 'cluster-admin' }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
  { metadata: { name: 'view' }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }] },
]
const administrators = {
  metadata: { name: 'cluster-admin' },
  roleRef: { name: 'cluster-admin' },
  subjects: [{ kind: 'Group', name: 'system:masters' }],
}
const proxyAt = (version: string) => ({
  spec: {
    template: { spec: { containers: [{ name: 'kube-proxy', image: `registry.k8s.io/kube-proxy:${version}` }] } },
  },
})
const configz = (x509: object, enabled: boolean) => ({
  kubeletconfig: { authentication: { x509, anonymous: { enabled } }, authorization: { mode: 'Webhook' } },
})
const node = (name: string, version: string, labels: Record<string, string>) => ({
  metadata: { name, labels },
  status: { nodeInfo: { kubeletVersion: version } },
})
const groups = (names: readonly string[]) => ({ groups: names.map((name) => ({ name })) })

/** A static pod as a kubelet mirrors it. */
function staticPod(component: string, machine: string, image: string, command: readonly string[], cpu = '100m') {
  return {
    metadata: {
      name: `${component}-${machine}`,
      namespace: 'kube-system',
      labels: { tier: 'control-plane', component },
    },
    spec: {
      priorityClassName: 'system-node-critical',
      containers: [{ name: component, image, command, resources: { requests: { cpu } } }],
    },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  }
}

const pki = '/etc/kubernetes/pki'
const apiserverCommand = (servers: string) => [
  'kube-apiserver',
  '--advertise-address=10.0.0.1',
  '--authorization-mode=Node,RBAC',
  `--client-ca-file=${pki}/ca.crt`,
  '--enable-admission-plugins=NodeRestriction',
  `--etcd-cafile=${pki}/etcd/ca.crt`,
  `--etcd-certfile=${pki}/apiserver-etcd-client.crt`,
  `--etcd-keyfile=${pki}/apiserver-etcd-client.key`,
  `--etcd-servers=${servers}`,
  `--kubelet-client-certificate=${pki}/apiserver-kubelet-client.crt`,
  `--kubelet-client-key=${pki}/apiserver-kubelet-client.key`,
  '--secure-port=6443',
]

/** As kubeadm writes it (k8s.io/kubernetes, cmd/kubeadm/app/phases/etcd/local.go). */
const etcdCommand = (machine: string, address: string) => [
  'etcd',
  `--advertise-client-urls=https://${address}:2379`,
  `--cert-file=${pki}/etcd/server.crt`,
  '--client-cert-auth=true',
  '--data-dir=/var/lib/etcd',
  `--initial-advertise-peer-urls=https://${address}:2380`,
  `--initial-cluster=${machine}=https://${address}:2380`,
  `--listen-client-urls=https://127.0.0.1:2379,https://${address}:2379`,
  '--listen-metrics-urls=http://127.0.0.1:2381',
  `--listen-peer-urls=https://${address}:2380`,
  '--peer-client-cert-auth=true',
  '--snapshot-count=10000',
]

const machines = ['cp-1', 'cp-2', 'cp-3']
const controlPlaneOf = (version: string, servers: string) =>
  machines.flatMap((machine) => [
    staticPod(
      'kube-apiserver',
      machine,
      `registry.k8s.io/kube-apiserver:${version}`,
      apiserverCommand(servers),
      '250m',
    ),
    staticPod('kube-controller-manager', machine, `registry.k8s.io/kube-controller-manager:${version}`, [
      'kube-controller-manager',
    ]),
    staticPod('kube-scheduler', machine, `registry.k8s.io/kube-scheduler:${version}`, ['kube-scheduler']),
  ])
const nodesOf = (version: string) => [
  ...machines.map((machine, index) =>
    node(machine, version, {
      'node-role.kubernetes.io/control-plane': '',
      'topology.kubernetes.io/zone': `zone-${index % 3}`,
    }),
  ),
  node('worker-1', version, { 'topology.kubernetes.io/zone': 'zone-0' }),
]

/** Three nodes that kubeadm set up, each with an etcd. */
export const kubeadm: Recorded = {
  '/version': '{"gitVersion":"v1.37.2"}',
  '/api/v1/nodes': nodesOf('v1.37.2'),
  [paths.controlPlane]: [
    ...controlPlaneOf('v1.37.2', 'https://127.0.0.1:2379'),
    ...machines.map((machine, index) =>
      staticPod('etcd', machine, 'registry.k8s.io/etcd:3.7.0-0', etcdCommand(machine, `10.0.0.${index + 1}`)),
    ),
  ],
  [paths.kops]: [],
  [paths.monitoring]: [{ metadata: { name: 'prometheus-k8s-0', namespace: 'monitoring' } }],
  [paths.roles]: roles,
  [paths.bindings]: [
    administrators,
    {
      metadata: { name: 'kubeadm:cluster-admins' },
      roleRef: { name: 'cluster-admin' },
      subjects: [{ kind: 'Group', name: 'kubeadm:cluster-admins' }],
    },
  ],
  '/apis': groups(['apps', 'metrics.k8s.io', 'monitoring.coreos.com']),
  '/apis/metrics.k8s.io/v1beta1': '{}',
  '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy': proxyAt('v1.37.2'),
  '/apis/batch/v1/cronjobs': [
    {
      metadata: { name: 'etcd-backup', namespace: 'kube-system' },
      spec: {
        jobTemplate: {
          spec: {
            template: {
              spec: {
                containers: [
                  {
                    name: 'save',
                    image: 'registry.k8s.io/etcd:3.7.0-0',
                    command: ['sh', '-c', 'etcdctl snapshot save /backup/x.db'],
                  },
                ],
              },
            },
          },
        },
      },
      status: { lastSuccessfulTime: '2026-01-01T02:00:00Z' },
    },
  ],
  '/api/v1/nodes/cp-1/proxy/configz': configz({ clientCAFile: `${pki}/ca.crt` }, false),
}

/** Three nodes that kubespray set up; etcd runs outside of Kubernetes, under systemd. */
export const kubespray: Recorded = {
  ...kubeadm,
  '/version': '{"gitVersion":"v1.33.4"}',
  '/api/v1/nodes': [...nodesOf('v1.33.4'), node('worker-2', 'v1.29.1', {})],
  [paths.controlPlane]: controlPlaneOf('v1.33.4', 'https://10.0.0.1:2379,https://10.0.0.2:2379,https://10.0.0.3:2379'),
  '/apis/batch/v1/cronjobs': [],
  '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy': proxyAt('v1.33.4'),
}

/** An EKS cluster: its control plane is Amazon's. */
export const managed: Recorded = {
  '/version': '{"gitVersion":"v1.36.1-eks-3025e55"}',
  '/api/v1/nodes': [node('ip-10-0-1-7', 'v1.36.1-eks-3025e55', { 'eks.amazonaws.com/nodegroup': 'one' })],
  [paths.controlPlane]: [],
  [paths.kops]: [],
  [paths.monitoring]: [],
  [paths.roles]: roles,
  [paths.bindings]: [administrators],
  '/apis': groups(['apps']),
  '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy': proxyAt('v1.36.0-eksbuild.1'),
  '/apis/batch/v1/cronjobs': [],
  '/api/v1/nodes/ip-10-0-1-7/proxy/configz': configz({ clientCAFile: `${pki}/ca.crt` }, true),
}

/** The pods of a control plane with a change to each command. */
export function withCommands(recorded: Recorded, change: (command: readonly string[]) => readonly string[]): Recorded {
  type Pod = ReturnType<typeof staticPod>
  const pods = (recorded[paths.controlPlane] as Pod[]).map((pod) => ({
    ...pod,
    spec: { ...pod.spec, containers: pod.spec.containers.map((one) => ({ ...one, command: change(one.command) })) },
  }))
  return { ...recorded, [paths.controlPlane]: pods }
}

/** What bindings there are beside those of administrators. */
export function withBinding(recorded: Recorded, name: string, role: string, subject: object): Recorded {
  return {
    ...recorded,
    [paths.bindings]: [administrators, { metadata: { name }, roleRef: { name: role }, subjects: [subject] }],
  }
}
