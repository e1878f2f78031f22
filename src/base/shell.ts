import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Shell } from 'zx/core'
import { $ } from 'zx/core'
import type { Clock } from './clock.ts'
import { Failure, messageOf } from './errors.ts'
import { closeFile, hideSecretsIn, openForChild, quietly } from './files.ts'

export interface ShellOptions {
  env: Readonly<Record<string, string | undefined>>
  cwd?: string
  signal: AbortSignal
}

/**
 * Runs commands whose output is read and not shown, and whose failure is in what they return. When the signal aborts, they end
 * with all their children.
 */
export function createShell({ env, cwd, signal }: ShellOptions): Shell {
  return $({
    ...(cwd === undefined ? {} : { cwd }),
    env: definedOnly(env),
    signal,
    quiet: true,
    nothrow: true,
    // Were it a socket, as Node makes its pipes, bash would read ~/.bashrc, which may change PATH.
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: an abort then ends the command's children too.
    detached: true,
  })
}

export interface ProgramOptions {
  /** The program and its arguments, handed over as they are. */
  command: readonly string[]
  env: ShellOptions['env']
  /** Takes what the program and its children say; its folder is created. */
  logFile: string
  clock: Clock
  /** Longer than this it does not run. */
  limitMs: number
  signal: AbortSignal
}

/** How a program ended: by itself, by somebody's signal, or because its time was up. */
export interface ProgramEnd {
  status: number | null
  endedBy: NodeJS.Signals | null
  isLate: boolean
}

/** Between SIGTERM and SIGKILL: for a script to put back what it had half done. */
const graceMs = 3000
const pollMs = 25

/**
 * Runs a user's program to its end, in a process group of its own, of which nothing is left afterwards: neither when the program ends, nor
 * when its time is up, nor when `signal` aborts, nor when this process exits meanwhile. Throws the signal's reason when that aborted, and
 * `Failure('infrastructure')` when the log cannot be written or the program not be started.
 */
export async function runProgram(options: ProgramOptions): Promise<ProgramEnd> {
  const { clock, limitMs, signal } = options
  signal.throwIfAborted()
  const { pid, exited } = await start(options)
  const killGroup = () => void signalGroup(pid, 'SIGKILL')
  process.once('exit', killGroup)
  const done = new AbortController()
  const late = clock.sleep(limitMs, AbortSignal.any([signal, done.signal])).then(() => 'late' as const)
  try {
    const end = await Promise.race([exited, late])
    if (end !== 'late') return { status: end[0], endedBy: end[1], isLate: false }
    await endGroup(pid, clock)
    return { status: null, endedBy: null, isLate: true }
  } catch (error) {
    await endGroup(pid, clock)
    throw error
  } finally {
    killGroup()
    process.removeListener('exit', killGroup)
    late.catch(() => {})
    done.abort()
    // Afterwards: were it to write into a pipe of ours, a program would end half-way when we are killed.
    quietly(() => hideSecretsIn(options.logFile))
  }
}

async function start({ command, env, logFile }: ProgramOptions) {
  const [program = '', ...args] = command
  const log = openForChild(logFile, 'w')
  try {
    const child = spawn(program, args, { env: definedOnly(env), detached: true, stdio: ['ignore', log, log] })
    const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
    // One that was not started tells so below.
    exited.catch(() => {})
    await once(child, 'spawn')
    return { pid: child.pid as number, exited }
  } catch (error) {
    throw new Failure('infrastructure', `${program} could not be started: ${messageOf(error)}`, {
      next: 'Check its path, that it is executable and, for a script, the program in its first line',
    })
  } finally {
    closeFile(log)
  }
}

/** Asks every process of the group to end, and returns when none is left or the time for that is over. */
async function endGroup(pid: number, clock: Clock): Promise<void> {
  signalGroup(pid, 'SIGTERM')
  const untilMs = clock.nowMs() + graceMs
  while (signalGroup(pid, 0) && clock.nowMs() < untilMs) await clock.sleep(pollMs)
}

/** Sends a signal to a process and its children, where it leads a group; 0 only asks. False when the group has no process any more. */
export function signalGroup(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, name)
  } catch {
    return false
  }
}

function definedOnly(env: ShellOptions['env']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

export interface PipedProgram {
  /** The program and its arguments, handed over as they are. */
  command: readonly string[]
  /** What it reads from standard input. */
  input: string
  /** An existing file that takes standard error: what the program leaves running may hold it open. */
  errorFile: string
  env: ShellOptions['env']
  clock: Clock
  limitMs: number
  signal: AbortSignal
}

/**
 * Runs a program that reads a text and answers with one; `status` is null when its time was up. Throws the signal's reason when that
 * aborted, and `Failure('infrastructure')` when the program cannot be started.
 */
export async function pipeThrough(options: PipedProgram): Promise<{ status: number | null; output: string }> {
  const { command, input, errorFile, env, clock, limitMs, signal } = options
  signal.throwIfAborted()
  const [program = '', ...args] = command
  const errors = openForChild(errorFile, 'w')
  const child = spawn(program, args, { env: definedOnly(env), detached: true, stdio: ['pipe', 'pipe', errors] })
  closeFile(errors)
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('both were asked for as pipes')
  const pieces: Buffer[] = []
  stdout.on('data', (piece: Buffer) => pieces.push(piece))
  const ended = Promise.all([once(child, 'exit'), once(stdout, 'end')])
  ended.catch(() => {})
  // A program that ends early reads no further; its status says why.
  stdin.on('error', () => {})
  const kill = () => child.pid !== undefined && void signalGroup(child.pid, 'SIGKILL')
  const done = new AbortController()
  const late = clock.sleep(limitMs, AbortSignal.any([signal, done.signal])).then(() => 'late' as const)
  late.catch(() => {})
  try {
    await once(child, 'spawn')
    stdin.end(input)
    const end = await Promise.race([ended, late])
    if (end === 'late') kill()
    return { status: end === 'late' ? null : Number(end[0][0] ?? -1), output: Buffer.concat(pieces).toString('utf8') }
  } catch (error) {
    kill()
    signal.throwIfAborted()
    throw new Failure('infrastructure', `${program} could not be started: ${messageOf(error)}`)
  } finally {
    done.abort()
  }
}
