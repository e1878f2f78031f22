import { titleOf } from '../reach.ts'
import type { Check, Known } from './check.ts'
import { onEach } from './check.ts'

const looksLikeProduction = /(^|[^a-z])(prod|prd|production|productive|live)([^a-z]|$)/i

/** A cluster whose context, name or address looks like production has to be confirmed by typing its context. */
export const names: Check<Known> = {
  id: 'names',
  title: 'Names',
  examine: ({ clusters, confirmed }) =>
    onEach(clusters, async (cluster) => {
      const { context, credentials } = cluster
      const suspicious = [context, credentials.clusterName ?? '', new URL(credentials.server).hostname].find((name) =>
        looksLikeProduction.test(name),
      )
      if (suspicious === undefined) return {}
      if (confirmed.includes(context))
        return { notes: [`${titleOf(cluster)}: ${suspicious} looks like production; confirmed on the command line`] }
      const because = `${titleOf(cluster)}: ${suspicious} looks like production`
      return { refusals: [{ because, next: `If it is the one you mean, type its context: --confirm ${context}` }] }
    }),
}
