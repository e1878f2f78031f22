import { plural } from '../base/count.ts'
import { machineBoundAbove } from './parts.ts'
import type { ArmOutcome } from './result.ts'
import type { Reading } from './sample.ts'
import { exactly, upperBound } from './sample.ts'

/** Of how much processor time a fleet was expected to be short even when idle; undefined where it was not, or nobody knows. */
export function shortageOf({ estimate }: Pick<ArmOutcome['fleet'], 'estimate'>): string | undefined {
  if (estimate === null || estimate.coresNeeded <= machineBoundAbove * estimate.cores) return undefined
  return `the idle fleet was expected to need ${estimate.coresNeeded.toFixed(1)} of ${plural(estimate.cores, 'core')}`
}

/** How long an arm's nodes took to be Ready; undefined where it did not get as far as to start any. */
export function readingOfNodesReady({ fleet, machine }: Pick<ArmOutcome, 'fleet' | 'machine'>): Reading | undefined {
  if (fleet.nodes === 0) return undefined
  const isBound = machine?.phases.some(({ step, machineBound }) => step === 'fleet' && machineBound) ?? false
  return fleet.readyMs !== null && isBound ? upperBound(fleet.readyMs) : exactly(fleet.readyMs)
}
