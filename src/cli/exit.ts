import { exitCodes, Failure, messageOf } from '../base/errors.ts'
import type { Result, Verdict } from '../result/result.ts'
import type { RunOutcome } from '../run/run.ts'

/** The exit status that tells a pipeline how a run ended; residue outranks everything. */
export function exitCodeOf({ result, error }: RunOutcome, interruptedBy: 'SIGINT' | 'SIGTERM' | undefined): number {
  if ([...(result.warmUps ?? []), ...result.arms].some((arm) => arm.residue.length > 0)) return exitCodes.residue
  if (error !== undefined) return exitCodeOfError(error, interruptedBy)
  return exitCodeOfVerdict(result.verdict)
}

/** The exit status of a verdict alone. */
export function exitCodeOfVerdict(verdict: Verdict): number {
  if (verdict === 'fail') return exitCodes.thresholdMissed
  return verdict === 'pass' ? exitCodes.pass : exitCodes.inconclusive
}

/** The exit status that a run with this result ended with, as far as the result tells. */
export function exitCodeIn(result: Result): number {
  const { ending, endedBy } = result
  if (endedBy === undefined) return exitCodeOf({ result }, undefined)
  const error = endedBy === 'bug' ? new Error(ending) : new Failure(endedBy, ending ?? '')
  return exitCodeOf({ result, error }, ending?.endsWith('SIGINT') === true ? 'SIGINT' : 'SIGTERM')
}

/** The exit status for something that was thrown; what is not a `Failure` is a bug. */
export function exitCodeOfError(error: unknown, interruptedBy: 'SIGINT' | 'SIGTERM' | undefined): number {
  if (!(error instanceof Failure)) return exitCodes.bug
  if (error.kind === 'interrupted') return interruptedBy === 'SIGTERM' ? exitCodes.terminated : exitCodes.interrupted
  return exitCodes[error.kind]
}

/** The exit status of the process: a bug, or a failure beside the work such as lost output, does not pass for success; residue outranks both. */
export function finalStatus(
  status: number,
  { bugs, hasFailed }: { bugs: ReadonlySet<unknown>; hasFailed: boolean },
): number {
  if (status === exitCodes.residue) return status
  if (bugs.size > 0) return exitCodes.bug
  return hasFailed && status === exitCodes.pass ? exitCodes.infrastructure : status
}

/** Node's loader, which commands use when they are called, meets damaged packages: no bug. Anything else as it is. */
export function asInstallationFailure(error: unknown): unknown {
  const frames = error instanceof Error ? error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) : undefined
  if (frames?.[0]?.includes('node:internal/modules/') !== true) return error
  return new Failure('infrastructure', `a package cannot be loaded: ${messageOf(error)}`, {
    next: 'Reinstall the packages with: npm ci',
    cause: error,
  })
}
