import { once } from 'node:events'
import { createWriteStream, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { formatDuration } from '../../base/duration.ts'
import { Failure, messageOf } from '../../base/errors.ts'

/** How long a program may take to re-tune a cluster: static pods are restarted one after the other. */
export const retuneLimitMs = 600_000

/** A program of the plan's that gives a cluster the settings of an arm. */
export interface Retuning {
  /** The program and its arguments; the arm comes after them. */
  command: readonly string[]
  arm: string
  /** Takes what the program says. */
  logFile: string
  env: Readonly<Record<string, string | undefined>>
  clock: Clock
  signal: AbortSignal
}

/** Runs the program to its end. Throws `Failure('infrastructure')` with its last line when it fails or takes too long. */
export async function retune({ command, arm, logFile, env, clock, signal }: Retuning): Promise<void> {
  const { $ } = await import('zx/core')
  const [program = '', ...given] = command
  mkdirSync(dirname(logFile), { recursive: true })
  const log = createWriteStream(logFile)
  const run = $({
    env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)) as NodeJS.ProcessEnv,
    nothrow: true,
    quiet: true,
    signal,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: retuneLimitMs,
    timeoutSignal: 'SIGKILL',
  })`${program} ${[...given, arm]}`
  run.stdout.pipe(log, { end: false })
  run.stderr.pipe(log, { end: false })
  try {
    const startedMs = clock.nowMs()
    const { exitCode, signal: killedBy, stderr, stdout } = await run
    signal.throwIfAborted()
    if (exitCode === 0) return
    const how =
      killedBy !== null && clock.nowMs() - startedMs >= retuneLimitMs
        ? `took longer than ${formatDuration(retuneLimitMs)}`
        : killedBy === null
          ? `ended with status ${exitCode}`
          : `was ended by ${killedBy}`
    const said = (stderr.trim() || stdout.trim()).split('\n').at(-1) ?? ''
    throw new Failure('infrastructure', `${program} ${arm} ${how}${said === '' ? '' : `: ${said}`}`, {
      next: `What it said is in ${logFile}`,
    })
  } catch (error) {
    if (error instanceof Failure || signal.aborted) throw error
    throw new Failure('infrastructure', `${program} could not be run: ${messageOf(error)}`)
  } finally {
    const closed = once(log, 'close')
    log.end()
    await closed
  }
}
