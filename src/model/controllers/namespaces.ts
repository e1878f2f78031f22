import { countMore } from '../../base/sum.ts'
import type { ResourceName } from '../../kube/api.ts'
import { isApiStatus } from '../../kube/api.ts'
import type { Condition, KubeObject, Namespace, Pod } from '../../kube/resources.ts'
import { resources } from '../../kube/resources.ts'
import { qualified } from '../apiserver/metadata.ts'
import { sameValue } from '../apiserver/same-value.ts'
import { createWorkQueue } from '../client-go/work-queue.ts'
import type { ControlPlane } from '../control-plane.ts'
import { controllerClient } from '../control-plane.ts'

/** Its client's limits are so many times the others' (cmd/kube-controller-manager/app/core.go, newNamespaceController). */
const timesTheLimits = { qps: 20, burst: 100 }
/** A namespace is looked at so long after it was changed: its deletion has to be known to all apiservers (namespace_controller.go). */
const settleMs = 5000
/** A failed deletion is tried again every minute at least (namespace_controller.go, nsControllerRateLimiter). */
const longestBackOffMs = 60_000
/** How long finalizers are thought to take (namespaced_resources_deleter.go, finalizerEstimateSeconds). */
const finalizerSeconds = 15

const namespaced = (Object.keys(resources) as ResourceName[]).filter((resource) => resources[resource].namespaced)
const withoutPods = namespaced.filter((resource) => resource !== 'pods')

interface Content {
  resource: ResourceName
  object: KubeObject
}

/**
 * The namespace controller (pkg/controller/namespace): deletes everything in a namespace that is terminating, its pods before all
 * else, says in its conditions what keeps it, and finalizes it when nothing is left.
 */
export function runNamespaceController(controlPlane: ControlPlane): void {
  const { timeline, server, store, settings } = controlPlane
  const client = controllerClient(controlPlane, timesTheLimits)

  const queue = createWorkQueue(
    timeline,
    settings.controllerManager.namespaceSyncs,
    (name, done) => {
      const place = store.get('namespaces', '', name)
      if (place?.metadata.deletionTimestamp === undefined) return done()
      const finish = (error?: unknown) => {
        if (error === undefined || isApiStatus(error, 404)) queue.forget(name)
        else queue.addRateLimited(name)
        done()
      }
      /** A namespace whose conditions have changed is looked at as after any change: sooner than what is left is thought to take. */
      const lookAgain = (left: readonly Content[], hasChanged: boolean) => {
        queue.addAfter(name, hasChanged ? settleMs : 1000 * (Math.floor(secondsFor(left) / 2) + 1))
        finish()
      }
      deleteAll(['pods'], name, () => {
        const pods = contentsOf(['pods'], name)
        if (pods.length > 0)
          return writeConditions(name, [], (error, hasChanged) => (error ? finish(error) : lookAgain(pods, hasChanged)))
        deleteAll([...withoutPods], name, () => {
          const left = contentsOf(namespaced, name)
          writeConditions(name, left, (error, hasChanged) => {
            if (error !== undefined) finish(error)
            else if (left.length > 0) lookAgain(left, hasChanged)
            else finalize(place, finish)
          })
        })
      })
    },
    longestBackOffMs,
  )
  controlPlane.workQueues.set('namespace', queue)

  const contentsOf = (kinds: readonly ResourceName[], namespace: string): Content[] =>
    kinds.flatMap((resource) => [...store.values(resource, namespace)].map((object) => ({ resource, object })))

  /** DeleteCollection, one resource after the other; the apiserver deletes the objects one by one. */
  const deleteAll = (kinds: ResourceName[], namespace: string, done: () => void) => {
    const resource = kinds.shift()
    if (resource === undefined) return done()
    const doomed = [...store.values(resource, namespace)].filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined,
    )
    let open = doomed.length
    if (open === 0) return deleteAll(kinds, namespace, done)
    for (const { metadata } of doomed) {
      const ref = { resource, namespace, name: metadata.name ?? '' }
      client.delete(ref, { propagation: 'Background' }, () => {
        if (--open === 0) deleteAll(kinds, namespace, done)
      })
    }
  }

  const writeConditions = (
    name: string,
    left: readonly Content[],
    done: (error: unknown, hasChanged: boolean) => void,
  ) => {
    const conditions = conditionsOf(left)
    if (sameValue(conditions, store.get('namespaces', '', name)?.status?.conditions)) return done(undefined, false)
    client.update(
      'PUT',
      { resource: 'namespaces', name },
      'status',
      (current): Namespace => ({ ...current, status: { ...current.status, conditions } }),
      (error) => done(error, true),
    )
  }

  const finalize = ({ metadata: { name = '', uid } }: Namespace, done: (error?: unknown) => void) =>
    client.update(
      'PUT',
      { resource: 'namespaces', name },
      'all but status',
      (current): Namespace => (current.metadata.uid === uid ? { ...current, spec: { finalizers: [] } } : current),
      done,
    )

  server.inform('namespaces', ({ type, object: { metadata } }) => {
    if (type !== 'DELETED' && metadata.deletionTimestamp !== undefined) queue.addAfter(metadata.name ?? '', settleMs)
  })
}

/** How long what is left will take: pods as long as they may. */
function secondsFor(left: readonly Content[]): number {
  return left.reduce((most, { resource, object }) => {
    const seconds = resource === 'pods' ? ((object as Pod).spec.terminationGracePeriodSeconds ?? 0) : finalizerSeconds
    return Math.max(most, seconds)
  }, 0)
}

/** Conditions, in the words of pkg/controller/namespace/deletion/status_condition_utils.go; each is False while all is well. */
function conditionsOf(left: readonly Content[]): Condition[] {
  const tell = (counts: ReadonlyMap<string, number>, verb: string) =>
    [...counts]
      .map(([one, count]) => `${one} ${verb} ${count} resource instances`)
      .sort()
      .join(', ')
  const contents = countOf(
    left.map(({ resource }) => (qualified(resource).includes('.') ? qualified(resource) : `${resource}.`)),
  )
  const finalizers = countOf(left.flatMap(({ object }) => object.metadata.finalizers ?? []))
  return [
    {
      type: 'NamespaceDeletionDiscoveryFailure',
      status: 'False',
      reason: 'ResourcesDiscovered',
      message: 'All resources successfully discovered',
    },
    {
      type: 'NamespaceDeletionGroupVersionParsingFailure',
      status: 'False',
      reason: 'ParsedGroupVersions',
      message: 'All legacy kube types successfully parsed',
    },
    {
      type: 'NamespaceDeletionContentFailure',
      status: 'False',
      reason: 'ContentDeleted',
      message: 'All content successfully deleted, may be waiting on finalization',
    },
    contents.size === 0
      ? {
          type: 'NamespaceContentRemaining',
          status: 'False',
          reason: 'ContentRemoved',
          message: 'All content successfully removed',
        }
      : {
          type: 'NamespaceContentRemaining',
          status: 'True',
          reason: 'SomeResourcesRemain',
          message: `Some resources are remaining: ${tell(contents, 'has')}`,
        },
    finalizers.size === 0
      ? {
          type: 'NamespaceFinalizersRemaining',
          status: 'False',
          reason: 'ContentHasNoFinalizers',
          message: 'All content-preserving finalizers finished',
        }
      : {
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message: `Some content in the namespace has finalizers remaining: ${tell(finalizers, 'in')}`,
        },
  ]
}

function countOf(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) countMore(counts, name)
  return counts
}
