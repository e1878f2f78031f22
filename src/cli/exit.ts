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

/** The exit status of the process: a bug, or output that was lost, does not pass for success; residue outranks both. */
export function finalStatus(
  status: number,
  { bugs, outputFailed }: { bugs: ReadonlySet<unknown>; outputFailed: boolean },
): number {
  if (status === exitCodes.residue) return status
  if (bugs.size > 0) return exitCodes.bug
  return outputFailed && status === exitCodes.pass ? exitCodes.infrastructure : status
}

/** A package that cannot be loaded is no bug: commands load theirs when they are called. Anything else as it is. */
export function asInstallationFailure(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof Failure) return error
  const isMissing = 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
  const isDamaged = error instanceof SyntaxError && /[\\/]node_modules[\\/]/.test(error.stack ?? '')
  if (!isMissing && !isDamaged) return error
  return new Failure('infrastructure', `a package cannot be loaded: ${error.message}`, {
    next: 'Install the packages again with: npm ci',
    cause: error,
  })
}
