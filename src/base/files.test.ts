import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Failure } from './errors.ts'
import { machineFailure } from './file-failures.ts'
import {
  followFile,
  keepLines,
  listFolder,
  makeFolder,
  openLineFile,
  readTextFile,
  remove,
  renameFolder,
  writeFileWhole,
  writeNewFile,
} from './files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** The failure that something throws, as `kind: message`. */
function failureOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof Failure) return `${error.kind}: ${error.message}`
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('writeFileWhole', () => {
  it('should write the whole text, for the owner only, and leave nothing unfinished', () => {
    const path = join(folder, 'new', 'result.json')
    const text = 'ü'.repeat(1 << 20)
    writeFileWhole(path, text)
    expect(readFileSync(path, 'utf8')).toBe(text)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(folder, 'new'))).toEqual(['result.json'])
  })

  it('should keep what was there, say why, and leave nothing unfinished when it cannot write (fault 21)', () => {
    const path = join(folder, 'taken')
    mkdirSync(join(path, 'inside'), { recursive: true })
    expect(failureOf(() => writeFileWhole(path, 'x'))).toBe(`infrastructure: ${path} cannot be written: it is a folder`)
    expect(readdirSync(path)).toEqual(['inside'])
    expect(readdirSync(folder)).toEqual(['taken'])
  })
})

describe('makeFolder', () => {
  it('should make all that is missing, and nothing when it is there', () => {
    const path = join(folder, 'a', 'b', 'c')
    makeFolder(path)
    makeFolder(path)
    expect(statSync(path).isDirectory()).toBe(true)
  })

  it('should name what is in the way', () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    symlinkSync(join(folder, 'nowhere'), join(folder, 'link'))
    expect(failureOf(() => makeFolder(file))).toBe(`infrastructure: ${file} is not a folder`)
    expect(failureOf(() => makeFolder(join(file, 'a', 'b')))).toBe(
      `infrastructure: ${join(file, 'a', 'b')} cannot be created: ${file} is not a folder`,
    )
    expect(failureOf(() => makeFolder(join(folder, 'link')))).toContain('something else is already there')
    expect(failureOf(() => makeFolder('/dev/null/reports'))).toContain('/dev/null is not a folder')
  })

  it('should come to an end where the kernel makes no folders', () => {
    expect(failureOf(() => makeFolder('/proc/scale-test/run'))).toContain('cannot be created')
  })

  it('should refuse names that are too long, and show their ends only', () => {
    const message = failureOf(() => makeFolder(join(folder, 'n'.repeat(5000))))
    expect(message).toContain('the name is too long')
    expect(message.length).toBeLessThan(400)
  })
})

describe('readTextFile', () => {
  it('should read text in UTF-8, with or without a byte order mark', () => {
    const path = join(folder, 'text')
    writeFileSync(path, '\uFEFFgrün')
    expect(readTextFile(path)).toBe('grün')
  })

  it("should read the kernel's files, which have no size", () => {
    expect(readTextFile('/proc/self/status')).toContain('Pid:')
  })

  it('should refuse what is no regular file instead of waiting for it', () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    expect(failureOf(() => readTextFile(pipe))).toBe(`bad-input: ${pipe} is a named pipe, not a file`)
    expect(failureOf(() => readTextFile('/dev/zero'))).toBe('bad-input: /dev/zero is a device, not a file')
    expect(failureOf(() => readTextFile(folder))).toBe(`bad-input: ${folder} is a folder, not a file`)
  })

  it('should refuse what is not there, too large, not UTF-8, or no path (hostile 26)', () => {
    const path = join(folder, 'bytes')
    expect(failureOf(() => readTextFile(path))).toBe(
      `bad-input: ${path} cannot be read: there is no such file or folder`,
    )
    expect(failureOf(() => readTextFile('https://me:hunter2@example.org/x'))).toBe(
      'bad-input: https://[hidden]@example.org/x cannot be read: there is no such file or folder',
    )
    writeFileSync(path, Buffer.from([0x67, 0xfc]))
    expect(failureOf(() => readTextFile(path))).toBe(`bad-input: ${path} is not text in UTF-8; in Latin-1, perhaps`)
    expect(failureOf(() => readTextFile(path, 1))).toBe(`bad-input: ${path} is larger than 1 B`)
    writeFileSync(path, 'name: a\0b')
    expect(failureOf(() => readTextFile(path))).toBe(`bad-input: ${path} has NUL characters: it is not text`)
    for (const utf16 of ['name: a', '\uFEFFname: a']) {
      writeFileSync(path, Buffer.from(utf16, 'utf16le'))
      expect(failureOf(() => readTextFile(path))).toBe(`bad-input: ${path} is text in UTF-16`)
      writeFileSync(path, Buffer.from(utf16, 'utf16le').swap16())
      expect(failureOf(() => readTextFile(path))).toBe(`bad-input: ${path} is text in UTF-16`)
    }
    expect(failureOf(() => readTextFile('a\0b'))).toContain('NUL')
  })
})

describe('openLineFile', () => {
  it('should append lines to what is there', () => {
    const path = join(folder, 'new', 'lines')
    for (const text of ['one', 'two']) {
      const file = openLineFile(path)
      file.append(text)
      file.close()
    }
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
  })

  it('should say that the disk is full', () => {
    const file = openLineFile('/dev/full')
    expect(failureOf(() => file.append('x'))).toBe(
      'infrastructure: /dev/full cannot be written: no space left on device',
    )
    file.close()
  })
})

describe('a line file that somebody takes away while it is written (fault 37)', () => {
  it.each<[string, (path: string) => void]>([
    ['is removed', (path) => rmSync(path)],
    ['is moved', (path) => renameSync(path, `${path}.moved`)],
    [
      'is replaced',
      (path) => {
        renameSync(path, `${path}.moved`)
        writeFileSync(path, '')
      },
    ],
  ])('should say so, and take no more lines, when it %s', (_, take) => {
    const path = join(folder, 'lines')
    const file = openLineFile(path)
    file.append('one')
    take(path)
    expect(failureOf(() => file.append('two'))).toBe(
      `infrastructure: ${path} was removed or moved while it was being written`,
    )
    file.close()
  })
})

describe('renameFolder', () => {
  it('should take a free name, and leave another one alone', () => {
    for (const name of ['one', 'two']) writeFileWhole(join(folder, name, 'file'), name)
    expect(renameFolder(join(folder, 'one'), join(folder, 'two'))).toBe('taken')
    expect(readFileSync(join(folder, 'two', 'file'), 'utf8')).toBe('two')
    expect(renameFolder(join(folder, 'one'), join(folder, 'three'))).toBe('done')
    expect(renameFolder(join(folder, 'one'), join(folder, 'four'))).toBe('missing')
    expect(listFolder(folder).sort()).toEqual(['three', 'two'])
  })
})

describe('keepLines', () => {
  it('should keep the lines it is told to, whatever pieces the file is read in, and no torn one', () => {
    const path = join(folder, 'lines')
    const lines = Array.from({ length: 40_000 }, (_, index) => `${index} ${'ü'.repeat(index % 60)}`)
    writeFileSync(path, `${lines.join('\n')}\n7 torn`)
    keepLines(path, (line) => line.startsWith('7'))
    const kept = lines.filter((line) => line.startsWith('7'))
    expect(readFileSync(path, 'utf8')).toBe(`${kept.join('\n')}\n`)
    expect(readdirSync(folder)).toEqual(['lines'])
  })

  it('should leave the file as it was when a line is refused', () => {
    const path = join(folder, 'lines')
    writeFileSync(path, 'a\nb\n')
    const refuse = () => {
      throw new Failure('safety-refusal', 'no')
    }
    expect(failureOf(() => keepLines(path, refuse))).toBe('safety-refusal: no')
    expect(readFileSync(path, 'utf8')).toBe('a\nb\n')
    expect(readdirSync(folder)).toEqual(['lines'])
  })
})

describe('writeNewFile', () => {
  it('should write a file only once', () => {
    const path = join(folder, 'new')
    expect([writeNewFile(path, 'one'), writeNewFile(path, 'two')]).toEqual([true, false])
    expect(readFileSync(path, 'utf8')).toBe('one')
  })
})

describe('machineFailure', () => {
  it('should take what the machine lacks for no bug, and everything else for what it is', () => {
    const refused = (code: string, errno: number) =>
      Object.assign(new Error(code), { code, errno, syscall: 'spawn sh' })
    expect(machineFailure(refused('EAGAIN', -11))).toMatchObject({
      kind: 'infrastructure',
      message: 'spawn sh: too many processes or threads (ulimit -u)',
    })
    for (const error of [new TypeError('odd'), refused('EBADF', -9), new Failure('bad-input', 'x'), 'text'])
      expect(machineFailure(error)).toBe(error)
  })
})

describe('remove and listFolder', () => {
  it('should take what is not there for done, and empty', () => {
    remove(join(folder, 'nothing'))
    expect(listFolder(join(folder, 'nothing'))).toEqual([])
  })
})

describe('followFile', () => {
  it('should give whole lines once, whatever is cut in two, also when the folder has another name by then', () => {
    const path = join(folder, 'a', 'lines')
    mkdirSync(join(folder, 'a'))
    const bytes = Buffer.from('one\nélève\n')
    writeFileSync(path, bytes.subarray(0, 5))
    const followed = followFile(path, 'beginning')
    expect(followed.newLines()).toEqual(['one'])
    expect(followed.newLines()).toEqual([])
    renameFolder(join(folder, 'a'), join(folder, 'b'))
    writeFileSync(join(folder, 'b', 'lines'), bytes.subarray(5), { flag: 'a' })
    expect(followed.newLines()).toEqual(['élève'])
    expect([followed.isAt(path), followed.isAt(join(folder, 'b', 'lines'))]).toEqual([false, true])
    followed.close()
  })

  it('should begin where the file ends when only what is new is asked for', () => {
    const path = join(folder, 'lines')
    writeFileSync(path, 'old\n')
    const followed = followFile(path, 'now')
    writeFileSync(path, 'new\n', { flag: 'a' })
    expect(followed.newLines()).toEqual(['new'])
    followed.close()
  })
})
