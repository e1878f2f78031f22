import { orAborted } from '../base/abort.ts'
import { atOnce } from '../base/at-once.ts'
import type { Clock } from '../base/clock.ts'
import { Failure, messageOf } from '../base/errors.ts'
import type { Report } from '../base/progress.ts'
import type { KubeApi, ListQuery } from './api.ts'
import { ApiError, isGone } from './api.ts'
import { freeingCommands, isOutOfSpace, isTransient } from './failures.ts'
import { follow } from './follow.ts'
import { emptyNamespaces } from './no-space.ts'
import type { Namespace, ObjectMeta } from './resources.ts'

interface Reach {
  api: KubeApi
  clock: Clock
}

/** The connection has tried for a good while before it gave up: this much later it may be better. */
const againMs = 5000

/** More at a time would only wait in the connection. */
const deletedAtOnce = 32

/**
 * Deletes every namespace that is selected, whoever saw it come to be: also one whose creation was never confirmed. Waits until they and
 * all in them are gone, with one watch for all. One of the same name but another UID, created since, belongs to somebody else and stays.
 * Throws `Failure('residue')` that names each one that is still there, with what it says of itself, when `signal` aborts first; also when
 * etcd is out of space, as soon as what it lets go of is deleted.
 */
export async function deleteNamespaces(
  cluster: Reach,
  selected: Omit<ListQuery<'namespaces'>, 'resource'>,
  signal: AbortSignal,
  report?: Report,
): Promise<void> {
  const { api, clock } = cluster
  const query = { resource: 'namespaces', ...selected } as const
  const list = async () => {
    const found: ObjectMeta[] = []
    for await (const page of api.list(query, signal)) found.push(...page.items.map(({ metadata }) => metadata))
    return found
  }
  const found = await insisting(cluster, list, signal).catch((error: unknown) => {
    const { labelSelector = '', fieldSelector = '' } = selected
    const which = [labelSelector, fieldSelector].filter((one) => one !== '').join(' and ')
    throw new Failure('residue', `namespaces with ${which} could not be listed: ${messageOf(error)}`)
  })
  if (found.length === 0) return

  /** By UID: what each one that is still there says of itself. */
  const left = new Map(found.map(({ name = '', uid = '' }) => [uid, { name, says: '' }]))
  const refused: string[] = []
  const remove = async ([uid, { name }]: [string, { name: string }]) => {
    try {
      await insisting(cluster, () => api.delete({ resource: 'namespaces', name }, { uid }), signal)
    } catch (error) {
      // All others would meet the same.
      if (isOutOfSpace(error)) throw error
      left.delete(uid)
      if (isGone(error)) return
      refused.push(`namespace ${name} is still there: ${messageOf(error)}`)
    }
  }
  const untilGone = async () => {
    await atOnce(deletedAtOnce, [...left], remove)
    if (left.size === 0) return
    const seen = new Set<string>()
    for await (const event of follow(api, query, { clock, signal })) {
      if (event.type === 'SYNCED') for (const uid of left.keys()) if (!seen.has(uid)) left.delete(uid)
      if (event.type !== 'SYNCED') {
        const { uid = '' } = event.object.metadata
        const namespace = left.get(uid)
        seen.add(uid)
        if (event.type === 'DELETED') left.delete(uid)
        else if (namespace !== undefined) namespace.says = stateOf(event.object)
      }
      report?.({ done: found.length - left.size, total: found.length, unit: 'namespaces gone' })
      if (left.size === 0) return
    }
    signal.throwIfAborted()
  }
  const ended: unknown = await orAborted(signal, untilGone()).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (isOutOfSpace(ended)) {
    const remains = async () => {
      const names = new Set((await list()).map(({ name = '' }) => name))
      return emptyNamespaces(api, names, signal, report)
    }
    const still = await orAborted(signal, remains()).catch((error: unknown) => `not known: ${messageOf(error)}`)
    const what = `etcd is out of space and refuses to delete the rest: ${still}`
    throw new Failure('residue', what, { next: freeingCommands })
  }
  const lateness = ended === undefined ? '' : messageOf(ended)
  const stuck = [...left.values()].map(({ name, says }) => `namespace ${name} is still there: ${says || lateness}`)
  if (refused.length + stuck.length > 0) throw new Failure('residue', [...refused, ...stuck].join('; '))
}

/** A namespace's phase, and what it says keeps it. */
function stateOf({ status }: Namespace): string {
  if (status?.phase === undefined) return ''
  const reasons = (status.conditions ?? []).filter((condition) => condition.status === 'True')
  return [status.phase, ...reasons.map(({ message }) => message)].join('; ')
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
