import { plural } from '../base/count.ts'
import type { ArmOutcome } from './result.ts'
import { machineBoundAbove } from './result.ts'

/** Of how much processor time a fleet was expected to be short even when idle; undefined where it was not, or nobody knows. */
export function shortageOf({ estimate }: Pick<ArmOutcome['fleet'], 'estimate'>): string | undefined {
  if (estimate === null || estimate.coresNeeded <= machineBoundAbove * estimate.cores) return undefined
  return `the idle fleet was expected to need ${estimate.coresNeeded.toFixed(1)} of ${plural(estimate.cores, 'core')}`
}
