import { formatDuration } from '../../base/duration.ts'
import type { Cluster } from '../../targets/target.ts'
import type { Step } from '../step.ts'
import type { PlannedObservation } from './section.ts'

/** The id and the title of an observation. */
export function observationOutline({ name, for: durationMs }: PlannedObservation) {
  return { id: `observe/${name}`, title: `Observe for ${formatDuration(durationMs)}` }
}

/** Leaves the cluster alone for a while: what is measured meanwhile is others' load, or the cost of heartbeats. */
export function observeCluster(section: PlannedObservation, { clock }: Cluster): Step<void> {
  const { for: durationMs } = section
  return {
    ...observationOutline(section),
    timeoutMs: durationMs + 60_000,
    setUp: ({ signal }) => clock.sleep(durationMs, signal),
  }
}
