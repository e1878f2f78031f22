import { Failure } from '../../../base/errors.ts'
import type { RunOutcome } from './outcome.ts'

/** The longest that set-ups, probes and tear-downs of such a run may take together, by their own limits. */
const longestMs = 2 * 3_600_000

/** A run ends by itself, in good order: what goes wrong in a cluster is expected, and no bug of the program. */
export function endsInTime({ result, error }: RunOutcome): string[] {
  return [
    ...(result.durationMs > longestMs ? [`the run took ${Math.round(result.durationMs / 60_000)} minutes`] : []),
    ...(error === undefined || error instanceof Failure ? [] : [`the run ended with ${String(error)}`]),
  ]
}
