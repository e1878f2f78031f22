import type { ArmOutcome, Result } from '../result/result.ts'

/** How an arm is called wherever repetitions matter: `tuned #2`, `tuned, warm-up`. */
export function armLabel(arm: Pick<ArmOutcome, 'name' | 'repetition'>): string {
  return arm.repetition === 0 ? `${arm.name}, warm-up` : `${arm.name} #${arm.repetition}`
}

/** The command that makes the reports of a run again. */
export function rerenderCommand(result: Result): string {
  return `npm run scale-test -- report ${result.run}`
}
