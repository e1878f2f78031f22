import type { ResourceName } from '../../../kube/api.ts'
import type {
  Deployment,
  KubeObject,
  Namespace,
  Pod,
  PodSpec,
  ResourceTypes,
  Service,
} from '../../../kube/resources.ts'
import { resources } from '../../../kube/resources.ts'
import type { ObjectRules } from './objects.ts'
import { forbidden, invalid } from './refusals.ts'

/**
 * A new object as the apiserver takes it: checked, and with the defaults that the product, the controllers or the kubelets
 * rely on. Throws `ApiError` 422 for what is not valid, 403 for what admission refuses.
 */
export function admit<R extends ResourceName>(
  resource: R,
  object: ResourceTypes[R],
  rules: ObjectRules,
): ResourceTypes[R] {
  checkMetadata(resource, object)
  switch (resource) {
    case 'namespaces':
      return admitNamespace(object as Namespace) as ResourceTypes[R]
    case 'pods':
      return admitPod(object as Pod, rules) as ResourceTypes[R]
    case 'deployments':
      return admitDeployment(object as Deployment) as ResourceTypes[R]
    case 'services':
      return admitService(object as Service, rules) as ResourceTypes[R]
    default:
      return object
  }
}

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/

function checkMetadata(resource: ResourceName, { metadata }: KubeObject): void {
  const { name = '', labels = {} } = metadata
  const refuse = (why: string) => invalid(qualifiedKind(resource), name, why)
  if (name === '') throw refuse('metadata.name: Required value: name or generateName is required')
  if (resource === 'namespaces' && name.includes('.'))
    throw refuse(`metadata.name: Invalid value: "${name}": must not contain dots`)
  if (!subdomain.test(name) || name.length > 253)
    throw refuse(
      `metadata.name: Invalid value: "${name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    )
  for (const value of Object.values(labels)) {
    if (value.length > 63 || !labelValue.test(value))
      throw refuse(
        `metadata.labels: Invalid value: "${value}": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
      )
  }
}

function qualifiedKind(resource: ResourceName): string {
  const { apiVersion, kind } = resources[resource]
  const [group, version] = apiVersion.split('/')
  return version === undefined ? kind : `${kind}.${group}`
}

function admitNamespace(object: Namespace): Namespace {
  const { metadata } = object
  return {
    ...object,
    metadata: { ...metadata, labels: { 'kubernetes.io/metadata.name': metadata.name ?? '', ...metadata.labels } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }
}

const specDefaults = {
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  schedulerName: 'default-scheduler',
}

/** Filled-in specs by the spec they come from: pods of one ReplicaSet share one. */
const filledSpecs = new WeakMap<PodSpec, { key: string; spec: PodSpec }>()

/** Defaulting, and the ServiceAccount and DefaultTolerationSeconds admission plugins. */
function admitPod(object: Pod, { store, tolerationSeconds }: ObjectRules): Pod {
  const { metadata, spec } = object
  const { namespace = '', name = '' } = metadata
  if (!(spec?.containers?.length > 0)) throw invalid('Pod', name, 'spec.containers: Required value')
  if (store.get('namespaces', '', namespace) !== undefined && !store.get('serviceaccounts', namespace, 'default'))
    throw forbidden(
      'pods',
      name,
      `error looking up service account ${namespace}/default: serviceaccount "default" not found`,
    )
  const { notReady, unreachable } = tolerationSeconds
  const key = `${notReady}/${unreachable}`
  const known = filledSpecs.get(spec)
  const toleration = (condition: string, seconds: number) => ({
    key: `node.kubernetes.io/${condition}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: seconds,
  })
  const filled =
    known?.key === key
      ? known.spec
      : {
          ...specDefaults,
          serviceAccountName: 'default',
          ...spec,
          tolerations: [
            ...((spec['tolerations'] as object[] | undefined) ?? []),
            toleration('not-ready', notReady),
            toleration('unreachable', unreachable),
          ],
        }
  filledSpecs.set(spec, { key, spec: filled })
  return { ...object, spec: filled, status: pendingStatus }
}

const pendingStatus = Object.freeze({ phase: 'Pending', qosClass: 'BestEffort' })

function admitDeployment(object: Deployment): Deployment {
  const { spec, metadata } = object
  const { matchLabels } = spec.selector
  const labels = spec.template.metadata.labels ?? {}
  if (Object.entries(matchLabels).some(([key, value]) => labels[key] !== value))
    throw invalid(
      'Deployment.apps',
      metadata.name ?? '',
      `spec.template.metadata.labels: Invalid value: ${JSON.stringify(labels)}: \`selector\` does not match template \`labels\``,
    )
  return {
    ...object,
    spec: {
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      ...spec,
      replicas: spec.replicas ?? 1,
      template: { ...spec.template, spec: { ...specDefaults, ...spec.template.spec } },
    },
    status: {},
  }
}

function admitService(object: Service, { store }: ObjectRules): Service {
  const number = store.count('services') + 1
  const clusterIP = `10.96.${number >> 8}.${number & 255}`
  const ports = (object.spec.ports ?? []).map((port) => ({ protocol: 'TCP', targetPort: port.port, ...port }))
  return { ...object, spec: { type: 'ClusterIP', clusterIP, ...object.spec, ports }, status: { loadBalancer: {} } }
}
