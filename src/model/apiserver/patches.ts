import type { ObjectRef, Patch } from '../../kube/api.ts'
import type { KubeRequest } from '../../kube/requests.ts'
import type { KubeObject, ReplicaSet, ResourceTypes } from '../../kube/resources.ts'
import type { LabelSelector } from './label-selector.ts'
import { selectorText } from './label-selector.ts'
import { qualified } from './metadata.ts'
import type { Objects } from './objects.ts'
import { withStatus } from './objects.ts'
import { conflict, invalid, invalidValue, modifiedSince, noSuchPath } from './refusals.ts'
import { admitUpdate } from './update-admission.ts'

type PatchRequest = Extract<KubeRequest, { verb: 'patch' }>
type Change<T> = (current: T) => T

/** Changes an object as a patch says and returns it, or its Scale. Throws `ApiError`. */
export function patched(objects: Objects, { ref, patch, subresource }: PatchRequest): KubeObject {
  if (subresource === 'scale') return scaled(objects, ref, patch)
  if (subresource === 'status' && !withStatus.has(ref.resource)) throw noSuchPath()
  if (subresource === 'approval' && ref.resource !== 'certificatesigningrequests') throw noSuchPath()
  // What approves a request is a condition in its status.
  const part = subresource === undefined ? 'all but status' : 'status'
  const change = (current: KubeObject): KubeObject =>
    admitUpdate(ref, part, current, merged(current, patch.body) as KubeObject)
  return objects.update(ref, part, change as Change<ResourceTypes[typeof ref.resource]>)
}

/** The scale subresource: only the number of replicas can be written, and what comes back is a Scale. */
function scaled(objects: Objects, ref: ObjectRef, patch: Patch): KubeObject {
  const { resource, name } = ref
  if (resource !== 'deployments' && resource !== 'replicasets' && resource !== 'statefulsets') throw noSuchPath()
  const change: Change<ReplicaSet> = (current) => {
    const { metadata, spec } = merged(scaleOf(current), patch.body) as Partial<Scale>
    const { uid = current.metadata.uid, resourceVersion } = metadata ?? {}
    if (uid !== current.metadata.uid) {
      const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`
      throw conflict(qualified(resource).replace('.', '/scale.'), name, why)
    }
    if ((resourceVersion || current.metadata.resourceVersion) !== current.metadata.resourceVersion)
      throw modifiedSince(qualified(resource), name)
    const replicas = spec?.replicas ?? 0
    if (replicas < 0) {
      const cause = invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0')
      throw invalid('Scale.autoscaling', name, cause)
    }
    if (replicas === current.spec.replicas) return current
    return { ...current, spec: { ...current.spec, replicas } }
  }
  return scaleOf(objects.update(ref as ObjectRef<'replicasets'>, 'all but status', change))
}

interface Scale extends KubeObject {
  spec: { replicas?: number }
  status: { replicas: number; selector: string }
}

/** Of a Deployment, ReplicaSet or StatefulSet. Zero replicas are left out of the spec. */
function scaleOf({ metadata, spec, status }: ReplicaSet): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as KubeObject['metadata'],
    spec: spec.replicas === 0 ? {} : { replicas: spec.replicas },
    status: { replicas: status?.replicas ?? 0, selector: selectorText(spec['selector'] as LabelSelector) },
  }
}

/** JSON merge patch (RFC 7386); what is not touched is shared. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const isMap = typeof target === 'object' && target !== null && !Array.isArray(target)
  const result: Record<string, unknown> = isMap ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = merged(result[key], value)
  }
  return result
}
