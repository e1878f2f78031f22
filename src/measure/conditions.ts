import type { Conditions } from '../result/parts.ts'
import { notReadBetween } from './pairs.ts'
import type { Window } from './window.ts'

/** What was so while something was measured, whatever kind of step it was. */
export function conditionsOf(
  window: Pick<Window, 'before' | 'after' | 'etcdSizes' | 'retries' | 'orchestrator'>,
): Conditions {
  return {
    // Where no sizes were sampled, none are missing.
    notRead: [...notReadBetween(window), ...window.etcdSizes.notRead()],
    clientRetries: window.retries,
    eventLoopDelayMaxMs: window.orchestrator.eventLoopDelayMaxMs,
    machineBusy: window.orchestrator.busy,
  }
}
