import { Failure } from '../../../base/errors.ts'
import type { Reach } from '../reach.ts'
import { titleOf, uidOf, unreachable } from '../reach.ts'
import type { Check, Findings, Known, Refusal } from './check.ts'
import { onEach } from './check.ts'

/** A kubeconfig may have been swapped: the cluster has to be the one that the plan means, by UID. */
export const identity: Check<Known> = {
  id: 'identity',
  title: 'Cluster UIDs',
  examine: ({ clusters }) => onEach(clusters, identify),
}

type Identified = Pick<Reach, 'role' | 'arms' | 'path' | 'kubeconfig' | 'context' | 'plannedUid' | 'api'>

/**
 * Asks clusters for their UIDs again, before anything is done to them: preflight was hours ago, and kubeconfigs are read for every arm. Throws
 * `Failure('safety-refusal')` when one is not the cluster that the plan means, and `Failure('infrastructure')` when one does not answer.
 */
export async function requireIdentity(clusters: readonly Identified[]): Promise<void> {
  const found = await Promise.all(
    clusters.map((cluster) =>
      identify(cluster).catch((error: unknown) => {
        throw unreachable(cluster, error)
      }),
    ),
  )
  const [first, ...others] = found.flatMap(({ refusals = [] }): Refusal[] => refusals)
  if (first === undefined) return
  const because = [first, ...others].map((refusal) => refusal.because).join('; ')
  throw new Failure('safety-refusal', `${because}; it was not touched`, { next: first.next })
}

async function identify(cluster: Identified): Promise<Partial<Findings>> {
  const { path, plannedUid, api } = cluster
  const title = titleOf(cluster)
  const uid = await uidOf(api)
  if (plannedUid === uid) return { notes: [`${title} is ${uid}`] }
  if (plannedUid === undefined) {
    const next = `If this is the right cluster, add to ${path} in your clusters file: uid: ${uid}`
    return { refusals: [{ because: `${title}: nothing says which cluster is meant`, next }] }
  }
  const because = `${title}: expected ${plannedUid}, but this is ${uid}`
  const next = `Check kubeconfig and context of ${path}; a cluster that was recreated has a new UID`
  return { refusals: [{ because, next }] }
}
