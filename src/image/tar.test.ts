import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TarEntry } from './tar.ts'
import { bytesIn, tar } from './tar.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scale-test-tar-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const file = (path: string, ...texts: string[]): TarEntry => ({
  path,
  mode: 0o644,
  content: texts.map((text) => Buffer.from(text)),
})

/** What the system's tar says, with the archive on its standard input. */
function systemTar(entries: readonly TarEntry[], ...options: string[]): string {
  return execFileSync('tar', options, { input: Buffer.concat(tar(entries)), encoding: 'utf8', env: { TZ: 'UTC' } })
}

describe('tar', () => {
  it('should be listed by the system’s tar with modes, owners, sizes and no date but the first', () => {
    const entries = [
      { path: 'tmp', mode: 0o1777 },
      { path: 'bin', mode: 0o755, content: [Buffer.alloc(513)] },
      file('empty'),
    ]
    expect(systemTar(entries, '-tvf', '-').replace(/ +/g, ' ')).toBe(
      [
        'drwxrwxrwt 0/0 0 1970-01-01 00:00 tmp/',
        '-rwxr-xr-x 0/0 513 1970-01-01 00:00 bin',
        '-rw-r--r-- 0/0 0 1970-01-01 00:00 empty\n',
      ].join('\n'),
    )
  })

  it.each([0, 1, 511, 512, 513, 70_000])('should give back contents of %i bytes, and what follows them', (size) => {
    const content = Buffer.alloc(size, 'abcdefg')
    const archive = tar([{ path: 'a', mode: 0o600, content: [content] }, file('b', 'next')])
    writeFileSync(join(folder, 'x.tar'), Buffer.concat(archive))
    execFileSync('tar', ['-xf', 'x.tar'], { cwd: folder })
    expect(readFileSync(join(folder, 'a')).equals(content)).toBe(true)
    expect(statSync(join(folder, 'a')).mode & 0o7777).toBe(0o600)
    expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('next')
  })

  it('should join contents that come in pieces', () => {
    expect(systemTar([file('a', 'one, ', 'two')], '-xOf', '-')).toBe('one, two')
  })

  it('should be whole blocks, and the same each time', () => {
    const entries = [file('a', 'x'), { path: 'tmp', mode: 0o1777 }]
    expect(bytesIn(tar(entries))).toBe(5 * 512)
    expect(Buffer.concat(tar(entries)).equals(Buffer.concat(tar(entries)))).toBe(true)
  })

  it('should take a path of 100 bytes and refuse a longer one', () => {
    expect(systemTar([file('a'.repeat(100), 'x')], '-tf', '-')).toBe(`${'a'.repeat(100)}\n`)
    expect(() => tar([file('ä'.repeat(51))])).toThrow(RangeError)
    expect(() => tar([{ path: 'a'.repeat(100), mode: 0o755 }])).toThrow('does not fit')
  })
})
