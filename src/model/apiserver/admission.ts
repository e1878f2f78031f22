import type { ResourceName } from '../../kube/api.ts'
import type {
  ConfigMap,
  Deployment,
  KubeObject,
  Namespace,
  Node,
  Pod,
  PodSpec,
  ReplicaSet,
  ResourceTypes,
  Secret,
  Service,
} from '../../kube/resources.ts'
import type { LabelSelector } from './label-selector.ts'
import { matchesLabels } from './label-selector.ts'
import { isEmpty, metadataErrors, nameErrors, qualifiedKind, withoutEmpty } from './metadata.ts'
import { configKeyErrors } from './names.ts'
import { forbidden, invalid, invalidValue } from './refusals.ts'
import type { Store } from './store.ts'

/** What admitting new objects takes. */
export interface AdmissionRules {
  store: Store
  /** Pods tolerate a node that is away for so long (`--default-not-ready-toleration-seconds` and its sibling). */
  tolerationSeconds: { notReady: number; unreachable: number }
  /** An address that no service has had before. */
  nextAddress: () => string
}

/**
 * A new object as the apiserver takes it: checked, and with the defaults that the product, the controllers or the kubelets
 * rely on. Throws `ApiError` 422 for what is not valid, 403 for what admission refuses.
 */
export function admit<R extends ResourceName>(
  resource: R,
  object: ResourceTypes[R],
  rules: AdmissionRules,
): ResourceTypes[R] {
  const { metadata } = object
  if (resource === 'pods') requireServiceAccount(metadata, rules)
  const admitted = withDefaults(resource, object, rules) as ResourceTypes[R]
  const errors = [...nameErrors(resource, metadata), ...metadataErrors(metadata), ...specErrors(resource, admitted)]
  if (errors.length > 0) throw invalid(qualifiedKind(resource), metadata.name ?? '', ...errors)
  return { ...admitted, metadata: withoutEmpty(admitted.metadata) }
}

function withDefaults(resource: ResourceName, object: KubeObject, rules: AdmissionRules): KubeObject {
  switch (resource) {
    case 'namespaces':
      return newNamespace(object as Namespace)
    case 'nodes':
      return newNode(object as Node)
    case 'pods':
      return newPod(object as Pod, rules)
    case 'deployments':
      return { ...object, spec: deploymentSpec((object as Deployment).spec), status: {} } as Deployment
    case 'replicasets':
      return { ...object, spec: workloadSpec((object as ReplicaSet).spec), status: { replicas: 0 } } as ReplicaSet
    case 'services':
      return newService(object as Service, rules)
    case 'secrets':
      return withoutEmptyData({ type: 'Opaque', ...object } as Secret)
    case 'configmaps':
      return withoutEmptyData(object)
    default:
      return object
  }
}

/** What is wrong with an object beyond its metadata, whether it is new or changed. */
export function specErrors(resource: ResourceName, object: KubeObject): string[] {
  switch (resource) {
    case 'pods':
      return containerErrors('spec', (object as Pod).spec)
    case 'deployments':
    case 'replicasets':
      return workloadErrors((object as Deployment).spec)
    case 'services':
      return serviceErrors((object as Service).spec)
    case 'configmaps':
    case 'secrets':
      return Object.keys((object as ConfigMap).data ?? {}).flatMap((key) =>
        configKeyErrors(key).map((error) => invalidValue(`data[${key}]`, key, error)),
      )
    default:
      return []
  }
}

/** A configmap or secret as it is stored: without its data when there is none. */
export function withoutEmptyData<T extends KubeObject & { data?: object }>(object: T): T {
  if (!isEmpty(object.data)) return object
  const { data: _, ...rest } = object
  return rest as T
}

function newNamespace(object: Namespace): Namespace {
  const { metadata } = object
  return {
    ...object,
    metadata: { ...metadata, labels: { 'kubernetes.io/metadata.name': metadata.name ?? '', ...metadata.labels } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }
}

/** The admission plugin TaintNodesByCondition. */
function newNode(object: Node): Node {
  const { taints = [] } = object.spec ?? {}
  const key = 'node.kubernetes.io/not-ready'
  if (taints.some((taint) => taint.key === key)) return object
  return { ...object, spec: { ...object.spec, taints: [...taints, { key, effect: 'NoSchedule' }] } }
}

const templateDefaults = {
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  securityContext: Object.freeze({}),
  schedulerName: 'default-scheduler',
}

/** The ServiceAccount admission plugin. */
function requireServiceAccount({ namespace = '', name = '' }: Pod['metadata'], { store }: AdmissionRules): void {
  if (store.get('serviceaccounts', namespace, 'default') !== undefined) return
  const why = `error looking up service account ${namespace}/default: serviceaccount "default" not found`
  throw forbidden('pods', name, why)
}

/** Filled-in specs by the spec they come from: pods of one ReplicaSet share one. */
const filledSpecs = new WeakMap<PodSpec, { key: string; spec: PodSpec }>()

interface Toleration {
  key?: string
  operator?: string
  effect?: string
  tolerationSeconds?: number
}

/** Defaulting, and the admission plugins Priority and DefaultTolerationSeconds. */
function newPod(object: Pod, { tolerationSeconds }: AdmissionRules): Pod {
  const { spec = { containers: [] } } = object as Partial<Pod>
  const { notReady, unreachable } = tolerationSeconds
  const key = `${notReady}/${unreachable}`
  const known = filledSpecs.get(spec)
  if (known?.key === key) return { ...object, spec: known.spec, status: pendingStatus }
  const given = (spec['tolerations'] ?? []) as Toleration[]
  const filled = {
    ...templateDefaults,
    serviceAccountName: 'default',
    priority: 0,
    enableServiceLinks: true,
    preemptionPolicy: 'PreemptLowerPriority',
    ...spec,
    tolerations: [
      ...given,
      ...missingToleration(given, 'not-ready', notReady),
      ...missingToleration(given, 'unreachable', unreachable),
    ],
  }
  filledSpecs.set(spec, { key, spec: filled })
  return { ...object, spec: filled, status: pendingStatus }
}

/** The toleration of a condition of the node, unless it is tolerated already. */
function missingToleration(given: readonly Toleration[], condition: string, seconds: number): Toleration[] {
  const key = `node.kubernetes.io/${condition}`
  const isTolerated = given.some(
    (one) => (one.key ?? key) === key && (one.effect === undefined || one.effect === 'NoExecute'),
  )
  return isTolerated ? [] : [{ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: seconds }]
}

const pendingStatus = Object.freeze({ phase: 'Pending', qosClass: 'BestEffort' })

/** The spec of a Deployment with its defaults. */
export function deploymentSpec(spec: Deployment['spec'] | undefined): Deployment['spec'] {
  return {
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    ...workloadSpec(spec),
  }
}

/** The spec of a ReplicaSet with its defaults, or of a Deployment as far as they are the same. */
export function workloadSpec<T extends { replicas: number; template?: unknown }>(spec: T | undefined): T {
  const template = spec?.template as Deployment['spec']['template'] | undefined
  if (spec !== undefined && spec.replicas !== undefined && hasDefaults(template?.spec)) return spec
  const filled = { ...template, spec: { ...templateDefaults, ...template?.spec } }
  return { ...spec, replicas: spec?.replicas ?? 1, template: filled } as T
}

function hasDefaults(spec: PodSpec | undefined): boolean {
  return spec !== undefined && Object.keys(templateDefaults).every((field) => spec[field] !== undefined)
}

function containerErrors(field: string, spec: PodSpec | undefined): string[] {
  return (spec?.containers?.length ?? 0) > 0 ? [] : [`${field}.containers: Required value`]
}

function workloadErrors(spec: Deployment['spec']): string[] {
  const { replicas, template } = spec
  const selector = spec.selector as LabelSelector | undefined
  const { labels } = template.metadata ?? {}
  const isUnlimited = selector !== undefined && isEmpty({ ...selector.matchLabels, ...selector.matchExpressions })
  const doesMatch = selector !== undefined && matchesLabels(selector, labels)
  return [
    ...(replicas < 0 ? [invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0')] : []),
    ...(selector === undefined ? ['spec.selector: Required value'] : []),
    ...(isUnlimited ? [invalidValue('spec.selector', selector, 'empty selector is invalid for deployment')] : []),
    ...(doesMatch
      ? []
      : [invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')]),
    ...containerErrors('spec.template.spec', template.spec),
  ]
}

function newService(object: Service, { nextAddress }: AdmissionRules): Service {
  const { spec = { ports: [] } } = object as Partial<Service>
  const ports = (spec.ports ?? []).map((port) => ({ protocol: 'TCP', targetPort: port.port, ...port }))
  const clusterIP = (spec['clusterIP'] as string | undefined) ?? nextAddress()
  return {
    ...object,
    spec: {
      clusterIPs: [clusterIP],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      ...spec,
      clusterIP,
      ports,
    },
    status: { loadBalancer: {} },
  }
}

/** A service without an address of its own needs no ports. */
function serviceErrors(spec: Service['spec']): string[] {
  return spec.ports.length > 0 || spec['clusterIP'] === 'None' ? [] : ['spec.ports: Required value']
}
