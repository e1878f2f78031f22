import { plural } from '../../../base/count.ts'
import { findApiservers, whyNotAllApiservers } from '../apiservers.ts'
import { titleOf } from '../reach.ts'
import type { Check } from './check.ts'
import { onEach } from './check.ts'

/**
 * Several apiservers may answer at one address, each with counts of its own: what is not told apart is not read. No reason not to begin, since the
 * timings do not depend on it.
 */
export const apiservers: Check = {
  id: 'apiservers',
  title: 'API servers',
  examine: ({ clusters, plan, signal }) =>
    onEach(
      clusters.filter(({ role }) => role === 'target'),
      async (cluster) => {
        const target = plan.remote?.targets.find((_, index) => cluster.path === `remote.targets[${index}]`)
        const found = await findApiservers(cluster.api, signal)
        const because = whyNotAllApiservers(found, target ?? {})
        return { notes: [`${titleOf(cluster)}: ${because === undefined ? seen(found) : `${because}${consequence}`}`] }
      },
    ),
}

const consequence = ': no figure comes from their metrics, and the report says so'

function seen({ answering, unread }: { answering: number; unread: string | undefined }): string {
  if (unread !== undefined) return `/metrics was not read: ${unread}`
  if (answering === 0) return '/metrics does not say when its process started, so no figure comes from it'
  return `${plural(answering, 'process answers', 'processes answer')} at the address`
}
