import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { keepSecret } from '../base/known-secrets.ts'
import { journalLine, openJournal, readJournal } from './journal.ts'

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
      { sequence: 0, atMs: 12, type: 'a', text: 'ü\n', crc: expect.stringMatching(/^[0-9a-f]{8}$/) },
      { sequence: 1, atMs: 12, type: 'b', crc: expect.stringMatching(/^[0-9a-f]{8}$/) },
    ])
  })

  it('should give each line the CRC-32 of the rest of it', () => {
    // By `printf '{"sequence":0,"atMs":12,"type":"a"}' | gzip -c | tail -c8 | od -An -tx4 -N4`.
    expect(journalLine({ sequence: 0, atMs: 12, type: 'a' })).toBe(
      '{"sequence":0,"atMs":12,"type":"a","crc":"cc035383"}',
    )
  })

  it('should write a journal that can be read although a secret was hidden in it', () => {
    keepSecret('journal-canary-5c1e')
    const path = join(folder, 'journal.ndjson')
    const journal = openJournal(path, () => 0)
    journal.append({ type: 'a', text: 'token journal-canary-5c1e' })
    journal.close()
    expect(readJournal(path).records).toEqual([{ sequence: 0, atMs: 0, type: 'a', text: 'token [hidden]' }])
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
  ])('should read whole records, and tell how long they are, where the last write left %s (fault 20)', (_, tail) => {
    const path = written('a', 'ü')
    const { length } = readFileSync(path)
    appendFileSync(path, tail)
    const { records, wholeBytes } = readJournal(path)
    expect(records.map(({ type }) => type)).toEqual(['a', 'ü'])
    expect(wholeBytes).toBe(length)
  })

  /** Where the second of three records begins. */
  const second = `{"sequence":0,"atMs":0,"type":"a","crc":"12345678"}\n`.length

  it.each<[string, (text: string) => string, string]>([
    [
      'a record that is no JSON',
      (text) => text.replace('"type":"b"', '"type:"b"'),
      `line 2, byte ${second}: this record does not match its checksum`,
    ],
    [
      'a record of which one letter has changed',
      (text) => text.replace('"type":"b"', '"type":"B"'),
      `line 2, byte ${second}: this record does not match its checksum`,
    ],
    [
      'a record whose checksum has changed',
      (text) => text.replace(/("b","crc":".{7})./, '$1x'),
      `line 2, byte ${second}: this record does not match its checksum`,
    ],
    [
      'a record without a checksum among others',
      (text) => text.replace(/("b"),"crc":"\w+"/, '$1'),
      `line 2, byte ${second}: this record does not match its checksum`,
    ],
    [
      'a record with NULs before the last one',
      (text) => text.replace('"type":"b"', '\0\0\0\0\0\0\0\0\0\0'),
      `line 2, byte ${second}: this record does not match its checksum`,
    ],
    [
      'a last record that is whole, and of which one letter has changed',
      (text) => text.replace('"type":"c"', '"type":"C"'),
      `line 3, byte ${2 * second}: this record does not match its checksum`,
    ],
    ['a missing record', (text) => text.replace(/.*"b".*\n/, ''), `line 2, byte ${second}: expected record 1, found 2`],
    [
      'a record twice',
      (text) => text.replace(/(.*"b".*\n)/, '$1$1'),
      `line 3, byte ${2 * second}: expected record 2, found 1`,
    ],
  ])('should refuse %s, as nobody can tell what is done (fault 20) (review 23)', (_, damage, reason) => {
    const path = written('a', 'b', 'c')
    writeFileSync(path, damage(readFileSync(path, 'utf8')))
    expect(failureOf(path)).toMatchObject({ kind: 'safety-refusal', message: expect.stringContaining(reason) })
  })

  it('should say so when an earlier version wrote it, without checksums', () => {
    const path = written('a', 'b', 'c')
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/,"crc":"\w+"/g, ''))
    expect(failureOf(path)).toMatchObject({
      kind: 'bad-input',
      message: expect.stringContaining('an earlier version of scale-test wrote it, without checksums'),
    })
  })

  function failureOf(path: string): unknown {
    try {
      return readJournal(path)
    } catch (error) {
      expect(error).toBeInstanceOf(Failure)
      return error
    }
  }
})
