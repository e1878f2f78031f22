/** Metadata as the apiserver sends it: plain JSON, timestamps as text (they have one-second resolution only). */
export interface ObjectMeta {
  name?: string
  generateName?: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  /** Of pods: the time their kubelet gets to stop them. */
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: {
    apiVersion: string
    kind: string
    name: string
    uid: string
    controller?: boolean
    blockOwnerDeletion?: boolean
  }[]
  finalizers?: string[]
}

export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata: ObjectMeta
}

export interface Condition {
  type: string
  status: 'True' | 'False' | 'Unknown'
  reason?: string
  message?: string
  lastTransitionTime?: string
  /** Of nodes: when their kubelet said so last. */
  lastHeartbeatTime?: string
}

/** Whether a pod's or node's Ready condition is True. */
export function isReady({ status }: Pod | Node): boolean {
  return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false
}

/** What the scheduler says of a pod that no node has room for: `0/2 nodes are available: 2 Too many pods`; undefined for all others. */
export function whyUnschedulable({ status }: Pod): string | undefined {
  const condition = status?.conditions?.find(({ type }) => type === 'PodScheduled')
  if (condition?.status !== 'False' || condition.reason !== 'Unschedulable') return undefined
  // What follows is about preemption.
  return (condition.message ?? 'it does not say why').split('. ')[0]
}

/**
 * Whether a pod counts as Ready now: its condition is True, and it is neither ending nor over. A pod that has failed or is on its way
 * out may keep the condition (controllers count the same way, pkg/controller/controller_utils.go IsPodActive).
 */
export function isReadyPod(pod: Pod): boolean {
  const isOver = pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded'
  return !isOver && pod.metadata.deletionTimestamp === undefined && isReady(pod)
}

export interface PodContainer {
  name: string
  image: string
  [field: string]: unknown
}

export interface PodSpec {
  nodeName?: string
  nodeSelector?: Record<string, string>
  automountServiceAccountToken?: boolean
  terminationGracePeriodSeconds?: number
  containers: PodContainer[]
  initContainers?: PodContainer[]
  [field: string]: unknown
}

export interface Pod extends KubeObject {
  spec: PodSpec
  status?: { phase?: string; conditions?: Condition[]; startTime?: string; [field: string]: unknown }
}

export interface Node extends KubeObject {
  spec?: { taints?: { key: string; value?: string; effect: string }[]; [field: string]: unknown }
  status?: {
    conditions?: Condition[]
    capacity?: Record<string, string>
    allocatable?: Record<string, string>
    daemonEndpoints?: { kubeletEndpoint?: { Port: number } }
    /** What its machine is; bootID is /proc/sys/kernel/random/boot_id there. */
    nodeInfo?: Record<string, string>
    [field: string]: unknown
  }
}

export interface Deployment extends KubeObject {
  spec: {
    replicas: number
    selector: { matchLabels: Record<string, string> }
    template: { metadata: ObjectMeta; spec: PodSpec }
    [field: string]: unknown
  }
  status?: {
    observedGeneration?: number
    replicas?: number
    updatedReplicas?: number
    readyReplicas?: number
    availableReplicas?: number
    unavailableReplicas?: number
    terminatingReplicas?: number
    conditions?: Condition[]
  }
}

export interface DaemonSet extends KubeObject {
  spec: {
    template: { metadata?: ObjectMeta; spec: PodSpec }
    updateStrategy?: { type?: string }
    [field: string]: unknown
  }
  status?: {
    observedGeneration?: number
    desiredNumberScheduled?: number
    updatedNumberScheduled?: number
    numberAvailable?: number
  }
}

export interface StatefulSet extends KubeObject {
  spec: {
    replicas: number
    /** The headless Service that names its pods; it need not exist. */
    serviceName?: string
    podManagementPolicy?: 'OrderedReady' | 'Parallel'
    selector: { matchLabels: Record<string, string> }
    template: { metadata: ObjectMeta; spec: PodSpec }
    [field: string]: unknown
  }
  status?: {
    observedGeneration?: number
    replicas?: number
    readyReplicas?: number
    currentReplicas?: number
    updatedReplicas?: number
    availableReplicas?: number
  }
}

export interface ReplicaSet extends KubeObject {
  spec: { replicas: number; [field: string]: unknown }
  status?: {
    observedGeneration?: number
    replicas?: number
    fullyLabeledReplicas?: number
    readyReplicas?: number
    availableReplicas?: number
    terminatingReplicas?: number
  }
}

export interface Namespace extends KubeObject {
  spec?: { finalizers?: string[] }
  status?: { phase?: string; conditions?: Condition[] }
}

export interface Service extends KubeObject {
  spec: {
    selector?: Record<string, string>
    ports: { name?: string; port: number; targetPort?: number }[]
    [field: string]: unknown
  }
  status?: Record<string, unknown>
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>
}

export interface Secret extends KubeObject {
  type?: string
  /** Values in base64. */
  data?: Record<string, string>
}

export interface ServiceAccount extends KubeObject {
  automountServiceAccountToken?: boolean
}

/** A request for a certificate, to be approved by somebody and then signed by the controller-manager. */
export interface CertificateSigningRequest extends KubeObject {
  spec: {
    /** The PKCS#10 request, PEM in base64. */
    request: string
    signerName: string
    usages: string[]
    /** How long the certificate is to be valid; the signer may give less. */
    expirationSeconds?: number
    [field: string]: unknown
  }
  status?: {
    /** Of type Approved, Denied or Failed; written through the subresource `approval`. */
    conditions?: Condition[]
    /** The certificate, PEM in base64. */
    certificate?: string
  }
}

/** Who holds something that only one may have at a time. */
export interface Lease extends KubeObject {
  spec: {
    holderIdentity?: string | null
    leaseDurationSeconds?: number | null
    /** Moments with microseconds: `2026-01-01T00:00:00.000000Z`. */
    acquireTime?: string | null
    renewTime?: string | null
    leaseTransitions?: number | null
  }
}

/** What a component has told about an object, the same thing counted. */
export interface Event extends KubeObject {
  involvedObject: { kind?: string; namespace?: string; name?: string; uid?: string; fieldPath?: string }
  reason?: string
  message?: string
  type?: string
  count?: number
  firstTimestamp?: string | null
  lastTimestamp?: string | null
  source?: { component?: string; host?: string }
}

/** Asks whether whoever sends it may do something; never stored. */
export interface SelfSubjectAccessReview extends KubeObject {
  spec: {
    resourceAttributes?: {
      verb: string
      group?: string
      resource: string
      subresource?: string
      namespace?: string
      name?: string
    }
    nonResourceAttributes?: { verb: string; path: string }
  }
  status?: { allowed: boolean; denied?: boolean; reason?: string; evaluationError?: string }
}

/** Which requests ride on which priority level of API Priority and Fairness. */
export interface FlowSchema extends KubeObject {
  spec: { priorityLevelConfiguration: { name: string } }
}

/** The shape of every resource the product reads or writes. */
export interface ResourceTypes {
  namespaces: Namespace
  nodes: Node
  pods: Pod
  deployments: Deployment
  replicasets: ReplicaSet
  services: Service
  configmaps: ConfigMap
  secrets: Secret
  serviceaccounts: ServiceAccount
  statefulsets: StatefulSet
  daemonsets: DaemonSet
  certificatesigningrequests: CertificateSigningRequest
  leases: Lease
  events: Event
  selfsubjectaccessreviews: SelfSubjectAccessReview
  flowschemas: FlowSchema
}

/** Where a resource lives in the API. */
export interface ResourceInfo {
  apiVersion: string
  kind: string
  namespaced: boolean
}

/** Group, version and kind of every resource, by its plural name. */
export const resources: { readonly [R in keyof ResourceTypes]: ResourceInfo } = {
  namespaces: { apiVersion: 'v1', kind: 'Namespace', namespaced: false },
  nodes: { apiVersion: 'v1', kind: 'Node', namespaced: false },
  pods: { apiVersion: 'v1', kind: 'Pod', namespaced: true },
  deployments: { apiVersion: 'apps/v1', kind: 'Deployment', namespaced: true },
  replicasets: { apiVersion: 'apps/v1', kind: 'ReplicaSet', namespaced: true },
  services: { apiVersion: 'v1', kind: 'Service', namespaced: true },
  configmaps: { apiVersion: 'v1', kind: 'ConfigMap', namespaced: true },
  secrets: { apiVersion: 'v1', kind: 'Secret', namespaced: true },
  serviceaccounts: { apiVersion: 'v1', kind: 'ServiceAccount', namespaced: true },
  statefulsets: { apiVersion: 'apps/v1', kind: 'StatefulSet', namespaced: true },
  daemonsets: { apiVersion: 'apps/v1', kind: 'DaemonSet', namespaced: true },
  certificatesigningrequests: {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    namespaced: false,
  },
  leases: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespaced: true },
  events: { apiVersion: 'v1', kind: 'Event', namespaced: true },
  selfsubjectaccessreviews: {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    namespaced: false,
  },
  flowschemas: { apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'FlowSchema', namespaced: false },
}

/** What a filled cluster is made of: a run counts these, whoever created them. */
export const countedResources = [
  'namespaces',
  'nodes',
  'pods',
  'deployments',
  'replicasets',
  'services',
  'configmaps',
  'secrets',
  'serviceaccounts',
] as const satisfies readonly (keyof ResourceTypes)[]
