import type { StepRun } from '../../report/comparison.ts'
import type { ArmOutcome } from '../../result/result.ts'
import type { FillOutcome } from './outcome.ts'
import { fillOf } from './outcome.ts'

/** One arm's fill. */
export type FillRun = StepRun<FillOutcome>

/** The fill of an arm, if it got that far. */
export function fillsOf(arm: ArmOutcome): FillOutcome[] {
  return [fillOf(arm) ?? []].flat()
}
