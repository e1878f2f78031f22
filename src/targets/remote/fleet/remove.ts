import { atOnce } from '../../../base/at-once.ts'
import type { Clock } from '../../../base/clock.ts'
import { Failure, messageOf } from '../../../base/errors.ts'
import type { Report } from '../../../base/progress.ts'
import { hollowSelector, runSelector } from '../../../fleet/manifests.ts'
import type { KubeApi, ListQuery } from '../../../kube/api.ts'
import { isApiStatus, isGone } from '../../../kube/api.ts'
import { deleteNamespaces, insisting } from '../../../kube/drain.ts'
import type { KubeObject, Lease, ObjectMeta } from '../../../kube/resources.ts'
import { createBell, watchBoard } from './board.ts'

export interface RemovalOptions {
  host: KubeApi
  target: KubeApi
  clock: Clock
  runId: string
  /** Throws when a cluster is not the one that things were created on: there they would be looked for in vain. */
  verify?: { host(): Promise<void>; target(): Promise<void> }
  report?: Report | undefined
}

const deletedAtOnce = 32
/** Between two looks at what is still there. */
const lookMs = 500
/** How often pods are counted of which none has gone. */
const countMs = 10_000
const leaseNamespace = 'kube-node-lease'
const shownNames = 5

/**
 * Removes what `startHollowFleet` creates, of any arm of a run and however far that got: on the host cluster the namespace with all in it,
 * then, when no kubelet is left to register itself again, the Node objects, their Leases and the certificate requests on the target.
 * Only what carries the run's label is touched, each object by its UID. What is gone already is fine. Throws `Failure('residue')`
 * that names what is left when `signal` aborts first.
 */
export async function removeHollowFleet(options: RemovalOptions, signal: AbortSignal): Promise<void> {
  const { host, target, clock, runId, verify, report } = options
  const left: string[] = []
  const attempt = async (where: string, work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work()
      return true
    } catch (error) {
      left.push(`${where}: ${messageOf(error)}`)
      return false
    }
  }
  report?.({ text: 'hollow-node pods' })
  await attempt('host cluster', async () => {
    await verify?.host()
    const on = { api: host, clock }
    const selected = { labelSelector: hollowSelector(runId) }
    await whileCounting(on, { resource: 'pods', ...selected }, report, () => deleteNamespaces(on, selected, signal))
  })
  report?.({ text: 'Node objects' })
  if (await attempt('target', async () => verify?.target())) {
    const on = { api: target, clock }
    const requests = { resource: 'certificatesigningrequests', labelSelector: runSelector(runId) } as const
    await attempt('target', () => removeNodes(on, runId, signal, report))
    await attempt('target', () => removeAll(on, requests, signal))
  }
  if (left.length > 0) throw new Failure('residue', left.join('; '))
}

interface Reach {
  api: KubeApi
  clock: Clock
}

/** Tells how many of the selected pods are gone while `work` goes on, if they can be watched. */
async function whileCounting(
  { api, clock }: Reach,
  query: ListQuery<'pods'>,
  report: Report | undefined,
  work: () => Promise<void>,
): Promise<void> {
  if (report === undefined) return work()
  const done = new AbortController()
  const bell = createBell(clock)
  const { objects, close } = watchBoard({ api, clock, bell }, query, done.signal)
  let most = 0
  const counting = async () => {
    for (;;) {
      await bell.wait(countMs, done.signal)
      most = Math.max(most, objects.size)
      if (most > 0) report({ done: most - objects.size, total: most, unit: 'pods gone' })
    }
  }
  const counted = counting().catch(() => {})
  try {
    await work()
  } finally {
    done.abort()
    await Promise.all([counted, close()])
  }
}

/** Nodes and their Leases. The garbage collector would take the Leases too, but it may be slow, or stopped with its cluster. */
async function removeNodes(on: Reach, runId: string, signal: AbortSignal, report?: Report): Promise<void> {
  const nodes = { resource: 'nodes', labelSelector: runSelector(runId) } as const
  const uids = await removeAll(on, nodes, signal, (done, total) => report?.({ done, total, unit: 'Node objects gone' }))
  if (uids.size === 0) return
  const leases = await found(on, { resource: 'leases', namespace: leaseNamespace }, signal)
  const owned = leases.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uids.has(uid)))
  await atOnce(deletedAtOnce, owned, (lease: Lease) => remove(on, 'leases', lease.metadata, signal))
}

/** Deletes what a query selects until nothing is there any more; returns the UIDs of all that was deleted. */
async function removeAll(
  on: Reach,
  query: ListQuery<'nodes' | 'certificatesigningrequests'>,
  signal: AbortSignal,
  onRemoved: (done: number, total: number) => void = () => {},
): Promise<Set<string>> {
  const uids = new Set<string>()
  const all = new Set<string>()
  let there: KubeObject[] = []
  try {
    for (;;) {
      there = await found(on, query, signal)
      if (there.length === 0) return uids
      for (const { metadata } of there) all.add(metadata.uid ?? '')
      await atOnce(deletedAtOnce, there, async ({ metadata }) => {
        await remove(on, query.resource, metadata, signal)
        uids.add(metadata.uid ?? '')
        onRemoved(uids.size, all.size)
      })
      await on.clock.sleep(lookMs, signal)
    }
  } catch (error) {
    if (there.length === 0) throw new Failure('residue', `${query.resource} could not be listed: ${messageOf(error)}`)
    const names = there.slice(0, shownNames).map(({ metadata }) => metadata.name)
    const more = there.length > shownNames ? ` and ${there.length - shownNames} more` : ''
    throw new Failure('residue', `${query.resource} ${names.join(', ')}${more} may still be there: ${messageOf(error)}`)
  }
}

async function found<R extends 'nodes' | 'certificatesigningrequests' | 'leases'>(
  on: Reach,
  query: ListQuery<R>,
  signal: AbortSignal,
) {
  const list = async () => {
    const objects = []
    for await (const page of on.api.list(query, signal)) objects.push(...page.items)
    return objects
  }
  try {
    return await insisting(on, list, signal)
  } catch (error) {
    // A run whose nodes get certificates of a CA needs no right to requests, and makes none.
    if (query.resource === 'certificatesigningrequests' && isApiStatus(error, 403)) return []
    throw error
  }
}

/** Deletes an object unless it is gone, or another one of the same name by now. */
async function remove(
  on: Reach,
  resource: 'nodes' | 'certificatesigningrequests' | 'leases',
  { name = '', namespace, uid = '' }: ObjectMeta,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  const ref = { resource, name, ...(namespace !== undefined && { namespace }) }
  try {
    await insisting(on, () => on.api.delete(ref, { uid }), signal)
  } catch (error) {
    if (!isGone(error)) throw error
  }
}
