import { systemClock } from '../base/clock.ts'
import { printable } from '../base/printable.ts'
import type { Terminal } from './terminal.ts'

/** Text that changes while something takes its time: one line that is written over, or now and then a new line. */
export interface StatusLine {
  update(text: string): void
  /** Takes the line away, where that is possible. */
  clear(): void
}

const quietMs = 15_000
const clearLine = '\r\u001b[2K'

/** Shows the progress of `work` in a status line, and takes it away when that ends, well or not. */
export async function withStatusLine<T>(
  terminal: Terminal,
  work: (onProgress: (text: string) => void) => Promise<T>,
): Promise<T> {
  const status = createStatusLine(terminal, systemClock.nowMs)
  try {
    return await work(status.update)
  } finally {
    status.clear()
  }
}

/** A status line for this terminal. */
export function createStatusLine(terminal: Terminal, nowMs: () => number): StatusLine {
  let shownAtMs = Number.NEGATIVE_INFINITY
  return {
    update(text) {
      if (terminal.interactive) terminal.write(`${clearLine}${printable(text).slice(0, terminal.columns - 1)}`)
      else if (nowMs() - shownAtMs >= quietMs) terminal.print(text)
      else return
      shownAtMs = nowMs()
    },
    clear() {
      if (terminal.interactive && shownAtMs > Number.NEGATIVE_INFINITY) terminal.write(clearLine)
    },
  }
}
