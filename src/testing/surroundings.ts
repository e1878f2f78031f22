import { join } from 'node:path'
import type { Surroundings } from '../cli/surroundings.ts'
import { stylesFor } from '../cli/terminal.ts'

const root = join(import.meta.dirname, '..', '..')

/** What commands are given in tests: this folder's plans, a folder for reports, and somebody who listens to what they print. */
export function surroundingsForTests(reports: string, print: (line: string) => void): Surroundings {
  return {
    terminal: { print, write: () => {}, printError: print, printAtOnce: print, interactive: false, columns: 80 },
    stdinIsTerminal: false,
    styles: stylesFor(false),
    env: {},
    folders: { root, plans: join(root, 'plans'), reports, components: '' },
    interruption: { signal: new AbortController().signal, signalName: undefined, hint: undefined },
    reportBug(error) {
      throw error
    },
  }
}
