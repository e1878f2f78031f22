import { isApiStatus } from '../../kube/api.ts'
import type { ObjectMeta, Pod, PodSpec, ReplicaSet } from '../../kube/resources.ts'
import { isReady } from '../../kube/resources.ts'
import type { LabelSelector } from '../apiserver/label-selector.ts'
import { matchesLabels } from '../apiserver/label-selector.ts'
import type { StoredChange } from '../apiserver/store.ts'
import { createEventRecorder } from '../client-go/event-recorder.ts'
import { createWorkQueue } from '../client-go/work-queue.ts'
import type { ControlPlane } from '../control-plane.ts'
import { controllerClient, keyOf, placeOf } from '../control-plane.ts'

type Owner = NonNullable<ObjectMeta['ownerReferences']>[number]

/** A pod as the controller's cache has it. */
interface KnownPod {
  uid: string
  /** Younger ones are deleted first. */
  number: number
  ready: boolean
  terminating: boolean
  /** It has run to its end: it counts no more, however long it stays. */
  ended: boolean
}

/** A ReplicaSet and what the controller knows of its pods. */
interface Known {
  replicaSet: ReplicaSet
  pods: Map<string, KnownPod>
  active: number
  ready: number
  terminating: number
  /** Creates and deletes of its own that its cache does not show yet: until it does, it does nothing further. */
  expectedCreates: number
  expectedDeletes: Set<string>
  /** Pods that it selects and nobody owns, to be adopted before anything else is done. */
  strays: Pod[]
}

/** At most so many pods are created or deleted in one sync (pkg/controller/replicaset/replica_set.go, BurstReplicas). */
const burstReplicas = 500

/**
 * The ReplicaSet controller (pkg/controller/replicaset/replica_set.go): creates in batches of 1, 2, 4, ..., each waiting for
 * the one before; deletes side by side; writes the status when it has changed; and does nothing about replicas until its cache shows
 * what it did before. It adopts pods that it selects and nobody owns, and lets go of those that it selects no longer. Pods, events
 * and statuses all draw from the one bucket of this controller.
 */
export function runReplicaSetController(controlPlane: ControlPlane): void {
  const { timeline, server, store, processor, costs, settings } = controlPlane
  const client = controllerClient(controlPlane)
  const recorder = createEventRecorder(timeline, client)
  const known = new Map<string, Known>()
  const byNamespace = new Map<string, Set<Known>>()
  let podNumber = 0

  const queue = createWorkQueue(timeline, settings.controllerManager.replicaSetSyncs, (key, done) => {
    const one = known.get(key)
    if (one === undefined) {
      queue.forget(key)
      return done()
    }
    const isDeleting = one.replicaSet.metadata.deletionTimestamp !== undefined
    if (one.strays.length > 0 && !isDeleting) return adopt(one, done)
    // The status is that of the pods found at the start, also when this very sync creates some.
    const status = statusOf(one)
    const finish = (failed: boolean) =>
      writeStatus(one, status, (isWritten) => {
        if (failed || !isWritten) queue.addRateLimited(key)
        else queue.forget(key)
        done()
      })
    if (isDeleting || one.expectedCreates > 0 || one.expectedDeletes.size > 0) return finish(false)
    const missing = one.replicaSet.spec.replicas - one.active
    if (missing > 0) createPods(key, one, Math.min(missing, burstReplicas), finish)
    else if (missing < 0) deletePods(key, one, Math.min(-missing, burstReplicas), finish)
    else finish(false)
  })
  controlPlane.workQueues.set('replicaset', queue)

  const createPods = (key: string, one: Known, count: number, finish: (failed: boolean) => void) => {
    one.expectedCreates = count
    const pod = podOf(one.replicaSet)
    const startBatch = (left: number, size: number) => {
      let open = size
      let failures = 0
      const onReply = (failed: boolean) => {
        if (failed) failures++
        else recorder.record(key, 'SuccessfulCreate')
        if (--open > 0) return
        if (failures > 0) {
          // What was not tried and what failed will not show up.
          one.expectedCreates = Math.max(0, one.expectedCreates - (left - size) - failures)
          return finish(true)
        }
        if (left === size) finish(false)
        else startBatch(left - size, Math.min(2 * size, left - size))
      }
      for (let index = 0; index < size; index++) client.create('pods', pod, (error) => onReply(error !== undefined))
    }
    startBatch(count, 1)
  }

  const deletePods = (key: string, one: Known, count: number, finish: (failed: boolean) => void) => {
    const { namespace } = placeOf(key)
    const active = [...one.pods].filter(([, { terminating, ended }]) => !terminating && !ended)
    const chosen = active
      .sort(([, left], [, right]) => Number(left.ready) - Number(right.ready) || right.number - left.number)
      .slice(0, count)
    one.expectedDeletes = new Set(chosen.map(([name]) => name))
    let open = chosen.length
    let failed = false
    for (const [name, { uid }] of chosen) {
      client.delete({ resource: 'pods', namespace, name }, { uid }, (error) => {
        if (error === undefined) recorder.record(key, 'SuccessfulDelete')
        else {
          one.expectedDeletes.delete(name)
          failed ||= !isApiStatus(error, 404)
        }
        if (--open === 0) finish(failed)
      })
    }
  }

  const writeStatus = (one: Known, status: ReplicaSet['status'], done: (isWritten: boolean) => void) => {
    if (sameStatus(one.replicaSet.status, status)) return done(true)
    processor.reserve('kube-controller-manager', one.pods.size * costs.controllerManager.listedPodMs, 'syncs')
    const { namespace = '', name = '' } = one.replicaSet.metadata
    client.update(
      'PUT',
      { resource: 'replicasets', namespace, name },
      'status',
      (current) => (sameStatus(current.status, status) ? current : ({ ...current, status } as ReplicaSet)),
      (error, updated) => {
        // The answer is newer than the cache may be.
        if (updated !== undefined)
          one.replicaSet = { ...one.replicaSet, ...(updated.status && { status: updated.status }) }
        done(error === undefined || isApiStatus(error, 404))
      },
    )
  }

  const onReplicaSet = ({ type, object }: StoredChange<'replicasets'>) => {
    const key = keyOf(object)
    const one = known.get(key)
    const { namespace = '', uid } = object.metadata
    const isOther = one !== undefined && one.replicaSet.metadata.uid !== uid
    if (one !== undefined && (isOther || type === 'DELETED')) {
      known.delete(key)
      byNamespace.get(namespace)?.delete(one)
    }
    if (type === 'DELETED') return
    if (one === undefined || isOther) {
      const added = blank(object)
      known.set(key, added)
      const neighbours = byNamespace.get(namespace)
      if (neighbours === undefined) byNamespace.set(namespace, new Set([added]))
      else neighbours.add(added)
      for (const pod of store.values('pods', namespace)) if (isStray(added, pod)) added.strays.push(pod)
    } else one.replicaSet = object
    queue.add(key)
  }

  /** Makes pods its own; the pods' events then say so. */
  const adopt = (one: Known, done: () => void) => {
    const pods = one.strays.splice(0)
    let open = pods.length
    for (const { metadata } of pods) {
      setOwner(metadata, ownerReferenceTo(one.replicaSet), () => {
        if (--open > 0) return
        queue.add(keyOf(one.replicaSet))
        done()
      })
    }
  }

  /** Gives a pod an owner, or takes it away. */
  const setOwner = ({ namespace = '', name = '', uid }: ObjectMeta, owner: Owner | undefined, done: () => void) =>
    client.update(
      'PATCH',
      { resource: 'pods', namespace, name },
      'all but status',
      (current) => {
        const { ownerReferences = [], ...metadata } = current.metadata
        const others = ownerReferences.filter(({ controller }) => controller !== true)
        const isTaken = owner !== undefined && others.length < ownerReferences.length
        if (metadata.uid !== uid || isTaken) return current
        const owners = owner === undefined ? others : [...others, owner]
        return { ...current, metadata: { ...metadata, ...(owners.length > 0 && { ownerReferences: owners }) } }
      },
      done,
    )

  const onPod = ({ type, object, previous }: StoredChange<'pods'>) => {
    processor.reserve('kube-controller-manager', costs.controllerManager.actionMs, 'watches')
    const { name = '', namespace = '', uid = '', deletionTimestamp, labels } = object.metadata
    const owner = controllerOf(object)
    const former =
      previous?.metadata.ownerReferences === object.metadata.ownerReferences ? owner : controllerOf(previous)
    if (former !== undefined && former.uid !== owner?.uid) forget(`${namespace}/${former.name}`, former.uid, name)
    if (owner === undefined) {
      if (type !== 'DELETED' && (previous?.metadata.labels !== labels || former !== undefined)) offer(object)
      return
    }
    if (owner.kind !== 'ReplicaSet') return
    const key = `${namespace}/${owner.name}`
    const one = known.get(key)
    if (one === undefined || one.replicaSet.metadata.uid !== owner.uid) return
    const before = one.pods.get(name)
    if (before !== undefined) count(one, before, -1)
    else if (type === 'ADDED') one.expectedCreates = Math.max(0, one.expectedCreates - 1)
    const terminating = deletionTimestamp !== undefined
    if (type === 'DELETED' || terminating) one.expectedDeletes.delete(name)
    if (type === 'DELETED') one.pods.delete(name)
    else {
      const { phase } = object.status ?? {}
      const ended = phase === 'Succeeded' || phase === 'Failed'
      const pod = { uid, number: before?.number ?? ++podNumber, ready: isReady(object), terminating, ended }
      one.pods.set(name, pod)
      count(one, pod, 1)
      const isRelabelled = previous !== undefined && previous.metadata.labels !== labels
      if (isRelabelled && !selects(one, object)) setOwner(object.metadata, undefined, () => {})
    }
    queue.add(key)
  }

  /** A pod is another's now, or nobody's. */
  const forget = (key: string, uid: string, name: string) => {
    const one = known.get(key)
    const pod = one?.pods.get(name)
    if (one === undefined || pod === undefined || one.replicaSet.metadata.uid !== uid) return
    count(one, pod, -1)
    one.pods.delete(name)
    queue.add(key)
  }

  /** Finds a ReplicaSet for a pod that nobody owns. */
  const offer = (pod: Pod) => {
    for (const one of byNamespace.get(pod.metadata.namespace ?? '') ?? []) {
      if (!isStray(one, pod)) continue
      one.strays.push(pod)
      queue.add(keyOf(one.replicaSet))
      return
    }
  }

  server.inform('replicasets', onReplicaSet)
  server.inform('pods', onPod)
}

function blank(replicaSet: ReplicaSet): Known {
  return {
    replicaSet,
    pods: new Map(),
    active: 0,
    ready: 0,
    terminating: 0,
    expectedCreates: 0,
    expectedDeletes: new Set(),
    strays: [],
  }
}

function controllerOf(object: Pod | undefined): Owner | undefined {
  return object?.metadata.ownerReferences?.find(({ controller }) => controller === true)
}

function selects({ replicaSet }: Known, { metadata }: Pod): boolean {
  return matchesLabels(replicaSet.spec['selector'] as LabelSelector, metadata.labels)
}

/** Whether a pod is there to be adopted. */
function isStray(one: Known, pod: Pod): boolean {
  const { deletionTimestamp } = pod.metadata
  return deletionTimestamp === undefined && controllerOf(pod) === undefined && selects(one, pod)
}

function count(one: Known, { ready, terminating, ended }: KnownPod, step: 1 | -1): void {
  if (ended) return
  if (terminating) one.terminating += step
  else {
    one.active += step
    if (ready) one.ready += step
  }
}

/**
 * terminatingReplicas is on in 1.35 and later (feature DeploymentReplicaSetTerminatingReplicas): pods that go show as well. Zero is left
 * out of other counts than these two.
 */
function statusOf({ replicaSet, active, ready, terminating }: Known): NonNullable<ReplicaSet['status']> {
  return {
    observedGeneration: replicaSet.metadata.generation ?? 0,
    replicas: active,
    ...(active > 0 && { fullyLabeledReplicas: active }),
    ...(ready > 0 && { readyReplicas: ready, availableReplicas: ready }),
    terminatingReplicas: terminating,
  }
}

function sameStatus(left: ReplicaSet['status'], right: ReplicaSet['status']): boolean {
  return (
    left?.replicas === right?.replicas &&
    left?.readyReplicas === right?.readyReplicas &&
    left?.terminatingReplicas === right?.terminatingReplicas &&
    left?.observedGeneration === right?.observedGeneration
  )
}

/** Filled-in templates by ReplicaSet spec: all its pods share labels, owner and spec. */
const podsOf = new WeakMap<object, Pod>()

function podOf(replicaSet: ReplicaSet): Pod {
  const { metadata, spec } = replicaSet
  const template = spec['template'] as { metadata: Pod['metadata']; spec: PodSpec }
  const known = podsOf.get(template)
  if (known !== undefined) return known
  const { namespace, name = '' } = metadata
  const pod: Pod = {
    metadata: {
      generateName: `${name}-`,
      ...(namespace !== undefined && { namespace }),
      ...(template.metadata.labels !== undefined && { labels: template.metadata.labels }),
      ...(template.metadata.annotations !== undefined && { annotations: template.metadata.annotations }),
      ownerReferences: [ownerReferenceTo(replicaSet)],
    },
    spec: template.spec,
  }
  podsOf.set(template, pod)
  return pod
}

function ownerReferenceTo({ metadata: { name = '', uid = '' } }: ReplicaSet): Owner {
  return { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, controller: true, blockOwnerDeletion: true }
}
