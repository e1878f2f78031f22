import { exitCodes, Failure } from '../base/errors.ts'
import type { RunOutcome } from '../run/run.ts'

/** The exit status that tells a pipeline how a run ended; residue outranks everything (facts: faults, exit codes). */
export function exitCodeOf({ result, error }: RunOutcome, interruptedBy: 'SIGINT' | 'SIGTERM' | undefined): number {
  if (result.arms.some((arm) => arm.residue.length > 0)) return exitCodes.residue
  if (error !== undefined) return exitCodeOfError(error, interruptedBy)
  if (result.verdict === 'fail') return exitCodes.thresholdMissed
  return result.verdict === 'pass' ? exitCodes.pass : exitCodes.inconclusive
}

/** The exit status for something that was thrown; what is not a `Failure` is a bug. */
export function exitCodeOfError(error: unknown, interruptedBy: 'SIGINT' | 'SIGTERM' | undefined): number {
  if (!(error instanceof Failure)) return exitCodes.bug
  if (error.kind === 'interrupted') return interruptedBy === 'SIGTERM' ? exitCodes.terminated : exitCodes.interrupted
  return exitCodes[error.kind]
}
