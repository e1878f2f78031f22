import { join } from 'node:path'
import process from 'node:process'
import { isatty } from 'node:tty'
import { CommanderError } from 'commander'
import { exitCodes, Failure } from './base/errors.ts'
import { machineFailure } from './base/file-failures.ts'
import { asInstallationFailure, exitCodeOfError, finalStatus } from './cli/exit.ts'
import { openOutput } from './cli/output.ts'
import { createProgram } from './cli/program.ts'
import { askYesNo } from './cli/question.ts'
import type { Interruption, Surroundings } from './cli/surroundings.ts'
import { printableOn, printBug, showCursor, stylesFor } from './cli/terminal.ts'

const ending = new AbortController()
const interruption: Interruption = { signal: ending.signal, signalName: undefined, hint: undefined }
const interactive = process.stdout.isTTY === true && process.env['TERM'] !== 'dumb' && process.env['CI'] === undefined
const colours = interactive && process.env['NO_COLOR'] === undefined
const clean = printableOn(colours)
const root = join(import.meta.dirname, '..')
const output = openOutput('standard output', process.stdout)
const errors = openOutput('standard error', process.stderr)
/** What nobody expected: the work is stopped and cleaned up first, then it is reported. */
const bugs = new Set<unknown>()
/** What ended the work without being thrown to whoever waits for it. */
const failures = new Set<Failure>()

const surroundings: Surroundings = {
  terminal: {
    write: output.write,
    print: (line) => output.write(`${clean(line)}\n`),
    printError: (line) => errors.write(`${clean(line)}\n`),
    printAtOnce: (line) => (interactive ? errors.writeNow : errors.write)(`${clean(line)}\n`),
    interactive,
    columns: process.stdout.columns ?? 80,
  },
  styles: stylesFor(colours),
  stdinIsTerminal: isatty(0),
  confirm:
    interactive && isatty(0)
      ? (question, options) =>
          askYesNo(question, {
            ...options,
            input: process.stdin,
            print: (text) => errors.write(clean(text)),
            signal: ending.signal,
          })
      : undefined,
  env: process.env,
  folders: {
    root,
    plans: join(root, 'plans'),
    profiles: join(root, 'profiles'),
    reports: process.env['SCALE_TEST_REPORTS'] ?? join(root, 'reports'),
    components: join(root, 'components'),
  },
  interruption,
  reportBug(thrown) {
    const error = machineFailure(thrown)
    if (error instanceof Failure) failures.add(error)
    else bugs.add(error)
    ending.abort(error)
  },
}

/** npm passes on what the terminal has sent to all its processes, this one included. */
const echoMs = process.env['npm_lifecycle_event'] === undefined ? 0 : 300
let signalledAtMs = Number.NEGATIVE_INFINITY

// SIGHUP: the terminal or the connection that it was started from is gone, and somebody has to clean up all the same.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
  process.on(name, () => {
    const isFirst = !ending.signal.aborted
    interruption.signalName ??= name === 'SIGINT' ? name : 'SIGTERM'
    if (isFirst) {
      signalledAtMs = performance.now()
      ending.abort(new Failure('interrupted', `interrupted by ${name}`))
    } else if (performance.now() - signalledAtMs >= echoMs) {
      errors.write(`\nexiting now; ${interruption.hint ?? 'nothing was started'}\n`)
      process.exit(name === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated)
    }
  })
}

for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, surroundings.reportBug)

let isOver = false
process.on('exit', (status) => {
  if (interactive) output.write(showCursor)
  if (isOver || status !== exitCodes.pass) return
  // Node leaves when nothing is left to wait for, whoever still waits.
  errors.write('stopped before the work was finished\n')
  process.exitCode = exitCodes.bug
})

const status = await main()
await Promise.all([output.written(), errors.written()])
isOver = true
// Not left to an idle event loop: a child that even SIGKILL did not end would keep this process waiting for it.
process.exit(finalStatus(status, { bugs, hasFailed: tellOfOutput() || failures.size > 0 }))

async function main(): Promise<number> {
  let status: number = exitCodes.pass
  try {
    requireWorkingDirectory()
    await createProgram(surroundings, (code) => {
      status = code
    }).parseAsync()
  } catch (error) {
    status = statusOfError(error)
  }
  for (const failure of failures) tellOf(failure)
  for (const bug of bugs) printBug(surroundings.terminal, bug)
  if (bugs.size > 0 && interruption.hint !== undefined) surroundings.terminal.printError(`\n${interruption.hint}`)
  return status
}

function statusOfError(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.pass : exitCodes['bad-input']
  const error = asInstallationFailure(machineFailure(thrown))
  // One that ended the work has already been noted.
  if (!(error instanceof Failure)) bugs.add(error)
  else if (!failures.has(error)) tellOf(error)
  return exitCodeOfError(error, interruption.signalName)
}

function tellOf({ message, next }: Failure): void {
  surroundings.terminal.printError(message)
  if (next !== undefined) surroundings.terminal.printError(`\n${next}`)
}

/** Relative paths, and many a library, need one. */
function requireWorkingDirectory(): void {
  try {
    process.cwd()
  } catch {
    throw new Failure('infrastructure', 'the working directory no longer exists', { next: 'cd to another folder' })
  }
}

/** Says what has been lost of what was printed; whether anything was. */
function tellOfOutput(): boolean {
  const failures = [output, errors].flatMap(({ failure }) => failure() ?? [])
  for (const failure of failures) errors.write(`${failure.message}\n`)
  return failures.length > 0
}
