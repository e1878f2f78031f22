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
  /** Who applied which fields (server-side apply). */
  managedFields?: {
    manager: string
    operation: string
    apiVersion?: string
    subresource?: string
    fieldsV1: object
  }[]
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
}

/** Whether a pod's or node's Ready condition is True. */
export function isReady({ status }: Pod | Node): boolean {
  return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false
}

export interface PodSpec {
  nodeName?: string
  nodeSelector?: Record<string, string>
  automountServiceAccountToken?: boolean
  terminationGracePeriodSeconds?: number
  containers: { name: string; image: string; [field: string]: unknown }[]
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
}
