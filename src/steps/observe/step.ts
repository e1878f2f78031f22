import { formatDuration } from '../../base/duration.ts'
import { conditionsOf } from '../../measure/conditions.ts'
import type { Recording } from '../../record/recording.ts'
import type { Cluster } from '../../targets/target.ts'
import type { Step, StepOutline } from '../step.ts'
import type { Observation } from './outcome.ts'
import type { PlannedObservation } from './section.ts'

/** The id and the title of an observation. */
export function observationOutline({ name, for: durationMs }: PlannedObservation): StepOutline {
  return { id: `observe/${name}`, title: `Observe for ${formatDuration(durationMs)}` }
}

/** Leaves the cluster alone for a while: what is measured meanwhile is others' load, or the cost of heartbeats. */
export function observeCluster(
  section: PlannedObservation,
  { cluster: { clock }, recording }: { cluster: Cluster; recording: Recording },
): Step<Observation> {
  const { for: durationMs } = section
  const outline = observationOutline(section)
  return {
    ...outline,
    timeoutMs: durationMs + 120_000,
    async setUp({ signal, report }) {
      const phase = await recording.begin(outline.id, { etcdSizes: true })
      try {
        report({ text: `until ${formatDuration(durationMs)} have passed` })
        await clock.sleep(durationMs, signal)
        const window = await phase.end()
        return { durationMs: window.endMs - window.startMs, ...conditionsOf(window) }
      } finally {
        await phase.stop()
      }
    },
    summary: () => `watched for ${formatDuration(durationMs)}`,
  }
}
