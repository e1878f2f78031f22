import type { Progress } from '../base/progress.ts'
import type { ArmOutcome, Verdict } from '../result/result.ts'

/** One arm and its steps, as the run will go through them. */
export interface OutlineArm {
  armId: string
  title: string
  steps: { stepId: string; title: string }[]
}

/** Everything a run tells while it goes on. Views and the journal are fed by it; nothing depends on who listens. */
export type RunEvent =
  | { type: 'run-started'; run: string; plan: string; target: string; outline: OutlineArm[] }
  | { type: 'step-started'; armId: string; stepId: string }
  | ({ type: 'step-progress'; armId: string; stepId: string } & Progress)
  | { type: 'step-finished'; armId: string; stepId: string; durationMs: number; text?: string }
  | { type: 'step-failed'; armId: string; stepId: string; message: string }
  /** What is known of the arm is kept by now. `durationMs`: clean-up included. */
  | { type: 'arm-finished'; armId: string; outcome: ArmOutcome['outcome']; durationMs: number }
  | { type: 'run-finished'; verdict: Verdict; partial: boolean }

export type RunEventSink = (event: RunEvent) => void
