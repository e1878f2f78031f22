import type { Clock } from '../base/clock.ts'
import { Failure, messageOf } from '../base/errors.ts'
import type { Inventory } from '../base/inventory.ts'
import { countOf } from '../base/inventory.ts'
import type { KubeApi } from '../kube/api.ts'
import { isApiStatus, isGone } from '../kube/api.ts'
import { deleteNamespaces } from '../kube/drain.ts'
import { runLabel } from '../kube/labels.ts'
import type { KubeObject } from '../kube/resources.ts'
import { removeHollowFleet } from '../targets/remote/fleet/remove.ts'
import { isExpired, leaseRef, readLease } from '../targets/remote/lease.ts'
import type { Reach } from '../targets/remote/reach.ts'
import { titleOf } from '../targets/remote/reach.ts'

export interface ClusterCleanup {
  clusters: readonly Pick<Reach, 'role' | 'arms' | 'context' | 'api'>[]
  clock: Clock
  now: Date
  signal: AbortSignal
  /** A line for whoever watches. */
  print(line: string): void
}

type Resource = 'namespaces' | 'nodes' | 'certificatesigningrequests'

/** What carries a run's label, in the order in which it goes, and belongs to no namespace. */
const resourcesOf: Readonly<Record<Reach['role'], readonly Resource[]>> = {
  host: ['namespaces'],
  target: ['namespaces', 'nodes', 'certificatesigningrequests'],
}

/** What there is of one run. */
export interface Remains {
  run: string
  /** Where that is, such as `target (context staging)`: clusters that have nothing are left out. */
  places: { place: string; things: Inventory[] }[]
}

/** What could not be removed. */
export interface Leftovers {
  /** In sentences. */
  left: string[]
  /** What to do about it. */
  next: string[]
}

/** Finds what there is of a run on clusters, by its label; of every run that is not going on where none is named. */
export async function findRemains(runId: string | undefined, cleanup: ClusterCleanup): Promise<Remains[]> {
  const runs = runId === undefined ? await leftRuns(cleanup) : [runId]
  const found: Remains[] = []
  for (const run of runs) found.push(await remainsOf(run, cleanup))
  return found
}

/**
 * Removes what runs have left on clusters, by their label and by UID: hollow-node pods first, whose kubelets would register
 * their nodes again, then the namespaces, nodes and certificate requests of the targets, and last their Leases. Returns what
 * cannot be removed.
 */
export async function removeRemains(found: readonly Remains[], cleanup: ClusterCleanup): Promise<Leftovers> {
  const { print } = cleanup
  const residue: string[] = []
  const next = new Set<string>()
  for (const { run, places } of found) {
    if (places.length === 0) print(`${run}: nothing is left`)
    const { left, next: advice } = await cleanUp(run, cleanup)
    residue.push(...left.map((text) => `${run}: ${text}`))
    for (const one of advice) next.add(one)
    if (left.length > 0) continue
    for (const { place, things } of places) print(`${run}: ${place}: removed ${things.map(countOf).join(', ')}`)
  }
  return { left: residue, next: [...next] }
}

/** Runs of which something is there, but for those whose Lease is being renewed. */
async function leftRuns({ clusters, now, signal, print }: ClusterCleanup): Promise<string[]> {
  const left = new Set<string>()
  const goingOn = new Set<string>()
  for (const { role, api } of clusters) {
    for (const resource of resourcesOf[role]) {
      for (const { metadata } of await labelled(api, resource, runLabel, signal))
        left.add(metadata.labels?.[runLabel] ?? '')
    }
    if (role === 'host') continue
    const lease = await readLease(api)
    const holder = lease?.metadata.labels?.[runLabel]
    if (lease === undefined || holder === undefined) continue
    left.add(holder)
    if (!isExpired(lease, now)) goingOn.add(holder)
  }
  if (left.size === 0) print('no run has left anything behind')
  for (const run of goingOn) print(`${run}: still running, left alone (name it with --run to remove it anyway)`)
  return [...left].filter((run) => !goingOn.has(run)).sort()
}

async function remainsOf(run: string, { clusters, signal }: ClusterCleanup): Promise<Remains> {
  const places: Remains['places'] = []
  for (const cluster of clusters) {
    const things: Inventory[] = []
    for (const resource of resourcesOf[cluster.role]) {
      const found = await labelled(cluster.api, resource, `${runLabel}=${run}`, signal)
      if (found.length > 0)
        things.push({ kind: resource.slice(0, -1), names: found.map(({ metadata }) => metadata.name ?? '').sort() })
    }
    if (cluster.role === 'target' && (await holdsLease(cluster.api, run)))
      things.push({ kind: 'Lease', names: [`${leaseRef.namespace}/${leaseRef.name}`] })
    if (things.length > 0) places.push({ place: titleOf(cluster), things })
  }
  return { run, places }
}

/** Removes all of one run; returns what cannot be removed. */
async function cleanUp(run: string, { clusters, clock, signal }: ClusterCleanup): Promise<Leftovers> {
  const left: string[] = []
  const next: string[] = []
  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work()
    } catch (error) {
      left.push(messageOf(error))
      if (error instanceof Failure && error.next !== undefined) next.push(error.next)
    }
  }
  const host = clusters.find(({ role }) => role === 'host')
  for (const cluster of clusters.filter(({ role }) => role === 'target')) {
    const { api } = cluster
    await attempt(() => removeHollowFleet({ host: host?.api ?? api, target: api, clock, runId: run }, signal))
    await attempt(() => deleteNamespaces({ api, clock }, { labelSelector: `${runLabel}=${run}` }, signal))
    // While something is left, the cluster is not free.
    if (left.length === 0) await attempt(() => removeLease(api, run))
  }
  return { left, next }
}

async function holdsLease(api: KubeApi, run: string): Promise<boolean> {
  return (await readLease(api))?.metadata.labels?.[runLabel] === run
}

async function removeLease(api: KubeApi, run: string): Promise<void> {
  const lease = await readLease(api)
  if (lease?.metadata.labels?.[runLabel] !== run) return
  try {
    await api.delete(leaseRef, { uid: lease.metadata.uid ?? '' })
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

async function labelled(
  api: KubeApi,
  resource: Resource,
  labelSelector: string,
  signal: AbortSignal,
): Promise<KubeObject[]> {
  const found: KubeObject[] = []
  try {
    for await (const page of api.list({ resource, labelSelector }, signal)) found.push(...page.items)
  } catch (error) {
    // Runs whose nodes get certificates of a CA need no right to requests, and make none.
    if (!(resource === 'certificatesigningrequests' && isApiStatus(error, 403))) throw error
  }
  return found
}
