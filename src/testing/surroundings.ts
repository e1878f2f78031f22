import type { Surroundings } from '../cli/surroundings.ts'
import { stylesFor } from '../cli/terminal.ts'
import { productFolders } from './folders.ts'

/** What commands are given in tests: this folder's plans, a folder for reports, and somebody who listens to what they print. */
export function surroundingsForTests(reports: string, print: (line: string) => void): Surroundings {
  return {
    terminal: { print, write: () => {}, printError: print, printAtOnce: print, interactive: false, columns: 80 },
    stdinIsTerminal: false,
    styles: stylesFor(false),
    env: {},
    folders: { ...productFolders, reports, components: '' },
    interruption: { signal: new AbortController().signal, signalName: undefined, hint: undefined },
    reportBug(error) {
      throw error
    },
  }
}
