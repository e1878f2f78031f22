import { whenAborted } from '../base/abort.ts'
import type { Clock } from '../base/clock.ts'
import { Failure, messageOf } from '../base/errors.ts'
import type { KubeApi, ListQuery } from './api.ts'
import { ApiError, isApiStatus } from './api.ts'
import { isTransient } from './failures.ts'
import { follow } from './follow.ts'
import type { ObjectMeta } from './resources.ts'

interface Reach {
  api: KubeApi
  clock: Clock
}

/** The connection has tried for a good while before it gave up: this much later it may be better. */
const againMs = 5000

/**
 * Deletes every namespace that is selected, whoever saw it come to be: also one whose creation was never confirmed. Waits until they and
 * all in them are gone. Throws `Failure('residue')` that names each one that is still there, with what it says of itself, when `signal`
 * aborts first.
 */
export async function deleteNamespaces(
  cluster: Reach,
  selected: Omit<ListQuery<'namespaces'>, 'resource'>,
  signal: AbortSignal,
): Promise<void> {
  const list = async () => {
    const found: ObjectMeta[] = []
    for await (const page of cluster.api.list({ resource: 'namespaces', ...selected }, signal))
      found.push(...page.items.map(({ metadata }) => metadata))
    return found
  }
  const found = await insisting(cluster, list, signal).catch((error: unknown) => {
    const { labelSelector = '', fieldSelector = '' } = selected
    const which = [labelSelector, fieldSelector].filter((one) => one !== '').join(' and ')
    throw new Failure('residue', `namespaces with ${which} could not be looked for: ${messageOf(error)}`)
  })
  const deleting = found.map(({ name = '', uid = '' }) => deleteNamespace(cluster, { name, uid }, signal))
  const outcomes = await Promise.allSettled(deleting)
  const left = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [messageOf(outcome.reason)] : []))
  if (left.length > 0) throw new Failure('residue', left.join('; '))
}

/**
 * Deletes a namespace that this run created and waits until it and all in it are gone. A namespace of the same name
 * but another UID belongs to somebody else and stays. Throws `Failure('residue')` with the namespace's own conditions when `signal`
 * aborts first.
 */
export async function deleteNamespace(
  cluster: Reach,
  { name, uid }: { name: string; uid: string },
  signal: AbortSignal,
): Promise<void> {
  let state = ''
  const remove = async () => {
    await insisting(cluster, () => cluster.api.delete({ resource: 'namespaces', name }, { uid }), signal)
    const query = { resource: 'namespaces', fieldSelector: `metadata.name=${name}` } as const
    let isThere = false
    for await (const event of follow(cluster.api, query, { clock: cluster.clock, signal })) {
      if (event.type === 'SYNCED') {
        if (!isThere) return
      } else if (event.object.metadata.uid !== uid || event.type === 'DELETED') return
      else {
        isThere = true
        const { phase, conditions = [] } = event.object.status ?? {}
        const reasons = conditions.filter(({ status }) => status === 'True').map(({ message }) => message)
        state = [phase, ...reasons].join('; ')
      }
    }
    signal.throwIfAborted()
  }
  try {
    await Promise.race([remove(), whenAborted(signal)])
  } catch (error) {
    if (isApiStatus(error, 404) || isApiStatus(error, 409)) return
    throw new Failure('residue', `namespace ${name} is still there: ${state === '' ? messageOf(error) : state}`)
  }
}

/** Tries again what failed and may succeed later, until `signal` aborts. */
export async function insisting<T>(
  { clock }: Pick<Reach, 'clock'>,
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (signal.aborted || !(error instanceof ApiError) || !isTransient(error)) throw error
      await clock.sleep(againMs, signal).catch(() => {})
      if (signal.aborted) throw error
    }
  }
}
