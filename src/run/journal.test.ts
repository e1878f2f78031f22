import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { openJournal } from './journal.ts'

const folder = mkdtempSync(join(tmpdir(), 'journal-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('openJournal', () => {
  it('should number records and give each a checksum of its own text', () => {
    const path = join(folder, 'run', 'journal.ndjson')
    const journal = openJournal(path, () => 12.4)
    journal.append({ type: 'a', text: 'ü' })
    journal.append({ type: 'b' })
    journal.close()
    const lines = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map((line) => line.entry)).toEqual([
      { sequence: 0, atMs: 12, type: 'a', text: 'ü' },
      { sequence: 1, atMs: 12, type: 'b' },
    ])
    for (const { crc32: checksum, entry } of lines) expect(checksum).toBe(crc32(JSON.stringify(entry)))
  })
})
