import type { ArmOutcome, Result } from '../result/result.ts'

/** How an arm is called wherever repetitions matter. */
export function armLabel(arm: Pick<ArmOutcome, 'name' | 'repetition'>): string {
  return `${arm.name} #${arm.repetition}`
}

/** The command that makes the reports of a run again. */
export function rerenderCommand(result: Result): string {
  return `npm run scale-test -- report ${result.run}`
}
