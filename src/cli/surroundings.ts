import type { Styles, Terminal } from './terminal.ts'

/** Everything a command takes from the process it runs in. */
export interface Surroundings {
  terminal: Terminal
  styles: Styles
  /** Whether somebody sits at standard input, whom a credential plugin can ask. */
  stdinIsTerminal: boolean
  /** Asks that person a question, to be answered yes or no, as `askYesNo` does; absent where nobody can answer. Throws the reason of an interrupt. */
  confirm?: ((question: string, options?: { mustSpell: boolean }) => Promise<boolean>) | undefined
  env: Readonly<Record<string, string | undefined>>
  folders: { root: string; plans: string; profiles: string; reports: string; components: string }
  interruption: Interruption
  /** Takes an error that nobody expected: the work under way ends, cleans up, and the process then ends with status 70. */
  reportBug(error: unknown): void
}

/** Ctrl-C, SIGTERM, a hang-up or a bug: the first one ends the work in good order, a signal after it leaves at once. */
export interface Interruption {
  signal: AbortSignal
  signalName: 'SIGINT' | 'SIGTERM' | undefined
  /** Printed when leaving at once: how to remove what is left. */
  hint: string | undefined
}
