import type { ResourceName } from '../../../kube/api.ts'
import { isApiStatus } from '../../../kube/api.ts'
import type { Condition, KubeObject, Namespace } from '../../../kube/resources.ts'
import { resources } from '../../../kube/resources.ts'
import { createWorkQueue } from '../model/work-queue.ts'
import type { ControlPlane } from './context.ts'
import { controllerClient } from './context.ts'

/** Its client's limits are 20 times the others' (cmd/kube-controller-manager/app/core.go, startNamespaceController). */
const shareOfLimits = 20
/** What is left is looked for again after half of the longest grace period, and a second (namespaced_resources_deleter.go). */
const lookAgainMs = 16_000
/** Without pods that stop in their own time, after the queue's back-off. */
const firstLookMs = 1000

const namespaced = (Object.keys(resources) as ResourceName[]).filter((resource) => resources[resource].namespaced)

/**
 * The namespace controller (pkg/controller/namespace): deletes everything in a namespace that is terminating, says in its conditions
 * what keeps it, and finalizes it when nothing is left.
 */
export function runNamespaceController(controlPlane: ControlPlane): void {
  const { timeline, server, store, settings } = controlPlane
  const client = controllerClient(controlPlane, shareOfLimits)
  const terminating = new Set<string>()

  const queue = createWorkQueue(timeline, settings.controllerManager.namespaceSyncs, (name, done) => {
    const place = store.get('namespaces', '', name)
    if (place?.metadata.deletionTimestamp === undefined) return done()
    // DeleteCollection, one resource after the other; the apiserver deletes the objects one by one.
    const kinds = namespaced.filter((resource) => hasAny(store.values(resource, name)))
    const next = () => {
      const resource = kinds.shift()
      if (resource === undefined) return conclude()
      deleteAll(resource, name, next)
    }
    const conclude = () => {
      const left = namespaced.flatMap((resource) =>
        [...store.values(resource, name)].map((object) => ({ resource, object })),
      )
      if (left.length === 0) return finalize(name, done)
      writeConditions(name, conditionsOf(left), () => {
        const stopping = left.some(({ object }) => (object.metadata.deletionGracePeriodSeconds ?? 0) > 0)
        queue.addAfter(name, stopping ? lookAgainMs : firstLookMs)
        done()
      })
    }
    next()
  })

  const deleteAll = (resource: ResourceName, namespace: string, done: () => void) => {
    const doomed = [...store.values(resource, namespace)].filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined,
    )
    if (doomed.length === 0) return done()
    let open = doomed.length
    for (const { metadata } of doomed) {
      const ref = { resource, namespace, name: metadata.name ?? '' }
      client.delete(ref, { propagation: 'Background' }, () => {
        if (--open === 0) done()
      })
    }
  }

  const writeConditions = (name: string, conditions: Condition[], done: () => void) =>
    client.update(
      'PUT',
      { resource: 'namespaces', name },
      'status',
      (current): Namespace => ({ ...current, status: { phase: 'Terminating', conditions } }),
      done,
    )

  const finalize = (name: string, done: () => void) =>
    client.update(
      'PUT',
      { resource: 'namespaces', name },
      'all but status',
      (current): Namespace => ({ ...current, spec: { finalizers: [] } }),
      (error) => {
        if (error !== undefined && !isApiStatus(error, 404)) queue.addRateLimited(name)
        done()
      },
    )

  server.inform('namespaces', ({ type, object }) => {
    const { name = '', deletionTimestamp } = object.metadata
    if (type === 'DELETED') terminating.delete(name)
    else if (deletionTimestamp !== undefined && !terminating.has(name)) {
      terminating.add(name)
      queue.add(name)
    }
  })
  // The real one finds out by asking again; what is gone sooner is seen sooner here, which shortens nothing but idle waiting.
  for (const resource of namespaced) {
    server.inform(resource, ({ type, object }) => {
      const { namespace = '' } = object.metadata
      const isLast = type === 'DELETED' && terminating.has(namespace)
      if (isLast && !namespaced.some((one) => hasAny(store.values(one, namespace)))) queue.add(namespace)
    })
  }
}

function hasAny(values: Iterable<unknown>): boolean {
  for (const _ of values) return true
  return false
}

function conditionsOf(left: readonly { resource: ResourceName; object: KubeObject }[]): Condition[] {
  const finalizers = left.flatMap(({ object }) => object.metadata.finalizers ?? [])
  const told = (of: readonly string[]) =>
    [...new Set(of)]
      .map((one) => `${one} has ${of.filter((other) => other === one).length} resource instances`)
      .join(', ')
  const contents = told(left.map(({ resource }) => `${resource}.`))
  const holders = told(finalizers).replaceAll(' has ', ' in ')
  return [
    { type: 'NamespaceDeletionContentFailure', status: 'False', reason: 'ContentDeleted' },
    {
      type: 'NamespaceContentRemaining',
      status: 'True',
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${contents}`,
    },
    finalizers.length === 0
      ? { type: 'NamespaceFinalizersRemaining', status: 'False', reason: 'ContentHasNoFinalizers' }
      : {
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message: `Some content in the namespace has finalizers remaining: ${holders}`,
        },
  ]
}
