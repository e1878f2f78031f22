import type { StepRun } from '../../report/comparison.ts'
import type { ArmOutcome, FillOutcome } from '../../result/result.ts'

/** One arm's fill. */
export type FillRun = StepRun<FillOutcome>

/** The fill of an arm, if it got that far. */
export function fillsOf({ fill }: ArmOutcome): FillOutcome[] {
  return fill === null ? [] : [fill]
}
