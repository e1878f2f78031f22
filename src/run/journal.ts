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
    append: (record) => file.append(JSON.stringify({ sequence: sequence++, atMs: Math.round(nowMs()), ...record })),
    close: file.close,
  }
}
