import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { openJournal, readJournal } from './journal.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'))
})
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

describe('readJournal', () => {
  const written = (...types: string[]) => {
    const path = join(folder, 'journal.ndjson')
    const journal = openJournal(path, () => 0)
    for (const type of types) journal.append({ type })
    journal.close()
    return path
  }

  it.each([
    ['nothing', ''],
    ['a part of a record', '{"sequence":2,"atMs":0,"ty'],
    ['a record that was only allotted its place', '\0\0\0\0\0\0'],
    ['a record whose end alone is there', '\0\0\0\0"}\n'],
  ])('should read whole records, and tell how long they are, where the last write left %s', (_, tail) => {
    const path = written('a', 'ü')
    const { length } = readFileSync(path)
    appendFileSync(path, tail)
    const { records, wholeBytes } = readJournal(path)
    expect(records.map(({ type }) => type)).toEqual(['a', 'ü'])
    expect(wholeBytes).toBe(length)
  })

  it.each([
    [
      'a damaged record',
      (text: string) => text.replace('"type":"b"', '"type:"b"'),
      'line 2: this is not a journal record',
    ],
    ['a missing record', (text: string) => text.replace(/.*"b".*\n/, ''), 'line 2: expected record 1, found 2'],
    ['a record twice', (text: string) => text.replace(/(.*"b".*\n)/, '$1$1'), 'line 3: expected record 2, found 1'],
  ])('should refuse %s, as nobody can tell what is done (review 23)', (_, damage, reason) => {
    const path = written('a', 'b', 'c')
    writeFileSync(path, damage(readFileSync(path, 'utf8')))
    let thrown: unknown
    try {
      readJournal(path)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(Failure)
    expect(thrown).toMatchObject({ kind: 'safety-refusal', message: expect.stringContaining(reason) })
  })
})
