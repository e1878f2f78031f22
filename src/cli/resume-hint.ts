import { basename } from 'node:path'

/** The command by which the run in a folder of reports goes on. */
export function resumeCommand(folder: string): string {
  return `npm run scale-test -- resume ${basename(folder)}`
}
