import type { ResourceName } from '../../kube/api.ts'
import { ApiError, isGone } from '../../kube/api.ts'
import type { KubeObject, ObjectMeta } from '../../kube/resources.ts'
import { resources } from '../../kube/resources.ts'
import { createWorkQueue } from '../client-go/work-queue.ts'
import type { ControlPlane } from '../control-plane.ts'
import { controllerClient } from '../control-plane.ts'

/** What owns and is owned in this model: all but nodes, which own nothing here and change all the time. */
const kinds = (Object.keys(resources) as ResourceName[]).filter((resource) => resource !== 'nodes')
const byKind = new Map(
  (Object.keys(resources) as ResourceName[]).map((resource) => [
    `${resources[resource].apiVersion}/${resources[resource].kind}`,
    resource,
  ]),
)
/** How many owners it remembers to be gone. */
const mostAbsent = 500

type Owner = NonNullable<ObjectMeta['ownerReferences']>[number]

interface Node {
  resource: ResourceName
  object: KubeObject
}

/** An object's owners by what they mean for it. */
interface Owners {
  /** They keep it. */
  solid: Owner[]
  /** They are gone, or others of the same name. */
  dangling: Owner[]
  /** They are being deleted in the foreground, and wait for it to go. */
  waiting: Owner[]
}

/** A deletion takes two requests: its client may send twice as many as the others' (cmd/kube-controller-manager/app/core.go). */
const timesTheLimits = { qps: 2, burst: 1 }

/**
 * The garbage collector (pkg/controller/garbagecollector): what has lost all its owners is deleted, what has lost some gets a shorter list of them; an
 * owner that is deleted in the foreground waits for dependents that block it; one that is deleted with `Orphan` lets go of them first.
 */
export function runGarbageCollector(controlPlane: ControlPlane): void {
  const { timeline, server, settings } = controlPlane
  const client = controllerClient(controlPlane, timesTheLimits)
  const byUid = new Map<string, Node>()
  const dependents = new Map<string, Set<string>>()
  const absent = new Set<string>()

  const isForeground = ({ metadata }: KubeObject) =>
    metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes('foregroundDeletion') === true
  const noteAbsent = (uid: string) => {
    absent.add(uid)
    if (absent.size > mostAbsent) absent.delete(absent.values().next().value as string)
  }

  const queue = createWorkQueue(timeline, settings.controllerManager.gcSyncs, (uid, done) => {
    const finish = (error?: unknown) => {
      if (error === undefined || isGone(error)) queue.forget(uid)
      else queue.addRateLimited(uid)
      done()
    }
    const node = byUid.get(uid)
    if (node === undefined) return finish()
    const { metadata } = node.object
    if (metadata.deletionTimestamp === undefined) collect(uid, node, finish)
    else if (metadata.finalizers?.includes('orphan') === true) orphan(uid, node, finish)
    else if (isForeground(node.object)) awaitDependents(uid, node, finish)
    else finish()
  })
  controlPlane.workQueues.set('garbage_collector_attempt_to_delete', queue)

  const collect = (uid: string, node: Node, finish: (error?: unknown) => void) => {
    client.get(refOf(node), (error, object) => {
      if (object === undefined || object.metadata.uid !== uid) return finish(error)
      const owners = ownersOf(object)
      if (owners.length === 0) return finish()
      classify(object, owners, (failure, classified) => {
        if (classified === undefined) return finish(failure)
        const { solid, dangling, waiting } = classified
        if (solid.length > 0) return letGoOf(node, [...dangling, ...waiting], finish)
        const hasDependents = (dependents.get(uid)?.size ?? 0) > 0
        const propagation = waiting.length > 0 && hasDependents ? 'Foreground' : propagationOf(object)
        client.delete(refOf(node), { uid, propagation }, finish)
      })
    })
  }

  /** Asks for each owner, unless it is known to be gone. What is of no known kind may exist: nothing is done then. */
  const classify = (
    { metadata: { namespace } }: KubeObject,
    owners: readonly Owner[],
    reply: (error: unknown, classified?: Owners) => void,
  ) => {
    const classified: Owners = { solid: [], dangling: [], waiting: [] }
    const next = (index: number) => {
      const owner = owners[index]
      if (owner === undefined) return reply(undefined, classified)
      const resource = byKind.get(`${owner.apiVersion}/${owner.kind}`)
      if (resource === undefined) {
        const why = `unable to get REST mapping for ${owner.apiVersion}/${owner.kind}.`
        return reply(new ApiError(0, 'NoMatch', why))
      }
      if (absent.has(owner.uid)) {
        classified.dangling.push(owner)
        return next(index + 1)
      }
      const { namespaced } = resources[resource]
      const ref = { resource, name: owner.name, ...(namespaced && namespace !== undefined && { namespace }) }
      client.get(ref, (error, found) => {
        if (error !== undefined && error.status !== 404) return reply(error)
        if (found === undefined || found.metadata.uid !== owner.uid) {
          noteAbsent(owner.uid)
          classified.dangling.push(owner)
        } else if (isForeground(found)) classified.waiting.push(owner)
        else classified.solid.push(owner)
        next(index + 1)
      })
    }
    next(0)
  }

  const letGoOf = (node: Node, owners: readonly Owner[], finish: (error?: unknown) => void) => {
    if (owners.length === 0) return finish()
    const gone = new Set(owners.map(({ uid }) => uid))
    const stays = ({ uid }: Owner) => !gone.has(uid)
    client.update('PATCH', refOf(node), 'all but status', (current) => withOwners(current, stays), finish)
  }

  /** Looks after all dependents; those that block their owner's deletion have to be gone first. */
  const awaitDependents = (uid: string, node: Node, finish: (error?: unknown) => void) => {
    let blocking = 0
    for (const child of dependents.get(uid) ?? []) {
      const object = byUid.get(child)?.object
      if (object === undefined) continue
      if (ownersOf(object).some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true)) blocking++
      if (object.metadata.deletionTimestamp === undefined) queue.add(child)
    }
    if (blocking > 0) finish()
    else removeFinalizer(node, 'foregroundDeletion', finish)
  }

  const orphan = (uid: string, node: Node, finish: (error?: unknown) => void) => {
    const children = [...(dependents.get(uid) ?? [])].flatMap((child) => byUid.get(child) ?? [])
    let open = children.length
    if (open === 0) return removeFinalizer(node, 'orphan', finish)
    for (const child of children) {
      const stays = (owner: Owner) => owner.uid !== uid
      client.update(
        'PATCH',
        refOf(child),
        'all but status',
        (current) => withOwners(current, stays),
        () => {
          if (--open === 0) removeFinalizer(node, 'orphan', finish)
        },
      )
    }
  }

  const removeFinalizer = (node: Node, finalizer: string, finish: (error?: unknown) => void) =>
    client.get(refOf(node), (error, found) => {
      if (found?.metadata.finalizers?.includes(finalizer) !== true) return finish(error)
      client.update(
        'PATCH',
        refOf(node),
        'all but status',
        (current) => {
          const { finalizers = [], ...metadata } = current.metadata
          const others = finalizers.filter((one) => one !== finalizer)
          return { ...current, metadata: { ...metadata, ...(others.length > 0 && { finalizers: others }) } }
        },
        finish,
      )
    })

  const link = (uid: string, object: KubeObject, isThere: boolean) => {
    for (const owner of ownersOf(object)) {
      const children = dependents.get(owner.uid)
      if (isThere && children !== undefined) children.add(uid)
      else if (isThere) dependents.set(owner.uid, new Set([uid]))
      else {
        children?.delete(uid)
        // It may have been the last that this owner waited for.
        const above = byUid.get(owner.uid)
        if (above !== undefined && isForeground(above.object)) queue.add(owner.uid)
      }
    }
  }

  for (const resource of kinds) {
    server.inform(resource, ({ type, object, previous }) => {
      const { uid = '', ownerReferences, deletionTimestamp } = object.metadata
      if (type === 'DELETED') {
        byUid.delete(uid)
        link(uid, object, false)
        const children = dependents.get(uid)
        if (children === undefined) return
        noteAbsent(uid)
        for (const child of children) queue.add(child)
        dependents.delete(uid)
        return
      }
      const known = byUid.get(uid)
      if (known === undefined) byUid.set(uid, { resource, object })
      else known.object = object
      if (previous?.metadata.ownerReferences !== ownerReferences) {
        if (previous !== undefined) link(uid, previous, false)
        link(uid, object, true)
        // An owner may be gone already, or never have been, or be somebody else.
        if (ownersOf(object).some((owner) => !byUid.has(owner.uid))) queue.add(uid)
      }
      const { deletionTimestamp: before, finalizers } = previous?.metadata ?? {}
      if (deletionTimestamp !== before || object.metadata.finalizers !== finalizers) {
        if (deletionTimestamp !== undefined) queue.add(uid)
      }
    })
  }
}

function refOf({ resource, object: { metadata } }: Node) {
  const { name = '', namespace } = metadata
  return { resource, name, ...(namespace !== undefined && { namespace }) }
}

const nobody: readonly Owner[] = []

function ownersOf({ metadata }: KubeObject): readonly Owner[] {
  return metadata.ownerReferences ?? nobody
}

function withOwners<T extends KubeObject>(object: T, stays: (owner: Owner) => boolean): T {
  const { ownerReferences = [], ...metadata } = object.metadata
  const owners = ownerReferences.filter(stays)
  if (owners.length === ownerReferences.length) return object
  return { ...object, metadata: { ...metadata, ...(owners.length > 0 && { ownerReferences: owners }) } }
}

/** What finalizers said before stays said. */
function propagationOf({ metadata: { finalizers = [] } }: KubeObject): 'Orphan' | 'Foreground' | 'Background' {
  if (finalizers.includes('orphan')) return 'Orphan'
  return finalizers.includes('foregroundDeletion') ? 'Foreground' : 'Background'
}
