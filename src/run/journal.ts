import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { Failure } from '../base/errors.ts'
import { shownPath } from '../base/file-failures.ts'
import { openLineFile, readBytes } from '../base/files.ts'
import { withoutKnownSecrets } from '../base/known-secrets.ts'

/*
 * What happened in a run, in a file of one JSON object per line that only grows. The last field of each line is a checksum of the rest, so
 * that a byte that changed on the disk is noticed, also where the line is still JSON.
 */

/** Records of what happened in a run. */
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
    append: (record) => file.append(journalLine({ sequence: next++, atMs: Math.round(nowMs()), ...record })),
    sync: file.sync,
    close: file.close,
  }
}

/** A record as a line of the file, without its end: `{"sequence":0,...,"crc":"cbf43926"}`, CRC-32 of the line without that field. */
export function journalLine(record: object): string {
  // Hidden later, a secret would change the line and not its checksum.
  const text = withoutKnownSecrets(JSON.stringify(record))
  return `${text.slice(0, -1)}${checksumField(crc32(text))}`
}

function checksumField(checksum: number): string {
  return `,"crc":"${checksum.toString(16).padStart(8, '0')}"}`
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
 * Reads a journal. Its last record may be torn, because the run was killed or the machine lost power while it was written: then the line has
 * no end, or NULs where the disk got nothing. That record is left out; what it announces had not begun, since records are on the disk before that.
 * A last line that is whole but does not match its checksum was not torn: a byte of it has changed, as may happen to any other line.
 * Throws `Failure('safety-refusal')` where anything but the end is damaged or missing, with line and byte offset, and `Failure('bad-input')`
 * where there is no such file, or an earlier version of this program wrote it, without checksums.
 */
export function readJournal(path: string): ReadJournal {
  const bytes = Buffer.from(readBytes(path))
  const records: JournalRecord[] = []
  let wholeBytes = 0
  for (let end = bytes.indexOf('\n'); end !== -1; end = bytes.indexOf('\n', wholeBytes)) {
    const line = bytes.subarray(wholeBytes, end)
    const isTorn = end === bytes.length - 1 && line.includes(0)
    if (isTorn) break
    const place = `${shownPath(path)}, line ${records.length + 1}, byte ${wholeBytes}`
    const record = recordIn(line)
    if (record === undefined && isWithoutChecksums(bytes)) throw writtenEarlier(path)
    if (record === undefined) throw damaged(`${place}: this record does not match its checksum`)
    if (record.sequence !== records.length)
      throw damaged(`${place}: expected record ${records.length}, found ${record.sequence}`)
    records.push(record)
    wholeBytes = end + 1
  }
  return { records, wholeBytes }
}

/** The record of a line; undefined where it is not as it was written. */
function recordIn(line: Buffer): JournalRecord | undefined {
  const restBytes = line.length - checksumField(0).length
  if (restBytes < 0) return undefined
  const rest = line.subarray(0, restBytes)
  if (line.toString('latin1', restBytes) !== checksumField(crc32('}', crc32(rest)))) return undefined
  return parsedRecord(`${rest.toString()}}`)
}

function parsedRecord(text: string): JournalRecord | undefined {
  try {
    return anyRecord.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

function isWithoutChecksums(bytes: Buffer): boolean {
  const first = bytes.toString('utf8', 0, bytes.indexOf('\n'))
  return !bytes.includes('"crc":') && parsedRecord(first) !== undefined
}

function writtenEarlier(path: string): Failure {
  return new Failure('bad-input', `${shownPath(path)}: an earlier version of scale-test wrote it, without checksums`, {
    next: 'Resume that run with the version that started it, or run the plan again',
  })
}

function damaged(what: string): Failure {
  return new Failure('safety-refusal', `the journal is damaged: ${what}`, {
    next: 'It does not show which arms are done. See what is there with `npm run scale-test -- report RUN`, then run the plan again',
  })
}
