import { formatDuration } from '../base/duration.ts'

/** A stamp may be this late before the figures are no longer trusted. */
const eventLoopBudgetMs = 1000

/** That the orchestrator itself stood still, in words; nothing where it did not, or where time is virtual. */
export function stallsOf({ eventLoopDelayMaxMs }: { eventLoopDelayMaxMs: number | null }): string[] {
  if (eventLoopDelayMaxMs === null || eventLoopDelayMaxMs <= eventLoopBudgetMs) return []
  return [`the orchestrator stalled for ${formatDuration(eventLoopDelayMaxMs)}`]
}
