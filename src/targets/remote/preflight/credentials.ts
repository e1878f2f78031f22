import { formatDuration } from '../../../base/duration.ts'
import { titleOf } from '../reach.ts'
import type { Check } from './check.ts'
import { onEach } from './check.ts'

/** What is expected is no promise: credentials have to last half as long again, and through the tear-down. */
const reserve = { share: 0.5, ms: 600_000 }

/** Credentials have to last until everything is taken away again. */
export const credentials: Check = {
  id: 'credentials',
  title: 'Credentials',
  examine: ({ clusters, now, work: { expectedMs } }) =>
    onEach(clusters, async (cluster) => {
      const { expiresAt } = cluster.credentials
      if (expiresAt === undefined) return { notes: [`${titleOf(cluster)}: the credentials have no known expiry`] }
      const leftMs = expiresAt.getTime() - now.getTime()
      const neededMs = expectedMs * (1 + reserve.share) + reserve.ms
      const until = `${expiresAt.toISOString().slice(0, 19).replace('T', ' ')} UTC`
      if (leftMs >= neededMs) return { notes: [`${titleOf(cluster)}: valid until ${until}`] }
      const because =
        leftMs <= 0
          ? `${titleOf(cluster)}: the credentials expired at ${until}`
          : `${titleOf(cluster)}: the credentials expire in ${formatDuration(leftMs)}, at ${until}; the run is expected to take ${formatDuration(expectedMs)} plus a reserve`
      return { refusals: [{ because, next: 'Get a kubeconfig that is valid for longer, or log in again' }] }
    }),
}
