import { writeSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { CommanderError } from 'commander'
import { exitCodes, Failure } from './base/errors.ts'
import { exitCodeOfError } from './cli/exit.ts'
import { createProgram } from './cli/program.ts'
import type { Interruption, Surroundings } from './cli/surroundings.ts'
import { printBug, stylesFor } from './cli/terminal.ts'

const ending = new AbortController()
const interruption: Interruption = { signal: ending.signal, signalName: undefined, hint: undefined }
const interactive = process.stdout.isTTY === true && process.env['TERM'] !== 'dumb' && process.env['CI'] === undefined
const root = join(import.meta.dirname, '..')

const surroundings: Surroundings = {
  terminal: {
    write: (text) => void process.stdout.write(text),
    print: (line) => void process.stdout.write(`${line}\n`),
    printError: (line) => void process.stderr.write(`${line}\n`),
    interactive,
    columns: process.stdout.columns ?? 80,
  },
  styles: stylesFor(interactive && process.env['NO_COLOR'] === undefined),
  env: process.env,
  folders: {
    root,
    plans: join(root, 'plans'),
    reports: process.env['SCALE_TEST_REPORTS'] ?? join(root, 'reports'),
    components: join(root, 'components'),
  },
  interruption,
}

// SIGHUP: the terminal or the connection that it was started from is gone, and somebody has to clean up all the same.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    const again = interruption.signalName !== undefined
    interruption.signalName ??= name === 'SIGINT' ? name : 'SIGTERM'
    if (again) {
      // Straight to the terminal: the list that redraws itself holds back what others print, and has hidden the cursor.
      if (interactive) writeSync(1, '\u001b[?25h')
      writeSync(2, `\nleaving at once; ${interruption.hint ?? 'nothing was started'}\n`)
      process.exit(name === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated)
    }
    ending.abort(new Failure('interrupted', `interrupted by ${name}`))
  })
}

for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    printBug(surroundings.terminal, error)
    process.exit(exitCodes.bug)
  })
}

const output = [process.stdout, process.stderr]
// Whoever reads it may leave (`| head`): what was begun goes on to its end, and cleans up.
for (const stream of output) stream.on('error', () => {})

const status = await main()
await Promise.all(output.map(written))
// Not left to an idle event loop: a child that even SIGKILL did not end would keep this process waiting for it.
process.exit(status)

/** Resolves when all of it has left the process (a pipe takes 64 KiB, the rest waits in here), or nobody takes it any more. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => void stream.write('', () => resolve()))
}

async function main(): Promise<number> {
  let status: number = exitCodes.pass
  try {
    await createProgram(surroundings, (code) => {
      status = code
    }).parseAsync()
    return status
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.pass : exitCodes['bad-input']
    if (!(error instanceof Failure)) {
      printBug(surroundings.terminal, error)
      return exitCodes.bug
    }
    surroundings.terminal.printError(error.message)
    if (error.next !== undefined) surroundings.terminal.printError(`\n${error.next}`)
    return exitCodeOfError(error, interruption.signalName)
  }
}
