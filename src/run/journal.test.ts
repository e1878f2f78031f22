import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openJournal } from './journal.ts'

const folder = mkdtempSync(join(tmpdir(), 'journal-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('openJournal', () => {
  it('should number and date the records, one on a line', () => {
    const path = join(folder, 'run', 'journal.ndjson')
    const journal = openJournal(path, () => 12.4)
    journal.append({ type: 'a', text: 'ü\n' })
    journal.append({ type: 'b' })
    journal.close()
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { sequence: 0, atMs: 12, type: 'a', text: 'ü\n' },
      { sequence: 1, atMs: 12, type: 'b' },
    ])
  })
})
