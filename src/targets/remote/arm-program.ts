import type { Clock } from '../../base/clock.ts'
import { formatDuration } from '../../base/duration.ts'
import { Failure } from '../../base/errors.ts'
import { runProgram } from '../../base/shell.ts'
import { tailOf } from '../../base/tail.ts'

/** How long a program may take to change a cluster's settings: static pods are restarted one after the other. */
export const programLimitMs = 600_000

/** A program of the plan's that gives a cluster the settings of an arm, or takes them back. */
export interface ArmProgram {
  /** The program and its arguments; the arm comes after them. */
  command: readonly string[]
  arm: string
  /** Takes what the program says. */
  logFile: string
  env: Readonly<Record<string, string | undefined>>
  clock: Clock
  signal: AbortSignal
}

/**
 * Runs the program to its end; of what it started nothing runs on. Throws `Failure('infrastructure')` with its last line when it fails
 * or takes too long, and the signal's reason when that aborts.
 */
export async function runArmProgram({ command, arm, ...rest }: ArmProgram): Promise<void> {
  const { status, endedBy, isLate } = await runProgram({ command: [...command, arm], limitMs: programLimitMs, ...rest })
  if (status === 0) return
  const how = isLate
    ? `took longer than ${formatDuration(programLimitMs)}`
    : endedBy === null
      ? `ended with status ${status}`
      : `was ended by ${endedBy}`
  const [lastLine] = tailOf(rest.logFile, 1)
  const said = lastLine === undefined ? ' without any output' : `: ${lastLine}`
  throw new Failure('infrastructure', `${command[0]} ${arm} ${how}${said}`, {
    next: `Its output is in ${rest.logFile}`,
  })
}
