import { fstatSync, writeFileSync } from 'node:fs'
import { Failure } from '../base/errors.ts'
import { isSystemError, systemReason } from '../base/file-failures.ts'
import { withoutKnownSecrets } from '../base/known-secrets.ts'

/** Where the process prints to, without the secrets that it knows, and what could not be printed. */
export interface Output {
  write(text: string): void
  /** Past what is waiting to be written: for questions, while a list redraws itself and holds back what others print. */
  writeNow(text: string): void
  /** Resolves when all of it has left the process (a pipe takes 64 KiB, the rest waits in here), or nobody takes it any more. */
  written(): Promise<void>
  /** Why something was not printed; nothing where a reader has left (`| head`), which is its right. */
  failure(): Failure | undefined
}

/** Prints through a stream of the process; `name` is for messages. */
export function openOutput(name: string, stream: NodeJS.WriteStream & { fd: number }): Output {
  let first: Failure | undefined
  const note = (error: unknown) => {
    if (!isSystemError(error)) throw error
    if (error.code === 'EPIPE') return
    first ??= new Failure('infrastructure', `${name} cannot be written: ${systemReason(error)}`)
  }
  stream.on('error', note)
  // Node's own stream takes what a nearly full disk has room for, and forgets the rest.
  const isFile = fstatSync(stream.fd).isFile()
  const writeNow = (text: string) => {
    try {
      writeFileSync(stream.fd, withoutKnownSecrets(text))
    } catch (error) {
      note(error)
    }
  }
  return {
    write: isFile ? writeNow : (text) => void stream.write(withoutKnownSecrets(text)),
    writeNow,
    written: () => new Promise((resolve) => void stream.write('', () => resolve())),
    failure: () => first,
  }
}
