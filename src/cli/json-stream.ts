import type { RunEnding } from '../run/event-line.ts'
import type { RunEventSink } from '../run/events.ts'
import type { Terminal } from './terminal.ts'

/** A stream of events on standard output, for programs: docs/events.md. */
export interface JsonStream {
  emit: RunEventSink
  /** The last line. */
  finish(ending: RunEnding): void
  /** A terminal for text, which goes to standard error: nothing but events is on standard output. */
  terminal: Terminal
}

/** So often a step says how far it is. */
const progressEveryMs = 250

/** Writes events as lines of JSON to a terminal's standard output. */
export function jsonStream(terminal: Terminal, nowMs: () => number): JsonStream {
  let sequence = 0
  let progressAtMs = Number.NEGATIVE_INFINITY
  const line = (event: object) =>
    terminal.write(`${JSON.stringify({ sequence: sequence++, time: new Date().toISOString(), ...event })}\n`)
  return {
    emit(event) {
      // The last line says more of the end.
      if (event.type === 'run-finished') return
      if (event.type === 'step-progress') {
        if (nowMs() - progressAtMs < progressEveryMs) return
        progressAtMs = nowMs()
      }
      line(event)
    },
    finish: (ending) => line({ type: 'run-finished', ...ending }),
    terminal: {
      ...terminal,
      interactive: false,
      print: terminal.printError,
      write: (text) => terminal.printError(text.replace(/\n$/, '')),
    },
  }
}
