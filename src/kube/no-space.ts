import { atOnce } from '../base/at-once.ts'
import { plural } from '../base/count.ts'
import { formatNames } from '../base/names.ts'
import type { Report } from '../base/progress.ts'
import type { KubeApi } from './api.ts'
import { isApiStatus, isGone } from './api.ts'
import { isOutOfSpace } from './failures.ts'
import { runLabel } from './labels.ts'
import type { KubeObject } from './resources.ts'

/**
 * What an etcd that is out of space lets go of: objects that are gone at once, as nothing is written into them first. Deployments come first, or
 * controllers would go on with them; their ReplicaSets are the garbage collector's.
 */
const deletable = ['deployments', 'services', 'configmaps', 'secrets', 'events', 'serviceaccounts'] as const
/** Pods and namespaces are marked as being deleted before they are. */
const counted = [...deletable, 'replicasets', 'pods'] as const

const deletedAtOnce = 32
const shownNamespaces = 20

/**
 * Deletes what can be deleted of a run's objects in these namespaces while etcd is out of space, each by its UID, and tells in a phrase what is
 * left. The first refusal of a kind ends that kind: the next object would meet it as well. Throws `ApiError` when lists fail.
 */
export async function emptyNamespaces(
  api: KubeApi,
  names: ReadonlySet<string>,
  signal: AbortSignal,
  report?: Report,
): Promise<string> {
  for (const resource of deletable) {
    const there = await inThese(api, names, resource, signal)
    let gone = 0
    const remove = async ({ metadata: { name = '', namespace = '', uid = '' } }: KubeObject) => {
      signal.throwIfAborted()
      try {
        await api.delete({ resource, namespace, name }, { uid, propagation: 'Background' })
      } catch (error) {
        if (!isGone(error)) throw error
      }
      report?.({ done: ++gone, total: there.length, unit: `${resource} gone` })
    }
    await atOnce(deletedAtOnce, there, remove).catch((error: unknown) => {
      // Rights from before there was a need to delete what is in namespaces.
      if (!isOutOfSpace(error) && !isApiStatus(error, 403)) throw error
    })
  }
  const left = [plural(names.size, 'namespace')]
  for (const resource of counted) {
    const { length } = await inThese(api, names, resource, signal)
    if (length > 0) left.push(plural(length, resource.slice(0, -1)))
  }
  return `${left.join(', ')} (in ${formatNames([...names], shownNamespaces)})`
}

/** A run's objects of one kind in these namespaces, by its label: what controllers add to every namespace has none. */
async function inThese(
  api: KubeApi,
  names: ReadonlySet<string>,
  resource: (typeof counted)[number],
  signal: AbortSignal,
): Promise<KubeObject[]> {
  const found: KubeObject[] = []
  try {
    for await (const { items } of api.list({ resource, labelSelector: runLabel }, signal))
      for (const { metadata } of items) if (names.has(metadata.namespace ?? '')) found.push({ metadata })
  } catch (error) {
    if (!isApiStatus(error, 403)) throw error
  }
  return found
}
