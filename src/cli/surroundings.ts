import type { Styles, Terminal } from './terminal.ts'

/** Everything a command takes from the process it runs in. */
export interface Surroundings {
  terminal: Terminal
  styles: Styles
  env: Readonly<Record<string, string | undefined>>
  folders: { root: string; plans: string; reports: string; components: string }
  interruption: Interruption
}

/** Ctrl-C or SIGTERM: the first one ends the work in good order, the second one leaves at once. */
export interface Interruption {
  signal: AbortSignal
  signalName: 'SIGINT' | 'SIGTERM' | undefined
  /** Printed when leaving at once: how to remove what is left. */
  hint: string | undefined
}
