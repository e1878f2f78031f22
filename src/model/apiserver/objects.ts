import { messageOf } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import type { DeleteOptions, ObjectRef, ResourceName } from '../../kube/api.ts'
import type { Condition, KubeObject, Namespace, ObjectMeta, Pod, ResourceTypes } from '../../kube/resources.ts'
import { resources } from '../../kube/resources.ts'
import type { AdmissionRules } from './admission.ts'
import { admit } from './admission.ts'
import { qualified } from './metadata.ts'
import {
  alreadyExists,
  conflict,
  forbidden,
  internalError,
  methodNotAllowed,
  notFound,
  stillBeingDeleted,
  unforeseen,
} from './refusals.ts'
import { sameValue } from './same-value.ts'
import { timestampOf } from './timestamps.ts'

/** What writing objects takes. */
export interface ObjectRules extends Omit<AdmissionRules, 'nextAddress'> {
  nowMs: () => number
  /** Draws the ends of generated names. */
  random: Random
}

/** Creates, changes and deletes objects as an apiserver does; each call is one write, at the moment it is committed. */
export interface Objects {
  /** Throws `ApiError` when the object is not valid, exists, or has no place to be. */
  create<R extends ResourceName>(resource: R, object: ResourceTypes[R]): ResourceTypes[R]
  /** Throws `ApiError` 404. */
  get<R extends ResourceName>(ref: ObjectRef<R>): ResourceTypes[R]
  /**
   * Replaces an object, unless nothing is different. `change` gets it as it is; status and the rest are written apart from
   * each other, as `part` says. Throws `ApiError` 404, and what `change` throws.
   */
  update<R extends ResourceName>(
    ref: ObjectRef<R>,
    part: 'status' | 'all but status',
    change: (current: ResourceTypes[R]) => ResourceTypes[R],
  ): ResourceTypes[R]
  /** Gives a pod its node, for good. Throws `ApiError` 404, and 409 when it has one or is being deleted. */
  bind(ref: ObjectRef<'pods'>, nodeName: string): Pod
  /** Throws `ApiError` 404, and 409 when the UID is not the object's. */
  delete(ref: ObjectRef, options: Partial<DeleteOptions>): void
}

/** What apimachinery/pkg/util/rand draws from: no vowels, so that no words come out. */
const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789'
const longestGenerateName = 58
/** A name that is taken is drawn again so often (apiserver/pkg/registry/generic/registry/store.go, maxNameGenerationCreateAttempts). */
const mostDraws = 8

/** Resources whose status is a subresource: writing one part leaves the other alone. */
export const withStatus: ReadonlySet<ResourceName> = new Set([
  'namespaces',
  'nodes',
  'pods',
  'deployments',
  'replicasets',
  'services',
  'statefulsets',
  'certificatesigningrequests',
])
const withGeneration: ReadonlySet<ResourceName> = new Set(['pods', 'deployments', 'replicasets', 'statefulsets'])

/** The rules by which objects change. */
export function createObjects(rules: ObjectRules): Objects {
  const { store, nowMs, random } = rules
  let created = 0
  let addresses = 0
  const admissionRules: AdmissionRules = {
    ...rules,
    nextAddress() {
      addresses++
      return `10.96.${addresses >> 8}.${addresses & 255}`
    },
  }
  const stamp = () => timestampOf(nowMs())

  const find = <R extends ResourceName>({ resource, namespace = '', name }: ObjectRef<R>): ResourceTypes[R] => {
    const object = store.get(resource, resources[resource].namespaced ? namespace : '', name)
    if (object === undefined) throw notFound(qualified(resource), name)
    return object
  }

  const nameOf = (resource: ResourceName, { name, generateName, namespace = '' }: ObjectMeta): string => {
    if (name !== undefined || generateName === undefined) return name ?? ''
    const base = generateName.slice(0, longestGenerateName)
    for (let draw = 1; ; draw++) {
      let drawn = base
      for (let letter = 0; letter < 5; letter++) drawn += suffixLetters[random.integer(0, suffixLetters.length - 1)]
      if (draw === mostDraws || store.get(resource, namespace, drawn) === undefined) return drawn
    }
  }

  const requirePlace = (resource: ResourceName, namespace: string | undefined, name: string) => {
    if (!resources[resource].namespaced) return
    if (namespace === undefined) throw methodNotAllowed()
    const place = store.get('namespaces', '', namespace)
    if (place === undefined) throw notFound('namespaces', namespace)
    if (place.metadata.deletionTimestamp === undefined) return
    throw forbidden(
      qualified(resource),
      name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
    )
  }

  const terminate = (place: Namespace, finalizers: readonly string[]) => {
    const metadata = withFinalizers({ ...place.metadata, deletionTimestamp: stamp() }, finalizers)
    try {
      store.put('namespaces', { ...place, metadata, status: { ...place.status, phase: 'Terminating' } })
    } catch (error) {
      throw internalError(messageOf(error))
    }
  }

  return {
    create(resource, sent) {
      const name = nameOf(resource, sent.metadata)
      requirePlace(resource, sent.metadata.namespace, name)
      if (sent.metadata.resourceVersion) throw unforeseen('resourceVersion should not be set on objects to be created')
      const named: ObjectMeta = { ...sent.metadata, name }
      // What belongs to no namespace has none, whatever is said.
      if (!resources[resource].namespaced) delete named.namespace
      const object = admit(resource, { ...sent, metadata: named }, admissionRules)
      const taken = store.get(resource, named.namespace ?? '', name)
      if (taken?.metadata.deletionTimestamp !== undefined) throw stillBeingDeleted(qualified(resource), name)
      if (taken !== undefined) throw alreadyExists(qualified(resource), name)
      created++
      const { apiVersion, kind } = resources[resource]
      const metadata: ObjectMeta = {
        ...object.metadata,
        uid: uidOf(created),
        creationTimestamp: stamp(),
        ...(withGeneration.has(resource) && { generation: 1 }),
      }
      delete metadata.deletionTimestamp
      delete metadata.deletionGracePeriodSeconds
      return store.put(resource, { ...object, apiVersion, kind, metadata })
    },

    get: find,

    update(ref, part, change) {
      const { resource } = ref
      const current = find(ref)
      const changed = change(current)
      if (changed === current) return current
      const next =
        part === 'status' ? withField(changed, 'spec', specOf(current)) : withNewGeneration(resource, current, changed)
      if (isLetGo(resource, next)) {
        // Watches show what was stored last; the answer is what would have been stored.
        store.remove(resource, current)
        return next
      }
      return sameValue(next, current) ? current : store.put(resource, next)
    },

    bind(ref, nodeName) {
      const pod = find(ref)
      const { metadata, spec, status } = pod
      const refuse = (why: string) => conflict('pods/binding', ref.name, `pod ${ref.name} ${why}`)
      if (metadata.deletionTimestamp !== undefined) throw refuse('is being deleted, cannot be assigned to a host')
      if (spec.nodeName !== undefined) throw refuse(`is already assigned to node "${spec.nodeName}"`)
      const others = (status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled')
      const conditions = others.length === 0 ? scheduled : [...scheduled, ...others]
      return store.put('pods', { ...pod, spec: { ...spec, nodeName }, status: { ...status, conditions } })
    },

    delete(ref, { uid, resourceVersion = '', graceSeconds, propagation }) {
      const { resource } = ref
      const object = find(ref)
      const { metadata } = object
      if (uid !== undefined && uid !== metadata.uid)
        throw conflict(
          resources[resource].kind,
          ref.name,
          `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
        )
      if (resourceVersion !== '' && resourceVersion !== metadata.resourceVersion)
        throw conflict(
          resources[resource].kind,
          ref.name,
          `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
        )
      const isDeleting = metadata.deletionTimestamp !== undefined
      const finalizers = finalizersAfter(metadata.finalizers, propagation)
      if (resource === 'namespaces') {
        const place = object as Namespace
        if (!isDeleting) return terminate(place, finalizers)
        if ((place.spec?.finalizers ?? []).length > 0) return
      }
      const grace = resource === 'pods' ? graceAfter(object as Pod, graceSeconds) : undefined
      if (grace === 'pending') return
      const isHeld = finalizers.length > 0
      let marked = withFinalizers(metadata, finalizers)
      if (grace !== undefined || (isHeld && !isDeleting)) {
        const { generation = 0 } = metadata
        marked = {
          ...marked,
          deletionTimestamp: timestampOf(nowMs() + (grace ?? 0) * 1000),
          deletionGracePeriodSeconds: grace ?? 0,
          ...(generation > 0 && !isDeleting && { generation: generation + 1 }),
        }
      }
      const stored = marked === metadata ? object : store.put(resource, { ...object, metadata: marked })
      if (!isHeld && (grace ?? 0) === 0) store.remove(resource, stored)
    },
  }
}

const scheduled: Condition[] = [{ type: 'PodScheduled', status: 'True' }]

/** An object whose main part was written: its status is as it was, and a change that its controller has to act on is counted. */
function withNewGeneration<T extends KubeObject>(resource: ResourceName, current: T, changed: T): T {
  const next = withStatus.has(resource) ? withField(changed, 'status', statusOf(current)) : changed
  if (!withGeneration.has(resource)) return next
  const { annotations } = current.metadata
  const isCounted =
    !sameValue(specOf(next), specOf(current)) ||
    (resource === 'deployments' && !sameValue(next.metadata.annotations, annotations))
  if (!isCounted) return next
  return { ...next, metadata: { ...next.metadata, generation: (current.metadata.generation ?? 0) + 1 } }
}

function specOf(object: KubeObject): unknown {
  return (object as { spec?: unknown }).spec
}

function statusOf(object: KubeObject): unknown {
  return (object as { status?: unknown }).status
}

/** The object with another value in one field; itself when it has that already. */
function withField<T extends KubeObject>(object: T, field: 'spec' | 'status', value: unknown): T {
  if ((object as Record<string, unknown>)[field] === value) return object
  const changed: Record<string, unknown> = { ...object, [field]: value }
  if (value === undefined) delete changed[field]
  return changed as T
}

/** Whether nothing keeps a terminating object any longer. */
function isLetGo(resource: ResourceName, object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers } = object.metadata
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds > 0) return false
  if (finalizers !== undefined && finalizers.length > 0) return false
  return resource !== 'namespaces' || (object as Namespace).spec?.finalizers?.length === 0
}

/** Finalizers after a delete: how dependents are to be treated is said last by whoever said it (registry/generic/registry/store.go). */
function finalizersAfter(
  finalizers: readonly string[] = [],
  propagation: DeleteOptions['propagation'],
): readonly string[] {
  if (propagation === undefined) return finalizers
  const wanted = propagation === 'Orphan' ? 'orphan' : propagation === 'Foreground' ? 'foregroundDeletion' : undefined
  const others = finalizers.filter((one) => one !== 'orphan' && one !== 'foregroundDeletion')
  const isSame = others.length + (wanted === undefined ? 0 : 1) === finalizers.length
  if (isSame && (wanted === undefined || finalizers.includes(wanted))) return finalizers
  return wanted === undefined ? others : [...others, wanted]
}

function withFinalizers(metadata: ObjectMeta, finalizers: readonly string[]): ObjectMeta {
  if (finalizers === metadata.finalizers || (finalizers.length === 0 && metadata.finalizers === undefined))
    return metadata
  const { finalizers: _, ...others } = metadata
  return finalizers.length === 0 ? others : { ...others, finalizers: [...finalizers] }
}

/**
 * Seconds that the kubelet gets to stop a pod (rest.BeforeDelete and pkg/registry/core/pod/strategy.go). `pending`: it is being stopped
 * already, and sooner; undefined: its time is over, only finalizers hold it.
 */
function graceAfter({ metadata, spec, status }: Pod, asked: number | undefined): number | 'pending' | undefined {
  if (metadata.deletionTimestamp !== undefined) {
    const { deletionGracePeriodSeconds: left = 0 } = metadata
    if (left === 0) return undefined
    return asked === undefined || asked >= left ? 'pending' : asked
  }
  if (spec.nodeName === undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0
  return asked ?? spec.terminationGracePeriodSeconds ?? 0
}

function uidOf(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`
}
