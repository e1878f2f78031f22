import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Failure, messageOf } from '../base/errors.ts'
import type { Environment } from './components.ts'

/** The version that a program tells when asked for it: `v1.36.3`, `3.6.8`. Throws `Failure('infrastructure')` when it does not run. */
export async function readVersion(program: string, env: Environment): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], { env })
    return /v?\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] ?? stdout.trim()
  } catch (error) {
    throw new Failure('infrastructure', `${program} does not run: ${messageOf(error)}`, {
      next: 'Check that it was built for this machine',
    })
  }
}
