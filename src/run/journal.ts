import type { LineFile } from '../base/files.ts'
import { openLineFile } from '../base/files.ts'

/** Records of what happened in a run, in a file of one JSON object per line. */
export interface Journal {
  append(record: object): void
  close(): void
}

/** A journal that numbers its records and dates them, so that a reader sees what is missing. Throws `Failure` as `openLineFile` does. */
export function openJournal(path: string, nowMs: () => number): Journal {
  const file = openLineFile(path)
  let sequence = 0
  return {
    append: (record) => appendJson(file, { sequence: sequence++, atMs: Math.round(nowMs()), ...record }),
    close: file.close,
  }
}

/** Appends an object as a line of JSON. */
export function appendJson(file: LineFile, record: object): void {
  file.append(JSON.stringify(record))
}
