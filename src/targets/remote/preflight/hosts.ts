import { examineHosts } from '../fleet/hosts.ts'
import { titleOf } from '../reach.ts'
import type { Check } from './check.ts'
import { onEach } from './check.ts'

/** The machines of the host cluster need room for all hollow nodes, of the arm that takes most. */
export const hosts: Check = {
  id: 'hosts',
  title: 'Room on the hosts',
  examine: ({ clusters, hollow, signal }) =>
    onEach(
      clusters.filter(({ role }) => role === 'host'),
      async (cluster) => {
        const found = await Promise.all(hollow.map(({ spec }) => examineHosts(cluster.api, spec, signal)))
        const findings = found.flat()
        const refusals = findings.flatMap((one) =>
          one.ok ? [] : [{ because: `${titleOf(cluster)}: ${one.because}`, next: one.next }],
        )
        const notes = findings.flatMap((one) => (one.ok ? [`${titleOf(cluster)}: ${one.note}`] : []))
        const distinct = new Map(refusals.map((refusal) => [refusal.because, refusal]))
        return { refusals: [...distinct.values()], notes: [...new Set(notes)] }
      },
    ),
}
