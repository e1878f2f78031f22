import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/**
 * Asks a question of whoever sits at a terminal: yes is `y` or `yes`, or that word alone where it `mustSpell` it; anything else, also the end of
 * input, is no. Throws the signal's reason.
 */
export async function askYesNo(
  question: string,
  {
    input,
    print,
    signal,
    mustSpell = false,
  }: { input: Readable; print: (text: string) => void; signal: AbortSignal; mustSpell?: boolean | undefined },
): Promise<boolean> {
  signal.throwIfAborted()
  print(`${question} ${mustSpell ? 'Type yes:' : '[y/N]'} `)
  // Not as a terminal: Ctrl-C is to end the program, as always.
  const lines = createInterface({ input, terminal: false, signal })
  try {
    for await (const line of lines) return (mustSpell ? /^\s*yes\s*$/ : /^\s*y(es)?\s*$/i).test(line)
  } finally {
    lines.close()
  }
  signal.throwIfAborted()
  return false
}
