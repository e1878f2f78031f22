import type { Plan, PlannedArm } from '../plan/plan.ts'
import { armIdOf, armName } from '../plan/plan.ts'

/** One go at an arm. */
export interface ScheduledArm extends PlannedArm {
  /** The plan's name for it, or its profile's. */
  name: string
  /** `tuned-2`: names its files and its place in the progress view. */
  armId: string
  repetition: number
  /** Position in the run, from 1. */
  order: number
}

/**
 * The arms in the order they run: forwards, then backwards, and so on (ABBA), so that a machine that slowly warms up
 * or fills favours none of them.
 */
export function scheduleArms({ arms, repetitions }: Pick<Plan, 'arms' | 'repetitions'>): ScheduledArm[] {
  return Array.from({ length: repetitions }, (_, round) =>
    (round % 2 === 0 ? arms : arms.toReversed()).map((arm) => ({
      ...arm,
      name: armName(arm),
      repetition: round + 1,
    })),
  )
    .flat()
    .map((arm, index) => ({ ...arm, armId: armIdOf(arm.name, arm.repetition), order: index + 1 }))
}
