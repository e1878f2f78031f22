import { titleOf, uidOf } from '../reach.ts'
import type { Check, Known } from './check.ts'
import { onEach } from './check.ts'

/** A kubeconfig may have been swapped: the cluster has to be the one that the plan means, by UID. */
export const identity: Check<Known> = {
  id: 'identity',
  title: 'Cluster UIDs',
  examine: ({ clusters }) =>
    onEach(clusters, async (cluster) => {
      const { path, plannedUid } = cluster
      const uid = await uidOf(cluster.api)
      if (plannedUid === uid) return { notes: [`${titleOf(cluster)} is ${uid}`] }
      if (plannedUid === undefined) {
        const because = `${titleOf(cluster)}: the plan does not say which cluster it means`
        return {
          refusals: [{ because, next: `If this is the one, write into ${path} of your clusters file: uid: ${uid}` }],
        }
      }
      const because = `${titleOf(cluster)}: the plan means ${plannedUid}, but this is ${uid}`
      const next = `Check kubeconfig and context of ${path}; a cluster that was made anew has another UID`
      return { refusals: [{ because, next }] }
    }),
}
