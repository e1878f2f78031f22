import type { Plan } from '../../plan/plan.ts'
import type { KubeProxySection } from '../../tune/hosts/section.ts'
import { kubeProxySection } from '../../tune/hosts/section.ts'
import type { PlannedWork } from '../target.ts'
import type { Reach } from './reach.ts'

/** What a run has to be allowed to do, and what for. */
export type Permission = {
  verbs: readonly string[]
  because: string
  /** What grants it beside the manifest of the cluster's role. */
  manifest?: 'rbac-kube-proxy.yaml'
} & (
  | {
      /** API group; empty for the core one. */
      group: string
      /** With its subresource, if any: `deployments/scale`. */
      resource: string
      /** Everywhere when absent. */
      namespace?: string
      /** Any when absent. */
      names?: readonly string[]
    }
  | { path: string }
)

/** On the cluster under test, whatever its nodes are. */
const onEveryTarget: readonly Permission[] = [
  {
    group: '',
    resource: 'namespaces',
    verbs: ['get', 'list', 'watch', 'create', 'delete'],
    because:
      'the UID of kube-system identifies the cluster; the workload and the probes live in namespaces of their own',
  },
  {
    group: '',
    resource: 'nodes',
    verbs: ['list', 'watch'],
    because: 'the run waits until nodes are Ready, and counts those that do not stay Ready',
  },
  {
    group: '',
    resource: 'nodes/proxy',
    verbs: ['get'],
    because: "the probe node's kubelet is read through the apiserver: /configz and /metrics",
  },
  {
    group: '',
    resource: 'pods',
    verbs: ['list', 'watch'],
    because: 'pods are timed by their watch events; the Deployments’ controllers create them',
  },
  {
    group: 'apps',
    resource: 'deployments',
    verbs: ['get', 'list', 'watch', 'create', 'delete'],
    because: 'the workload and what the probes scale; objects are deleted one by one if etcd is out of space',
  },
  { group: 'apps', resource: 'deployments/scale', verbs: ['patch'], because: 'a probe scales its Deployment' },
  {
    group: 'apps',
    resource: 'replicasets',
    verbs: ['list', 'watch'],
    because: 'the ReplicaSet shows when a scale-down is over',
  },
  {
    group: '',
    resource: 'services',
    verbs: ['get', 'list', 'create', 'delete'],
    because: 'part of the workload',
  },
  {
    group: '',
    resource: 'configmaps',
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
    because: 'part of the workload; one of them is written and watched once a second, to measure how far watches lag',
  },
  { group: '', resource: 'secrets', verbs: ['get', 'list', 'create', 'delete'], because: 'part of the workload' },
  {
    group: '',
    resource: 'serviceaccounts',
    verbs: ['get', 'list', 'watch', 'create', 'delete'],
    because: 'part of the workload; pods are admitted only once their namespace has its default service account',
  },
  {
    group: 'coordination.k8s.io',
    resource: 'leases',
    namespace: 'kube-system',
    verbs: ['create'],
    because: 'creating cannot be limited to a name: the Lease is called scale-test',
  },
  {
    group: 'coordination.k8s.io',
    resource: 'leases',
    namespace: 'kube-system',
    names: ['scale-test'],
    verbs: ['get', 'patch', 'delete'],
    because: 'two runs at the same time would distort each other’s figures',
  },
  {
    group: 'discovery.k8s.io',
    resource: 'endpointslices',
    namespace: 'default',
    names: ['kubernetes'],
    verbs: ['get'],
    because: 'how many apiservers there are: each has its own metrics, and must be listed if several share an address',
  },
  { path: '/metrics', verbs: ['get'], because: 'what the apiserver counted before and after a probe' },
  { path: '/flagz', verbs: ['get'], because: 'the flags that the apiserver runs with' },
  {
    path: '/configz',
    verbs: ['get'],
    because: 'the settings of the controller-manager and the scheduler, if they ask the apiserver who may read them',
  },
  { path: '/readyz', verbs: ['get'], because: 'whether the apiserver is back after a program has re-tuned it' },
]

/** On the cluster under test, for ballast of events. */
const forEvents: readonly Permission[] = [
  {
    group: '',
    resource: 'events',
    verbs: ['get', 'list', 'create', 'delete'],
    because: 'ballast can be made of events (workload.ballast.kind)',
  },
]

/** On the cluster under test, for hollow nodes that the run starts. */
const forHollowNodes: readonly Permission[] = [
  {
    group: '',
    resource: 'nodes',
    verbs: ['delete'],
    because: 'hollow nodes register themselves, and only the run removes their Node objects',
  },
  {
    group: 'coordination.k8s.io',
    resource: 'leases',
    namespace: 'kube-node-lease',
    verbs: ['list', 'delete'],
    because: 'each node has a Lease there, which is deleted with it',
  },
]

/** On the cluster under test, for hollow nodes with certificates that the target signs. */
const forCertificates: readonly Permission[] = [
  {
    group: 'certificates.k8s.io',
    resource: 'certificatesigningrequests',
    verbs: ['get', 'list', 'watch', 'create', 'delete'],
    because: 'each hollow node has a certificate of its own, requested by the run',
  },
  {
    group: 'certificates.k8s.io',
    resource: 'certificatesigningrequests/approval',
    verbs: ['patch'],
    because: 'the run approves its own requests',
  },
  {
    group: 'certificates.k8s.io',
    resource: 'signers',
    names: ['kubernetes.io/kube-apiserver-client-kubelet'],
    verbs: ['approve'],
    because: 'approving is allowed per signer: this one signs the certificates of kubelets',
  },
]

/** On the cluster under test, for a hollow proxy beside each hollow kubelet. */
const forProxies: readonly Permission[] = [
  {
    group: 'certificates.k8s.io',
    resource: 'signers',
    names: ['kubernetes.io/kube-apiserver-client'],
    verbs: ['approve'],
    because: 'hollow proxies (fleet.pods.proxy) are not kubelets: another signer signs their certificate',
  },
]

/** On the cluster whose machines carry the hollow nodes. */
const onHost: readonly Permission[] = [
  {
    group: '',
    resource: 'namespaces',
    verbs: ['get', 'list', 'watch', 'create', 'delete'],
    because:
      'the UID of kube-system identifies the cluster; the hollow nodes live in a namespace of their own, and deleting it deletes everything in it',
  },
  {
    group: '',
    resource: 'nodes',
    verbs: ['list'],
    because: 'the run checks that the machines have room before it creates anything',
  },
  {
    group: '',
    resource: 'pods',
    verbs: ['list', 'watch'],
    because: 'what already runs on the machines, and why a hollow-node pod does not start',
  },
  { group: '', resource: 'events', verbs: ['list'], because: 'why a hollow-node pod is not created' },
  {
    group: '',
    resource: 'serviceaccounts',
    verbs: ['get', 'create'],
    because: 'for the hollow-node pods, without permissions',
  },
  {
    group: '',
    resource: 'configmaps',
    verbs: ['get', 'create'],
    because: 'the kubelet configuration of the arm',
  },
  {
    group: '',
    resource: 'secrets',
    verbs: ['get', 'create'],
    because: 'certificates of the hollow nodes',
  },
  {
    group: 'apps',
    resource: 'statefulsets',
    verbs: ['get', 'create'],
    because: 'the hollow-node pods',
  },
  {
    group: 'apps',
    resource: 'statefulsets/scale',
    verbs: ['patch'],
    because: 'pods are started a few at a time',
  },
]

/** What the checklist can use on any cluster; a run needs none of it, and without any of these its lines say that they cannot see. */
const forChecklist: readonly Permission[] = [
  {
    group: '',
    resource: 'nodes',
    verbs: ['list'],
    because: 'how many control-plane nodes there are, where, and the versions of all kubelets',
  },
  {
    group: '',
    resource: 'pods',
    verbs: ['list'],
    because: 'the flags, priority and resources of the control plane’s pods; which pods are labelled as monitoring',
  },
  {
    group: 'apps',
    resource: 'daemonsets',
    namespace: 'kube-system',
    names: ['kube-proxy'],
    verbs: ['get'],
    because: 'the version of kube-proxy',
  },
  {
    group: 'batch',
    resource: 'cronjobs',
    verbs: ['list'],
    because: 'which of them back up etcd, and when each last succeeded',
  },
  { group: 'velero.io', resource: 'schedules', verbs: ['list'], because: 'backups by Velero, where it is installed' },
  {
    group: 'rbac.authorization.k8s.io',
    resource: 'clusterroles',
    verbs: ['list'],
    because: 'which roles allow everything',
  },
  {
    group: 'rbac.authorization.k8s.io',
    resource: 'clusterrolebindings',
    verbs: ['list'],
    because: 'to whom they are bound',
  },
  {
    group: 'discovery.k8s.io',
    resource: 'endpointslices',
    namespace: 'default',
    names: ['kubernetes'],
    verbs: ['get'],
    because: 'how many apiservers there are, if their machines are not nodes',
  },
  { path: '/metrics', verbs: ['get'], because: 'whether key indicators can be read' },
  { path: '/flagz', verbs: ['get'], because: 'flags of the components that do not run in pods' },
]

/** On the cluster under test, where the run changes the settings of kube-proxy. */
function forKubeProxy({ namespace, configMap, daemonSet }: KubeProxySection): Permission[] {
  const granted = { verbs: ['get', 'patch'], manifest: 'rbac-kube-proxy.yaml' } as const
  return [
    {
      group: '',
      resource: 'configmaps',
      namespace,
      names: [configMap],
      ...granted,
      because: 'the configuration of kube-proxy',
    },
    {
      group: 'apps',
      resource: 'daemonsets',
      namespace,
      names: [daemonSet],
      ...granted,
      because: 'a rollout restarts kube-proxy with it',
    },
  ]
}

/** All that any plan, or the checklist, can use on a cluster in this role: what the RBAC manifests grant. */
export function allPermissions(role: 'host' | 'target' | 'checklist' | 'kube-proxy'): Permission[] {
  if (role === 'kube-proxy') return forKubeProxy(kubeProxySection().parse({}))
  if (role === 'checklist') return [...forChecklist]
  return role === 'host'
    ? [...onHost]
    : [...onEveryTarget, ...forEvents, ...forHollowNodes, ...forCertificates, ...forProxies]
}

/** What this plan needs on a cluster. */
export function permissionsOf(
  { role, path }: Pick<Reach, 'role' | 'path'>,
  { fleet: { source, pods }, remote }: Plan,
  { createsEvents }: Pick<PlannedWork, 'createsEvents'>,
): Permission[] {
  if (role === 'host') return [...onHost]
  const areRequested = source === 'hollow' && pods.identity === 'csr'
  const kubeProxy = remote?.targets.find((_, index) => path === `remote.targets[${index}]`)?.kubeProxy
  return [
    ...onEveryTarget,
    ...(kubeProxy === undefined || remote?.tuneHosts === undefined ? [] : forKubeProxy(kubeProxy)),
    ...(createsEvents ? forEvents : []),
    ...(source === 'hollow' ? forHollowNodes : []),
    ...(areRequested ? forCertificates : []),
    ...(areRequested && pods.proxy ? forProxies : []),
  ]
}
