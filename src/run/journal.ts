import { z } from 'zod'
import { Failure } from '../base/errors.ts'
import { shownPath } from '../base/file-failures.ts'
import { openLineFile, readBytes } from '../base/files.ts'

/** Records of what happened in a run, in a file of one JSON object per line. */
export interface Journal {
  append(record: object): void
  /** Returns when all records are on the disk. */
  sync(): void
  close(): void
}

/**
 * A journal that numbers its records, from `sequence` on, and dates them, so that a reader sees what is missing. Throws `Failure` as
 * `openLineFile` does.
 */
export function openJournal(path: string, nowMs: () => number, sequence = 0): Journal {
  const file = openLineFile(path)
  let next = sequence
  return {
    append: (record) => file.append(JSON.stringify({ sequence: next++, atMs: Math.round(nowMs()), ...record })),
    sync: file.sync,
    close: file.close,
  }
}

const anyRecord = z.looseObject({ sequence: z.int(), atMs: z.number(), type: z.string() })
export type JournalRecord = z.infer<typeof anyRecord>

/** What a journal says, as far as it can be relied on. */
export interface ReadJournal {
  records: JournalRecord[]
  /** How long the file is without a last record that was written only in part. */
  wholeBytes: number
}

/**
 * Reads a journal. Its last record may be torn: the run was killed while it wrote that. Throws `Failure('safety-refusal')` where anything
 * else is damaged or missing, and `Failure('bad-input')` where there is no such file.
 */
export function readJournal(path: string): ReadJournal {
  const bytes = Buffer.from(readBytes(path))
  const records: JournalRecord[] = []
  let wholeBytes = 0
  for (let end = bytes.indexOf('\n'); end !== -1; end = bytes.indexOf('\n', wholeBytes)) {
    const record = parsedRecord(bytes.toString('utf8', wholeBytes, end))
    const place = `${shownPath(path)}, line ${records.length + 1}`
    const isLast = end === bytes.length - 1
    if (record === undefined && isLast) break
    if (record === undefined) throw damaged(`${place}: this is not a journal record`)
    if (record.sequence !== records.length)
      throw damaged(`${place}: expected record ${records.length}, found ${record.sequence}`)
    records.push(record)
    wholeBytes = end + 1
  }
  return { records, wholeBytes }
}

function parsedRecord(line: string): JournalRecord | undefined {
  try {
    return anyRecord.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

function damaged(what: string): Failure {
  return new Failure('safety-refusal', `the journal is damaged: ${what}`, {
    next: 'It does not show which arms are done. See what is there with `npm run scale-test -- report RUN`, then run the plan again',
  })
}
