import type { Clock } from '../base/clock.ts'
import { Failure, messageOf } from '../base/errors.ts'
import type { KubeApi, ResourceName } from '../kube/api.ts'
import { isApiStatus } from '../kube/api.ts'
import { runLabel } from '../kube/labels.ts'
import type { KubeObject } from '../kube/resources.ts'
import { deleteNamespaces } from '../steps/drain.ts'
import { isExpired, leaseRef, readLease } from '../targets/remote/lease.ts'
import type { Reach } from '../targets/remote/reach.ts'
import { titleOf } from '../targets/remote/reach.ts'

export interface ClusterCleanup {
  clusters: readonly Pick<Reach, 'role' | 'arms' | 'context' | 'api'>[]
  /** The run whose remains are removed; those of every run that is not going on when absent. */
  runId: string | undefined
  clock: Clock
  now: Date
  signal: AbortSignal
  /** A line for whoever watches. */
  print(line: string): void
}

/** What belongs to no namespace and carries a run's label, in the order in which it goes. */
const unscoped = ['nodes', 'certificatesigningrequests'] as const satisfies readonly ResourceName[]

/**
 * Removes what runs have left on clusters, by their label and by UID: hollow-node pods first, whose kubelets would register
 * their nodes again, then the namespaces, nodes and certificate requests of the targets, and last their Leases. Returns what
 * cannot be removed, in sentences.
 */
export async function cleanUpClusters(cleanup: ClusterCleanup): Promise<string[]> {
  const { clusters, runId, print } = cleanup
  const runs = runId === undefined ? await leftRuns(cleanup) : [runId]
  if (runs.length === 0) print('nothing is left of any run')
  const residue: string[] = []
  for (const run of runs) {
    let removed = 0
    for (const cluster of clusters.toSorted(hostFirst)) {
      try {
        const counts = await cleanUp(cluster, run, cleanup)
        removed += counts.reduce((sum, [, count]) => sum + count, 0)
        const text = counts.filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`)
        if (text.length > 0) print(`${run}: ${titleOf(cluster)}: removed ${text.join(', ')}`)
      } catch (error) {
        residue.push(`${run}: ${titleOf(cluster)}: ${messageOf(error)}`)
      }
    }
    if (removed === 0 && residue.length === 0) print(`${run}: nothing is left of it`)
  }
  return residue
}

function hostFirst(left: Pick<Reach, 'role'>, right: Pick<Reach, 'role'>): number {
  return Number(left.role === 'target') - Number(right.role === 'target')
}

/** Runs of which something is there, but for those whose Lease is being renewed. */
async function leftRuns({ clusters, now, signal, print }: ClusterCleanup): Promise<string[]> {
  const left = new Set<string>()
  const goingOn = new Set<string>()
  for (const { api } of clusters) {
    for (const resource of ['namespaces', ...unscoped] as const) {
      for (const { metadata } of await labelled(api, resource, runLabel, signal))
        left.add(metadata.labels?.[runLabel] ?? '')
    }
    const lease = await readLease(api)
    const holder = lease?.metadata.labels?.[runLabel]
    if (lease === undefined || holder === undefined) continue
    left.add(holder)
    if (!isExpired(lease, now)) goingOn.add(holder)
  }
  for (const run of goingOn) print(`${run}: still going on, left alone (name it with --run to remove it all the same)`)
  return [...left].filter((run) => !goingOn.has(run)).sort()
}

/** Everything of one run on one cluster; what was there, by kind. */
async function cleanUp(
  { role, api }: Pick<Reach, 'role' | 'api'>,
  run: string,
  { clock, signal }: ClusterCleanup,
): Promise<[what: string, count: number][]> {
  const labelSelector = `${runLabel}=${run}`
  const namespaces = (await labelled(api, 'namespaces', labelSelector, signal)).length
  if (namespaces > 0) await deleteNamespaces({ api, clock }, { labelSelector }, signal)
  if (role === 'host') return [['namespaces', namespaces]]
  const counts: [string, number][] = [['namespaces', namespaces]]
  for (const resource of unscoped) {
    const found = await labelled(api, resource, labelSelector, signal)
    for (const { metadata } of found) {
      signal.throwIfAborted()
      await deleteOne(api, resource, metadata)
    }
    const left = (await labelled(api, resource, labelSelector, signal)).map(({ metadata }) => metadata.name ?? '')
    if (left.length > 0) {
      const names = left.slice(0, 5).join(', ')
      throw new Failure('residue', `${left.length} ${resource} are still there, or there again: ${names}`)
    }
    counts.push([resource, found.length])
  }
  const lease = await readLease(api)
  if (lease?.metadata.labels?.[runLabel] !== run) return counts
  await deleteOne(api, 'leases', lease.metadata)
  return [...counts, [`Lease (${leaseRef.namespace}/${leaseRef.name})`, 1]]
}

async function labelled(
  api: KubeApi,
  resource: 'namespaces' | (typeof unscoped)[number],
  labelSelector: string,
  signal: AbortSignal,
): Promise<KubeObject[]> {
  const found: KubeObject[] = []
  for await (const page of api.list({ resource, labelSelector }, signal)) found.push(...page.items)
  return found
}

async function deleteOne(
  api: KubeApi,
  resource: ResourceName,
  { namespace, name = '', uid = '' }: KubeObject['metadata'],
) {
  try {
    await api.delete({ resource, name, ...(namespace !== undefined && { namespace }) }, { uid })
  } catch (error) {
    // Gone, or another of the same name, which is not ours.
    if (!isApiStatus(error, 404) && !isApiStatus(error, 409)) throw error
  }
}
