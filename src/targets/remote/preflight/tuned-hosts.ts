import { Failure, messageOf } from '../../../base/errors.ts'
import { armName } from '../../../plan/plan.ts'
import { changesOf, described, planHosts } from '../../../tune/change/plan.ts'
import { requestsOf } from '../../../tuning/profiles.ts'
import { placesOf } from '../host-access.ts'
import { targetOf } from '../objects.ts'
import { settingsOf } from '../tuned-hosts.ts'
import type { Check, Findings } from './check.ts'

/** Whether the hosts can be reached and changed, for every arm. */
export const tunedHosts: Check = {
  id: 'tuned-hosts',
  title: 'Hosts that are tuned',
  async examine({ plan, clusters, hostAccess, clock }) {
    const findings: Findings = { refusals: [], notes: [] }
    const limits = plan.remote?.tuneHosts
    if (limits === undefined) return findings
    for (const arm of plan.arms) {
      const name = armName(arm)
      const { target, path } = targetOf(plan, name)
      const cluster = clusters.find((one) => one.path === path)
      if (cluster === undefined) throw new Error(`${path} is not one of the plan's clusters`)
      await using reached = hostAccess.reach(target)
      try {
        const places = placesOf(reached.hosts, target, { api: cluster.api, clock, healthMs: limits.healthBudget })
        const settings = await settingsOf(cluster.api, requestsOf(arm), described(places))
        for (const { on, wanted } of await planHosts(places, settings)) {
          const count = changesOf({ on, wanted }).length
          findings.notes.push(`${name}: ${on.name}: ${count === 0 ? 'nothing to change' : `${count} to change`}`)
        }
      } catch (error) {
        const command = `npm run scale-test -- tune plan --clusters FILE --context ${target.context} --profile ${arm.profile}`
        const own = error instanceof Failure ? error.next : undefined
        findings.refusals.push({ because: `${name}: ${messageOf(error)}`, next: own ?? `To see why: ${command}` })
      }
    }
    return findings
  },
}
