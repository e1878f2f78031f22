import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** Asks a question of whoever sits at a terminal: yes is `y` or `yes`; anything else, also the end of input, is no. Throws the signal's reason. */
export async function askYesNo(
  question: string,
  { input, print, signal }: { input: Readable; print: (text: string) => void; signal: AbortSignal },
): Promise<boolean> {
  signal.throwIfAborted()
  print(`${question} [y/N] `)
  // Not as a terminal: Ctrl-C is to end the program, as always.
  const lines = createInterface({ input, terminal: false, signal })
  try {
    for await (const line of lines) return /^\s*y(es)?\s*$/i.test(line)
  } finally {
    lines.close()
  }
  signal.throwIfAborted()
  return false
}
