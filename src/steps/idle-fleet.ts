import { formatDuration } from '../base/duration.ts'
import type { Cluster } from '../targets/target.ts'
import type { Step } from './step.ts'

export const idleFleetStepId = 'idle-fleet'
export const idleFleetTitle = 'Idle fleet'

/** Leaves the fleet alone for a while: what the machine does meanwhile is the cost of heartbeats. */
export function idleFleet({ clock }: Cluster, durationMs: number): Step<void> {
  return {
    id: idleFleetStepId,
    title: idleFleetTitle,
    timeoutMs: durationMs + 60_000,
    async setUp({ signal, report }) {
      report({ text: `watched for ${formatDuration(durationMs)}` })
      await clock.sleep(durationMs, signal)
    },
    summary: () => `watched for ${formatDuration(durationMs)}`,
  }
}
