import type { SchemaProblem } from '../../base/schema-problems.ts'
import { shown } from '../../base/shown.ts'
import { podDeletion, podStartup } from '../../plan/pod-series.ts'
import type { PlannedProbe } from '../../plan/probe.ts'
import { plannedProbe } from '../../plan/probe.ts'
import type { SectionKind, WrittenStep } from '../../plan/section.ts'
import type { SeriesEntry } from '../../plan/series.ts'
import { isRollout, stopsOf } from '../../plan/stops.ts'

const probeStops: SeriesEntry = {
  name: 'probe_stop_ms',
  labels: ['stop'],
  unit: 'ms',
  form: 'value',
  what: 'from just before the scale request until a stop is reached: created, first, available, ready; rsCurrent, deleted',
  from: 'the watches on pods, the Deployment and its ReplicaSet',
}

/** `- probe: { name: rollout, from: 1, to: 200, timeout: 5m }` */
export const probeSection: SectionKind<PlannedProbe> = {
  kind: 'probe',
  schema: plannedProbe.describe('Scales a Deployment that is pinned to one node, and times each stop.'),
  nameOf: ({ name }) => name,
  stopsOf,
  series: [probeStops, podStartup, podDeletion],
  seriesOf: (probe) => [probeStops, isRollout(probe) ? podStartup : podDeletion],
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
