import type { ObjectRef, ResourceName } from '../../kube/api.ts'
import type {
  ConfigMap,
  Deployment,
  KubeObject,
  Node,
  ObjectMeta,
  Pod,
  PodSpec,
  Secret,
  Service,
} from '../../kube/resources.ts'
import { deploymentSpec, specErrors, withoutEmptyData, workloadSpec } from './admission.ts'
import { metadataErrors, qualified, qualifiedKind, withoutEmpty } from './metadata.ts'
import { badRequest, invalid, invalidValue, modifiedSince, unforeseen } from './refusals.ts'
import { sameValue } from './same-value.ts'

/**
 * What becomes of a change that a client asks for: what the client may not change stays or is refused, what it left out is filled in
 * (apiserver/pkg/registry/rest/update.go and the strategies of the resources). Throws `ApiError` 400 for another object's name, 409
 * for a version that is not the current one, 422 for what is not valid.
 */
export function admitUpdate(
  ref: ObjectRef,
  part: 'status' | 'all but status',
  current: KubeObject,
  asked: KubeObject,
): KubeObject {
  const { resource, name } = ref
  requireSame(ref, current.metadata, asked.metadata)
  const { apiVersion, kind } = current
  const metadata = metadataAfter(current.metadata, asked.metadata)
  const next = { ...asked, apiVersion, kind, metadata } as KubeObject
  const errors = immutableMetadataErrors(current.metadata, metadata)
  const result = part === 'status' ? statusChange(resource, current, next) : change(resource, current, next)
  errors.push(...metadataErrors(result.metadata))
  if (part === 'status') errors.push(...statusErrors(resource, current, result))
  else errors.push(...specErrors(resource, result), ...immutableErrors(resource, current, result))
  if (errors.length > 0) throw invalid(qualifiedKind(resource), name, ...errors)
  return sameValue(result.metadata, current.metadata) ? { ...result, metadata: current.metadata } : result
}

/** The object that is meant, in the state that is meant. */
function requireSame({ resource, name }: ObjectRef, before: ObjectMeta, after: ObjectMeta | undefined): void {
  if (after?.name === undefined || after.name === '')
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)
  if (after.name !== name)
    throw badRequest(`the name of the object (${after.name}) does not match the name on the URL (${name})`)
  if ((after.namespace || before.namespace) !== before.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  const version = after.resourceVersion || before.resourceVersion
  if (version === before.resourceVersion) return
  if (!/^\d+$/.test(version ?? ''))
    throw unforeseen(`strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`)
  throw modifiedSince(qualified(resource), name)
}

/** Fields of metadata that a client can only repeat or leave out. */
const kept = ['namespace', 'uid', 'resourceVersion'] as const
/** Fields that are the server's, whatever a client says. */
const own = ['creationTimestamp', 'generation'] as const

function metadataAfter(before: ObjectMeta, after: ObjectMeta): ObjectMeta {
  const metadata: Record<string, unknown> = { ...withoutEmpty(after) }
  for (const field of kept) metadata[field] ||= before[field]
  for (const field of own) metadata[field] = before[field]
  // A deletion cannot be taken back, nor its time be set.
  if (before.deletionTimestamp !== undefined) metadata['deletionTimestamp'] = before.deletionTimestamp
  metadata['deletionGracePeriodSeconds'] ??= before.deletionGracePeriodSeconds
  for (const field of [...kept, ...own, 'deletionGracePeriodSeconds'])
    if (metadata[field] === undefined) delete metadata[field]
  return metadata as ObjectMeta
}

function immutableMetadataErrors(before: ObjectMeta, after: ObjectMeta): string[] {
  const fields = ['uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const
  const errors = fields
    .filter((field) => after[field] !== before[field])
    .map((field) => invalidValue(`metadata.${field}`, after[field], 'field is immutable'))
  if (before.deletionTimestamp === undefined) return errors
  const added = (after.finalizers ?? []).filter((finalizer) => before.finalizers?.includes(finalizer) !== true)
  if (added.length === 0) return errors
  const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ')
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`
  return [...errors, `metadata.finalizers: Forbidden: ${why}`]
}

/** A write to the status takes metadata with it, but not all of it everywhere. */
function statusChange(resource: ResourceName, { metadata: before }: KubeObject, next: KubeObject): KubeObject {
  switch (resource) {
    case 'deployments':
      return { ...next, metadata: withField(next.metadata, 'labels', before.labels) }
    case 'pods':
      return { ...next, metadata: withField(next.metadata, 'ownerReferences', before.ownerReferences) }
    default:
      return next
  }
}

function change(resource: ResourceName, current: KubeObject, next: KubeObject): KubeObject {
  switch (resource) {
    case 'deployments':
      return { ...next, spec: deploymentSpec((next as Deployment).spec) } as Deployment
    case 'replicasets':
      return { ...next, spec: workloadSpec((next as Deployment).spec) } as KubeObject
    case 'namespaces':
      // Only the namespace controller finalizes.
      return { ...next, spec: (current as { spec?: object }).spec } as KubeObject
    case 'configmaps':
    case 'secrets':
      return withoutEmptyData(next)
    case 'nodes':
      return withoutEmptyTaints(next as Node)
    default:
      return next
  }
}

function withoutEmptyTaints(node: Node): Node {
  const { taints, ...spec } = node.spec ?? {}
  return taints === undefined || taints.length > 0 ? node : { ...node, spec }
}

function withField<K extends keyof ObjectMeta>(metadata: ObjectMeta, field: K, value: ObjectMeta[K]): ObjectMeta {
  if (metadata[field] === value) return metadata
  const changed = { ...metadata, [field]: value }
  if (value === undefined) delete changed[field]
  return changed
}

function immutableErrors(resource: ResourceName, current: KubeObject, next: KubeObject): string[] {
  switch (resource) {
    case 'pods':
      return podErrors((current as Pod).spec, (next as Pod).spec)
    case 'deployments':
    case 'replicasets': {
      const { selector } = (next as Deployment).spec
      const isSame = sameValue(selector, (current as Deployment).spec.selector)
      return isSame ? [] : [invalidValue('spec.selector', selector, 'field is immutable')]
    }
    case 'services': {
      const { clusterIP } = (next as Service).spec
      const isSame = clusterIP === (current as Service).spec['clusterIP']
      return isSame ? [] : [invalidValue('spec.clusterIPs[0]', [clusterIP], 'may not change once set')]
    }
    case 'secrets': {
      const { type } = next as Secret
      const isSame = type === (current as Secret).type
      return [...(isSame ? [] : [invalidValue('type', type, 'field is immutable')]), ...dataErrors(current, next)]
    }
    case 'configmaps':
      return dataErrors(current, next)
    default:
      return []
  }
}

function statusErrors(resource: ResourceName, current: KubeObject, next: KubeObject): string[] {
  if (resource !== 'pods') return []
  const qosClass = (next as Pod).status?.['qosClass']
  const isSame = qosClass === (current as Pod).status?.['qosClass']
  return isSame ? [] : [invalidValue('status.qosClass', qosClass, 'field is immutable')]
}

/** Of a configmap or secret that was made immutable. */
function dataErrors(current: KubeObject, next: KubeObject): string[] {
  const [before, after] = [current, next] as (ConfigMap & { immutable?: boolean })[]
  if (before?.immutable !== true) return []
  return (['immutable', 'data'] as const)
    .filter((field) => !sameValue(before[field], after?.[field]))
    .map((field) => `${field}: Forbidden: field is immutable when \`immutable\` is set`)
}

const podUpdates =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

/** Of a pod's spec, only images, the deadline and more tolerations may change (pkg/apis/core/validation, ValidatePodUpdate). */
function podErrors(before: PodSpec, after: PodSpec): string[] {
  if (before === after) return []
  if (before.containers.length !== after.containers?.length)
    return ['spec.containers: Forbidden: pod updates may not add or remove containers']
  return sameValue(lasting(before), lasting(after)) ? [] : [podUpdates]
}

function lasting(spec: PodSpec): object {
  const { activeDeadlineSeconds: _, tolerations: __, ...rest } = spec
  const withoutImages = (containers: unknown) =>
    (containers as PodSpec['containers'] | undefined)?.map((container) => ({ ...container, image: '' }))
  return {
    ...rest,
    containers: withoutImages(spec.containers),
    initContainers: withoutImages(spec['initContainers']),
  }
}
