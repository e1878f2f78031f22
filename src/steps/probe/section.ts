import type { SchemaProblem } from '../../base/schema-problems.ts'
import { shown } from '../../base/shown.ts'
import type { PlannedProbe } from '../../plan/probe.ts'
import { plannedProbe } from '../../plan/probe.ts'
import type { SectionKind, WrittenStep } from '../../plan/section.ts'
import { stopsOf } from '../../plan/stops.ts'

/** `- probe: { name: rollout, from: 1, to: 200, timeout: 5m }` */
export const probeSection: SectionKind<PlannedProbe> = {
  kind: 'probe',
  schema: plannedProbe.describe('Scales a Deployment that is pinned to one node, and times how that goes.'),
  nameOf: ({ name }) => name,
  stopsOf,
  check: chain,
}

/** Each probe begins where the one before it ended. */
function chain(own: readonly WrittenStep<PlannedProbe>[]): SchemaProblem[] {
  return own.flatMap(({ section: { from, to }, path }, index) => {
    const at = [...path, 'from']
    const before = own[index - 1]?.section
    if (from === to) return [{ path: at, message: `scaling from ${from} to ${to} changes nothing` }]
    if (before === undefined || before.to === from) return []
    return [
      {
        path: at,
        message: `must be ${before.to}, where ${shown(before.name)} ends: all probes scale the same Deployment`,
      },
    ]
  })
}
