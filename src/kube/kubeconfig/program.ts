import { spawn } from 'node:child_process'
import { isAbsolute, join } from 'node:path'
import process from 'node:process'
import type { Clock } from '../../base/clock.ts'
import { formatDuration } from '../../base/duration.ts'
import { excerpt } from '../../base/excerpt.ts'
import { isExecutable, isFile } from '../../base/files.ts'
import { signalGroup } from '../../base/shell.ts'

/** A program to run. */
export interface ProgramRun {
  file: string
  args: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  stdin: 'inherit' | 'ignore'
  limitMs: number
  /** Takes what it says on its standard error, as it comes. */
  onLine(line: string): void
  clock: Clock
}

/** Far more than credentials take. */
const largestOutput = 1_000_000
const longestLine = 10_000
/** Of what a program says when it fails, this much goes into a message. */
const mostSaid = 200

/** Finds a program by its name in PATH, or by an absolute path. As for client-go, folders in PATH that are relative do not count. */
export function findProgram(command: string, path: string): { file: string } | { because: string } {
  const candidates = isAbsolute(command)
    ? [command]
    : path.split(':').flatMap((folder) => (isAbsolute(folder) ? join(folder, command) : []))
  const files = candidates.filter(isFile)
  const file = files.find(isExecutable)
  if (file !== undefined) return { file }
  if (files.length > 0) return { because: 'is not executable' }
  return { because: isAbsolute(command) ? 'does not exist' : 'is not in PATH' }
}

/**
 * Runs a program and returns what it printed, or why that is not to be had. It ends, with its children, when it takes too long or
 * prints too much, when this process exits, and when `signal` aborts, whose reason is then thrown.
 */
export async function runProgram(
  run: ProgramRun,
  signal?: AbortSignal,
): Promise<{ output: string } | { because: string }> {
  const { limitMs, clock } = run
  signal?.throwIfAborted()
  const program = started(run)
  if (program === undefined) return { because: 'cannot be started' }
  const over = new AbortController()
  const waking = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal])
  const late = clock.sleep(limitMs, waking).then(() => ({ because: `did not end within ${formatDuration(limitMs)}` }))
  process.once('exit', program.end)
  try {
    return await Promise.race([program.ending, late])
  } finally {
    over.abort()
    program.end()
    process.removeListener('exit', program.end)
  }
}

function started({ file, args, env, stdin, onLine }: ProgramRun) {
  const child = spawned(file, args, env, stdin)
  if (child === undefined) return undefined
  const ending = Promise.withResolvers<{ output: string } | { because: string }>()
  let output = ''
  let lastLine = ''
  let isClosed = false
  const tell = (line: string) => {
    if (line.trim() !== '') lastLine = line.trim()
    onLine(line)
  }
  // Whoever is asked for something has to see the question, which ends no line.
  const said = lineReader(tell, stdin === 'inherit')
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (output.length > largestOutput) ending.resolve({ because: `printed more than ${largestOutput} characters` })
  })
  child.stderr.setEncoding('utf8').on('data', said.read).on('end', said.end)
  child.on('error', ({ code }: NodeJS.ErrnoException) => ending.resolve({ because: `cannot be started (${code})` }))
  child.on('close', (status, killedBy) => {
    isClosed = true
    if (status === 0) return ending.resolve({ output })
    const how = killedBy === null ? `ended with status ${status}` : `was ended by ${killedBy}`
    return ending.resolve({
      because: `${how}${lastLine === '' ? ' without any output' : `: ${excerpt(lastLine, mostSaid)}`}`,
    })
  })
  return {
    ending: ending.promise,
    /** Ends it with its children, unless it has ended by itself. */
    end() {
      const { pid } = child
      if (isClosed || pid === undefined) return
      signalGroup(pid, 'SIGKILL')
      // A child that left the group may hold these for ever.
      child.stdout.destroy()
      child.stderr.destroy()
    },
  }
}

function spawned(file: string, args: readonly string[], env: ProgramRun['env'], stdin: ProgramRun['stdin']) {
  try {
    // A group of its own, so that its children can be ended with it.
    return spawn(file, args, { env, detached: true, stdio: [stdin, 'pipe', 'pipe'] })
  } catch {
    // Such as an argument with a NUL, which the error would quote.
    return undefined
  }
}

/** Hands on whole lines, or with `atOnce` whatever is there. */
function lineReader(onLine: (line: string) => void, atOnce: boolean) {
  let rest = ''
  const end = () => {
    if (rest !== '') onLine(rest)
    rest = ''
  }
  return {
    read(text: string) {
      const lines = `${rest}${text}`.split(/\r?\n/)
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(line)
      if (atOnce || rest.length > longestLine) end()
    },
    end,
  }
}
