import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Runs a program to its end and returns what it wrote. Throws with its standard error when it fails. */
export async function execute(program: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const { stdout } = await run(program, args, { signal, maxBuffer: 1 << 24 })
  return stdout
}

/** Runs `ip` with words as one would type them. */
export async function ip(words: string): Promise<void> {
  await execute('ip', words.split(' '))
}
