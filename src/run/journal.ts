import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'

/** An append-only file of one JSON object per line. */
export interface LineFile {
  append(record: object): void
  close(): void
}

/**
 * A journal: every record carries its number and a checksum of its own text, so that a reader can tell a torn tail from
 * damage elsewhere. Written synchronously: what was acknowledged is in the kernel's hands when `append` returns.
 */
export function openJournal(path: string, nowMs: () => number): LineFile {
  const file = openLineFile(path)
  let sequence = 0
  return {
    append(record) {
      const entry = { sequence: sequence++, atMs: Math.round(nowMs()), ...record }
      file.append({ crc32: crc32(JSON.stringify(entry)), entry })
    },
    close: file.close,
  }
}

/** A plain file of one JSON object per line. */
export function openLineFile(path: string): LineFile {
  mkdirSync(dirname(path), { recursive: true })
  const file = openSync(path, 'a', 0o600)
  return {
    append: (record) => writeFileSync(file, `${JSON.stringify(record)}\n`),
    close: () => closeSync(file),
  }
}
