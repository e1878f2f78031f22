import type { Distribution } from '../../../result/distribution.ts'
import type { Apiservers } from '../apiservers.ts'
import type { Flags } from './flags.ts'
import type { Provider } from './providers.ts'
import type { Seen } from './seen.ts'

/** Components whose flags and versions the checklist looks at. */
export const controlPlaneComponents = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'] as const
export type ControlPlaneComponent = (typeof controlPlaneComponents)[number]

export interface NodeFact {
  name: string
  isControlPlane: boolean
  /** `topology.kubernetes.io/zone` */
  zone: string | undefined
  /** `v1.37.2` */
  kubelet: string | undefined
}

/** A pod in kube-system that runs a component of the control plane. */
export interface ControlPlanePod {
  component: ControlPlaneComponent
  name: string
  isReady: boolean
  /** Of its image's tag. */
  version: string | undefined
  flags: Flags
  priorityClass: string | undefined
  /** Names of what its container requests, such as `cpu`. */
  requests: readonly string[]
  limits: readonly string[]
}

/** What one member of etcd says on `/metrics`; undefined where its page does not have it. */
export interface EtcdMember {
  name: string
  hasLeader: boolean | undefined
  isLeader: boolean | undefined
  /** Since it started. */
  leaderChanges: number | undefined
  /** Other members that it has a connection to. */
  peers: number
  quotaBytes: number | undefined
  sizeBytes: number | undefined
  /** Since it started. */
  walFsync: Distribution
  backendCommit: Distribution
  peerRoundTrip: Distribution
  /** Whether it serves clients at this address without TLS: `/version` is served there, and not where only metrics are. */
  servesWithoutTls: boolean
}

/** What a kubelet says of itself on `/configz`. */
export interface KubeletFact {
  node: string
  clientCaFile: string | undefined
  allowsAnonymous: boolean | undefined
  authorization: string | undefined
}

/** A page of metrics that clusters.yaml names, or that the apiserver serves. */
export interface PageFact {
  component: string
  name: string
  page: Seen<{ version: string | undefined }>
}

/** A ClusterRoleBinding, by what it grants to whom. */
export interface BindingFact {
  name: string
  role: string
  /** `Group system:masters`, `ServiceAccount kube-system/x` */
  subjects: readonly string[]
}

/** What saves the cluster's state. */
export interface BackupFact {
  what: string
  isSuspended: boolean
  lastSuccess: string | undefined
}

/** All that the checklist judges, as far as the cluster shows it. */
export interface ClusterFacts {
  /** Present where somebody else runs the control plane. */
  managed: Provider | undefined
  /** Of the apiserver. */
  version: string
  /** The newest minor version that this program knows. */
  newestMinor: number
  apiservers: Apiservers
  nodes: Seen<readonly NodeFact[]>
  pods: Seen<readonly ControlPlanePod[]>
  /** One entry for each process that was seen; never empty where it is a value. */
  flags: Readonly<Record<ControlPlaneComponent, Seen<readonly Flags[]>>>
  /** Of the members that clusters.yaml names; never empty where it is a value. */
  etcd: Seen<readonly EtcdMember[]>
  pages: readonly PageFact[]
  /** Version of the DaemonSet's kube-proxy. */
  proxy: Seen<string | undefined>
  kubelets: Seen<readonly KubeletFact[]>
  bindings: Seen<readonly BindingFact[]>
  /** Names of the roles that allow everything: all verbs on all resources. */
  wildcardRoles: Seen<readonly string[]>
  /** API groups that the apiserver serves. */
  groups: Seen<readonly string[]>
  /** Whether `metrics.k8s.io` answers. */
  metricsApi: Seen<true>
  backups: Seen<readonly BackupFact[]>
  /** Names of pods that are labelled as monitoring. */
  monitoringPods: Seen<readonly string[]>
}
