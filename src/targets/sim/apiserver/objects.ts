import type { Random } from '../../../base/random.ts'
import type { DeleteOptions, ObjectRef, ResourceName } from '../../../kube/api.ts'
import type { KubeObject, ObjectMeta, ResourceTypes } from '../../../kube/resources.ts'
import { resources } from '../../../kube/resources.ts'
import { admit } from './admission.ts'
import { alreadyExists, conflict, forbidden, notFound } from './refusals.ts'
import type { Store } from './store.ts'

/** What writing objects takes. */
export interface ObjectRules {
  store: Store
  nowMs: () => number
  /** Draws the ends of generated names. */
  random: Random
  /** Pods tolerate a node that is away for so long (`--default-not-ready-toleration-seconds` and its sibling). */
  tolerationSeconds: { notReady: number; unreachable: number }
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
  /** Throws `ApiError` 404, and 409 when the UID is not the object's. */
  delete(ref: ObjectRef, options: Partial<DeleteOptions>): void
}

/** Time zero of every simulation. */
const epochMs = Date.UTC(2000, 0, 1)
/** What apimachinery/pkg/util/rand draws from: no vowels, so that no words come out. */
const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789'
const longestGenerateName = 58

/** Kinds whose status is a subresource: writing one part leaves the other alone. */
const withStatus: ReadonlySet<ResourceName> = new Set([
  'namespaces',
  'nodes',
  'pods',
  'deployments',
  'replicasets',
  'services',
])
const withGeneration: ReadonlySet<ResourceName> = new Set(['pods', 'deployments', 'replicasets'])

/** A moment of the simulation as objects carry it: in whole seconds. */
export function timestampOf(nowMs: number): string {
  const second = Math.floor(nowMs / 1000)
  if (second !== lastSecond) {
    lastSecond = second
    lastTimestamp = `${new Date(epochMs + 1000 * second).toISOString().slice(0, 19)}Z`
  }
  return lastTimestamp
}

/** Thousands of objects are stamped in the same second. */
let lastSecond = Number.NaN
let lastTimestamp = ''

/** A resource as messages call it: `deployments.apps`. */
export function qualified(resource: ResourceName): string {
  const [group, version] = resources[resource].apiVersion.split('/')
  return version === undefined ? resource : `${resource}.${group}`
}

/** The rules by which objects change. */
export function createObjects(rules: ObjectRules): Objects {
  const { store, random } = rules
  let created = 0

  const stamp = () => timestampOf(rules.nowMs())
  const find = <R extends ResourceName>({ resource, namespace = '', name }: ObjectRef<R>): ResourceTypes[R] => {
    const object = store.get(resource, namespace, name)
    if (object === undefined) throw notFound(qualified(resource), name)
    return object
  }

  const nameOf = ({ name, generateName }: ObjectMeta): string => {
    if (name !== undefined || generateName === undefined) return name ?? ''
    const suffix = Array.from({ length: 5 }, () => suffixLetters[random.integer(0, suffixLetters.length - 1)]).join('')
    return generateName.slice(0, longestGenerateName) + suffix
  }

  const requirePlace = (resource: ResourceName, namespace: string, name: string) => {
    if (!resources[resource].namespaced) return
    const place = store.get('namespaces', '', namespace)
    if (place === undefined) throw notFound('namespaces', namespace)
    if (place.metadata.deletionTimestamp === undefined) return
    throw forbidden(
      qualified(resource),
      name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
    )
  }

  /** Whether nothing keeps a terminating object any longer. */
  const isLetGo = (resource: ResourceName, { metadata, ...rest }: KubeObject) =>
    metadata.deletionTimestamp !== undefined &&
    (metadata.finalizers ?? []).length === 0 &&
    (resource !== 'pods' || metadata.deletionGracePeriodSeconds === 0) &&
    (resource !== 'namespaces' || (rest as { spec?: { finalizers?: string[] } }).spec?.finalizers?.length === 0)

  return {
    create(resource, sent) {
      const name = nameOf(sent.metadata)
      const { namespace = '' } = sent.metadata
      const object = admit(resource, { ...sent, metadata: { ...sent.metadata, name } }, rules)
      requirePlace(resource, namespace, name)
      if (store.get(resource, namespace, name) !== undefined) throw alreadyExists(qualified(resource), name)
      created++
      const { apiVersion, kind } = resources[resource]
      const metadata: ObjectMeta = {
        ...object.metadata,
        uid: uidOf(created),
        creationTimestamp: stamp(),
        ...(withGeneration.has(resource) && { generation: 1 }),
      }
      delete metadata.deletionTimestamp
      return store.put(resource, { apiVersion, kind, ...object, metadata })
    },

    get: find,

    update(ref, part, change) {
      const { resource } = ref
      const current = find(ref)
      const changed = change(current)
      if (changed === current) return current
      const next = { ...changed } as typeof current & { status?: unknown; spec?: unknown }
      const before = current as typeof next
      if (part === 'status') {
        const { metadata } = current
        Object.assign(next, { ...current, status: next.status, metadata: { ...metadata, ...onlyAnnotations(changed) } })
      } else if (withStatus.has(resource)) {
        if (before.status === undefined) delete next.status
        else next.status = before.status
      }
      if (part !== 'status' && withGeneration.has(resource) && !sameValue(next.spec, before.spec))
        next.metadata = { ...next.metadata, generation: (current.metadata.generation ?? 0) + 1 }
      if (isLetGo(resource, next)) {
        store.remove(resource, next)
        return next
      }
      return sameValue(next, current) ? current : store.put(resource, next)
    },

    delete(ref, { uid, graceSeconds, propagation }) {
      const { resource } = ref
      const object = find(ref)
      const { metadata } = object
      if (uid !== undefined && uid !== metadata.uid)
        throw conflict(
          resources[resource].kind,
          ref.name,
          `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
        )
      const finalizers = new Set(metadata.finalizers ?? [])
      if (metadata.deletionTimestamp === undefined) {
        if (propagation === 'Foreground') finalizers.add('foregroundDeletion')
        if (propagation === 'Orphan') finalizers.add('orphan')
      }
      const grace = graceOf(resource, object, graceSeconds)
      const waits = finalizers.size > 0 || resource === 'namespaces' || grace > 0
      if (!waits) return store.remove(resource, object)
      const known = metadata.deletionGracePeriodSeconds
      if (metadata.deletionTimestamp !== undefined && (known === undefined || known <= grace)) return
      const marked: ObjectMeta = {
        ...metadata,
        deletionTimestamp: timestampOf(rules.nowMs() + grace * 1000),
        ...(resource !== 'namespaces' && { deletionGracePeriodSeconds: grace }),
        ...(finalizers.size > 0 && { finalizers: [...finalizers] }),
        ...(withGeneration.has(resource) && { generation: (metadata.generation ?? 0) + 1 }),
      }
      const terminating = { ...object, metadata: marked }
      if (resource === 'namespaces') Object.assign(terminating, { status: { phase: 'Terminating' } })
      store.put(resource, terminating)
    },
  }
}

/** Seconds that the kubelet gets to stop a pod; nothing else is deleted gracefully (pkg/registry/core/pod/strategy.go). */
function graceOf(resource: ResourceName, object: KubeObject, asked: number | undefined): number {
  if (resource !== 'pods') return 0
  const { spec, status } = object as ResourceTypes['pods']
  if (spec.nodeName === undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0
  return asked ?? spec.terminationGracePeriodSeconds ?? 30
}

function onlyAnnotations({ metadata }: KubeObject): Pick<ObjectMeta, 'annotations'> {
  return metadata.annotations === undefined ? {} : { annotations: metadata.annotations }
}

function uidOf(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`
}

/** Whether two JSON values are the same; what versions share is not looked into. */
export function sameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (Array.isArray(left) !== Array.isArray(right)) return false
  const [leftKeys, rightKeys] = [Object.keys(left), Object.keys(right)]
  if (leftKeys.length !== rightKeys.length) return false
  return leftKeys.every(
    (key) =>
      Object.hasOwn(right, key) &&
      sameValue((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]),
  )
}
