import type { Clock } from '../base/clock.ts'
import { formatDuration } from '../base/duration.ts'
import { Failure } from '../base/errors.ts'
import type { Progress } from '../base/progress.ts'
import { slowFleetAdvice } from '../fleet/warnings.ts'
import type { MachineMonitor } from '../record/this-machine.ts'
import type { StepContext } from './step.ts'

/** What is counted until a fleet is up; what comes before, such as certificates, has another pace. */
export const nodesReady = 'nodes Ready'

interface Limits {
  timeoutMs: number
  clock: Clock
  watchMachine: MachineMonitor
}

/**
 * Has a fleet's set-up say, when its time is up, how far it came, whether the processors were the reason, and what to change. What the set-up
 * itself has to say of being late goes before that.
 */
export function sayingHowFar<T>(
  { timeoutMs, clock, watchMachine }: Limits,
  setUp: (context: StepContext) => Promise<T>,
): (context: StepContext) => Promise<T> {
  return async ({ signal, report }) => {
    const beganMs = clock.nowMs()
    let last: Progress = {}
    const stopWatching = watchMachine()
    try {
      return await setUp({
        signal,
        report(progress) {
          last = progress
          report(progress)
        },
      })
    } catch (error) {
      const isLate =
        signal.aborted && error === signal.reason && error instanceof Failure && error.kind === 'inconclusive'
      if (!isLate) throw error
      throw lateness({ timeoutMs, elapsedMs: clock.nowMs() - beganMs, last, ...stopWatching() })
    } finally {
      stopWatching()
    }
  }
}

/** `640 of 1000 nodes Ready when fleet.timeout (10 m 0 s) expired`, with what is known beside that. */
function lateness({
  timeoutMs,
  elapsedMs,
  last: { done = 0, total, unit },
  busy,
}: {
  timeoutMs: number
  elapsedMs: number
  last: Progress
  busy: number | null
}): Failure {
  const far = total === undefined ? 'the fleet was not Ready' : `${done} of ${total} ${unit}`
  const sentences = [
    `${far} when fleet.timeout (${formatDuration(timeoutMs)}) expired`,
    ...(busy === null ? [] : [`the processors of this machine were ${Math.round(100 * busy)} % busy`]),
    ...(done > 0 && total !== undefined && unit === nodesReady
      ? [`at this rate it would have taken about ${formatDuration((elapsedMs * total) / done)}`]
      : []),
  ]
  return new Failure('inconclusive', sentences.join('; '), { next: slowFleetAdvice })
}
