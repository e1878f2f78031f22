import { isApiStatus } from '../../../kube/api.ts'
import type { KubeRequest } from '../../../kube/requests.ts'
import type { Deployment, KubeObject, ResourceTypes } from '../../../kube/resources.ts'
import { resources } from '../../../kube/resources.ts'
import { applied } from './apply.ts'
import { patchedByJson } from './json-patch.ts'
import type { Objects } from './objects.ts'
import { qualified, sameValue } from './objects.ts'
import { badRequest, invalid, modifiedSince, notFound } from './refusals.ts'

type PatchRequest = Extract<KubeRequest, { verb: 'patch' }>

/** Changes an object as a patch says and returns it, or its Scale. Throws `ApiError`. */
export function patched(objects: Objects, { ref, patch, subresource }: PatchRequest): KubeObject {
  if (subresource === 'scale') return scaled(objects, ref, patch)
  const change = (current: KubeObject): KubeObject => {
    switch (patch.type) {
      case 'merge':
        return checked(ref, current, merged(current, patch.body) as KubeObject)
      case 'json':
        return checked(ref, current, patchedByJson(current, patch.body))
      case 'apply':
        return applied(ref, current, patch)
    }
  }
  const part = subresource === 'status' ? 'status' : 'all but status'
  try {
    return objects.update(
      ref,
      part,
      change as (current: ResourceTypes[typeof ref.resource]) => ResourceTypes[typeof ref.resource],
    )
  } catch (error) {
    // Applying what is not there creates it.
    if (patch.type !== 'apply' || !isApiStatus(error, 404)) throw error
    return objects.create(ref.resource, applied(ref, undefined, patch) as ResourceTypes[typeof ref.resource])
  }
}

/** The scale subresource: only the number of replicas can be written, and what comes back is a Scale. */
function scaled(objects: Objects, ref: PatchRequest['ref'], patch: PatchRequest['patch']): KubeObject {
  if (ref.resource !== 'deployments' && ref.resource !== 'replicasets')
    throw notFound(qualified(ref.resource), ref.name)
  const scale = objects.update(ref as typeof ref & { resource: 'deployments' }, 'all but status', (current) => {
    const before = scaleOf(current)
    const after = (patch.type === 'json' ? patchedByJson(before, patch.body) : merged(before, patch.body)) as Scale
    checked(ref, current, { ...current, metadata: { ...current.metadata, ...versionIn(patch.body) } })
    const { replicas } = after.spec
    return replicas === current.spec.replicas ? current : { ...current, spec: { ...current.spec, replicas } }
  })
  return scaleOf(scale)
}

interface Scale extends KubeObject {
  spec: { replicas: number }
  status: { replicas: number; selector: string }
}

function scaleOf({ metadata, spec, status }: Deployment): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata
  const selector = Object.entries(spec.selector.matchLabels).map(([key, value]) => `${key}=${value}`)
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as KubeObject['metadata'],
    spec: { replicas: spec.replicas },
    status: { replicas: status?.replicas ?? 0, selector: selector.join(',') },
  }
}

function versionIn(body: object): { resourceVersion?: string } {
  const { metadata } = body as Partial<KubeObject>
  return metadata?.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }
}

/** JSON merge patch (RFC 7386); what is not touched is shared. */
export function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const isMap = typeof target === 'object' && target !== null && !Array.isArray(target)
  const result: Record<string, unknown> = isMap ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = merged(result[key], value)
  }
  return result
}

/** What a patch may not change stays, or is refused. */
function checked({ resource, name }: PatchRequest['ref'], current: KubeObject, next: KubeObject): KubeObject {
  const { metadata: before } = current
  const { metadata: after } = next
  const refuse = (field: string, value: unknown) =>
    invalid(resources[resource].kind, name, `metadata.${field}: Invalid value: "${value}": field is immutable`)
  if (after.name !== before.name)
    throw badRequest(`the name of the object (${after.name}) does not match the name on the URL (${name})`)
  if (after.uid !== before.uid) throw refuse('uid', after.uid)
  if (after.deletionTimestamp !== before.deletionTimestamp) throw refuse('deletionTimestamp', after.deletionTimestamp)
  if (after.resourceVersion !== before.resourceVersion) throw modifiedSince(qualified(resource), name)
  const metadata = { ...after }
  restore(metadata, before, 'creationTimestamp')
  restore(metadata, before, 'generation')
  // A map that has become empty vanishes.
  for (const field of ['labels', 'annotations', 'finalizers'] as const)
    if (metadata[field] !== undefined && Object.keys(metadata[field]).length === 0) delete metadata[field]
  const result = { ...next, metadata: sameValue(metadata, before) ? before : metadata } as KubeObject & {
    data?: object
  }
  if (result.data !== undefined && Object.keys(result.data).length === 0) delete result.data
  return result
}

function restore<K extends 'creationTimestamp' | 'generation'>(
  metadata: KubeObject['metadata'],
  before: KubeObject['metadata'],
  field: K,
): void {
  const value = before[field]
  if (value === undefined) delete metadata[field]
  else metadata[field] = value
}
