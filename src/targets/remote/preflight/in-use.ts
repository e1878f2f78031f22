import { isExpired, readLease, takenBy } from '../lease.ts'
import { titleOf } from '../reach.ts'
import type { Check } from './check.ts'
import { onEach } from './check.ts'

/** Two runs at a time on one target cluster would measure each other. */
export const inUse: Check = {
  id: 'in-use',
  title: 'Other runs',
  examine: ({ clusters, now }) =>
    onEach(
      clusters.filter(({ role }) => role === 'target'),
      async (cluster) => {
        const lease = await readLease(cluster.api)
        if (lease === undefined) return {}
        const { because, next } = takenBy(lease)
        if (isExpired(lease, now)) return { notes: [`${titleOf(cluster)}: ${because}, but it has expired`] }
        return { refusals: [{ because: `${titleOf(cluster)}: ${because}`, next }] }
      },
    ),
}
