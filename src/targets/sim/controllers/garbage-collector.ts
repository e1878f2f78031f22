import type { ResourceName } from '../../../kube/api.ts'
import type { KubeObject } from '../../../kube/resources.ts'
import { createWorkQueue } from '../model/work-queue.ts'
import type { ControlPlane } from './context.ts'
import { controllerClient } from './context.ts'

/** --concurrent-gc-syncs */
const workers = 20
/** What owns and is owned in this model. */
const kinds = ['deployments', 'replicasets', 'pods', 'configmaps', 'secrets', 'services'] as const
type Kind = (typeof kinds)[number]

interface Node {
  resource: Kind
  object: KubeObject
}

/**
 * The garbage collector (pkg/controller/garbagecollector): what has lost all its owners is deleted (a GET and a DELETE each); an owner that is
 * deleted in the foreground waits for its dependents; one that is deleted with `Orphan` lets go of them first.
 */
export function runGarbageCollector(controlPlane: ControlPlane): void {
  const { timeline, server } = controlPlane
  const client = controllerClient(controlPlane)
  const byUid = new Map<string, Node>()
  const dependents = new Map<string, Set<string>>()

  const refOf = ({ resource, object }: Node) => ({
    resource: resource as ResourceName,
    name: object.metadata.name ?? '',
    ...(object.metadata.namespace !== undefined && { namespace: object.metadata.namespace }),
  })
  const ownersOf = ({ metadata }: KubeObject) => metadata.ownerReferences ?? []
  const childrenOf = (uid: string): Node[] =>
    [...(dependents.get(uid) ?? [])].flatMap((child) => byUid.get(child) ?? [])
  const isForeground = ({ metadata }: KubeObject) => metadata.finalizers?.includes('foregroundDeletion') === true

  const queue = createWorkQueue(timeline, workers, (uid, done) => {
    const node = byUid.get(uid)
    if (node === undefined) return done()
    const { metadata } = node.object
    if (metadata.deletionTimestamp === undefined) return collect(uid, node, done)
    if (metadata.finalizers?.includes('orphan') === true) return orphan(uid, node, done)
    if (isForeground(node.object)) return deleteDependents(uid, node, done)
    done()
  })

  /** Deletes an object none of whose owners is there any more, or whose only owner waits for it to go. */
  const collect = (uid: string, node: Node, done: () => void) => {
    const owners = ownersOf(node.object)
    const living = owners.filter((owner) => byUid.has(owner.uid))
    const waitedFor = living.some((owner) => {
      const { object } = byUid.get(owner.uid) as Node
      return object.metadata.deletionTimestamp !== undefined && isForeground(object)
    })
    if (owners.length === 0 || (living.length > 0 && !waitedFor)) return done()
    const propagation = waitedFor && (dependents.get(uid)?.size ?? 0) > 0 ? 'Foreground' : 'Background'
    client.get(refOf(node), (error) => {
      if (error !== undefined) return done()
      client.delete(refOf(node), { uid, propagation }, done)
    })
  }

  const deleteDependents = (uid: string, node: Node, done: () => void) => {
    const blocking = childrenOf(uid)
    for (const { object } of blocking) queue.add(object.metadata.uid ?? '')
    if (blocking.length > 0) return done()
    removeFinalizer(node, 'foregroundDeletion', done)
  }

  const orphan = (uid: string, node: Node, done: () => void) => {
    const children = childrenOf(uid)
    let open = children.length
    if (open === 0) return removeFinalizer(node, 'orphan', done)
    for (const child of children) {
      client.update(
        'PATCH',
        refOf(child),
        'all but status',
        (current) => ({
          ...current,
          metadata: { ...current.metadata, ownerReferences: ownersOf(current).filter((owner) => owner.uid !== uid) },
        }),
        () => {
          if (--open === 0) removeFinalizer(node, 'orphan', done)
        },
      )
    }
  }

  const removeFinalizer = (node: Node, finalizer: string, done: () => void) =>
    client.update(
      'PATCH',
      refOf(node),
      'all but status',
      (current) => ({
        ...current,
        metadata: {
          ...current.metadata,
          finalizers: (current.metadata.finalizers ?? []).filter((one) => one !== finalizer),
        },
      }),
      () => done(),
    )

  const link = (uid: string, object: KubeObject, isThere: boolean) => {
    for (const owner of ownersOf(object)) {
      const children = dependents.get(owner.uid)
      if (!isThere) children?.delete(uid)
      else if (children !== undefined) children.add(uid)
      else dependents.set(owner.uid, new Set([uid]))
    }
  }

  for (const resource of kinds) {
    server.inform(resource, ({ type, object, previous }) => {
      const { uid = '' } = object.metadata
      if (previous !== undefined && previous.metadata.ownerReferences !== object.metadata.ownerReferences)
        link(uid, previous, false)
      if (type !== 'DELETED') {
        byUid.set(uid, { resource, object })
        if (type === 'ADDED' || previous?.metadata.ownerReferences !== object.metadata.ownerReferences)
          link(uid, object, true)
        const { deletionTimestamp } = object.metadata
        if (deletionTimestamp !== undefined) queue.add(uid)
        // Its owner may be gone already, from before it was made.
        else if (type === 'ADDED' && ownersOf(object).some((owner) => !byUid.has(owner.uid))) queue.add(uid)
        return
      }
      byUid.delete(uid)
      link(uid, object, false)
      for (const child of dependents.get(uid) ?? []) queue.add(child)
      dependents.delete(uid)
      for (const owner of ownersOf(object)) {
        if (byUid.get(owner.uid)?.object.metadata.deletionTimestamp !== undefined) queue.add(owner.uid)
      }
    })
  }
}
