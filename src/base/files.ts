import { isUtf8 } from 'node:buffer'
import type { Stats } from 'node:fs'
import {
  accessSync,
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { Failure } from './errors.ts'
import { isSystemError, onFile, shownPath } from './file-failures.ts'
import { withoutKnownSecrets } from './known-secrets.ts'
import { formatBytes } from './quantity.ts'

/** Results of big runs have tens of megabytes. */
const largestBytes = 256 * 2 ** 20

/**
 * The text of a regular file in UTF-8. A pipe, which would be waited for, a device, which may never end, and other encodings are
 * refused. Throws `Failure('bad-input')`.
 */
export function readTextFile(path: string, maximumBytes = largestBytes): string {
  const bytes = onFile(path, 'read', () => readRegularFile(path, maximumBytes))
  const refusal = (is: string) =>
    new Failure('bad-input', `${shownPath(path)} ${is}`, { next: 'Save it as text in UTF-8' })
  // Every other byte of what has an ASCII character in UTF-16 is 0.
  const isUtf16 = /^(\xff\xfe|\xfe\xff|\0[^\0]|[^\0]\0)/.test(Buffer.from(bytes.subarray(0, 2)).toString('latin1'))
  if (isUtf16) throw refusal('is text in UTF-16')
  if (bytes.includes(0)) throw refusal('has NUL characters: it is not text')
  if (!isUtf8(bytes)) throw refusal('is not text in UTF-8; in Latin-1, perhaps')
  return new TextDecoder().decode(bytes)
}

function readRegularFile(path: string, maximumBytes: number): Uint8Array {
  // Without O_NONBLOCK, opening a pipe waits for whoever writes to it.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const state = fstatSync(file)
    if (!state.isFile()) throw new Failure('bad-input', `${shownPath(path)} is ${inWords(state)}, not a file`)
    const pieces: Uint8Array[] = []
    let length = 0
    // Not by its size: the kernel's files say 0.
    for (;;) {
      const piece = new Uint8Array(64 * 1024)
      const read = readSync(file, piece)
      if (read === 0) return Buffer.concat(pieces)
      pieces.push(piece.subarray(0, read))
      length += read
      if (length > maximumBytes)
        throw new Failure('bad-input', `${shownPath(path)} is larger than ${formatBytes(maximumBytes)}`)
    }
  } finally {
    closeSync(file)
  }
}

function inWords(state: Stats): string {
  if (state.isDirectory()) return 'a folder'
  return state.isFIFO() ? 'a named pipe' : 'a device'
}

/** The bytes of a regular file of any size. Throws `Failure('bad-input')`. */
export function readBytes(path: string): Uint8Array {
  return onFile(path, 'read', () => readRegularFile(path, Number.POSITIVE_INFINITY))
}

/** The last bytes of a file that may be large. Throws `Failure('bad-input')`. */
export function readEnd(path: string, bytes: number): Uint8Array {
  return onFile(path, 'read', () => {
    const file = openSync(path, 'r')
    try {
      const { size } = fstatSync(file)
      const end = new Uint8Array(Math.min(size, bytes))
      readSync(file, end, 0, end.length, size - end.length)
      return end
    } finally {
      closeSync(file)
    }
  })
}

/** What the kernel says in a file below /proc or /sys. Throws `Failure('infrastructure')`: also for a process that has ended. */
export function readKernelFile(path: string): string {
  return onFile(path, 'looked into', () => readFileSync(path, 'utf8'))
}

/** Whether there is a file, as far as can be seen. */
export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Whether there is a program that may be started, as far as can be seen. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return isFile(path)
  } catch {
    return false
  }
}

/** What a path leads to; undefined where there is nothing. Throws `Failure` where that cannot be seen. */
export function kindOf(path: string): 'file' | 'folder' | 'other' | undefined {
  return onFile(path, 'read', () => {
    const state = statSync(path, { throwIfNoEntry: false })
    if (state === undefined) return undefined
    if (state.isFile()) return 'file'
    return state.isDirectory() ? 'folder' : 'other'
  })
}

/** When a file was last written, in milliseconds since 1970. Throws `Failure`. */
export function writtenAtMs(path: string): number {
  return onFile(path, 'read', () => statSync(path).mtimeMs)
}

/** Throws `Failure`. */
export function sizeBytes(path: string): number {
  return onFile(path, 'read', () => statSync(path).size)
}

/** Where a path leads once every link on it is followed. Throws `Failure`. */
export function realPath(path: string): string {
  return onFile(path, 'read', () => realpathSync(path))
}

/** The names in a folder; none where there is no such folder. Throws `Failure` for a file, or what may not be listed. */
export function listFolder(path: string): string[] {
  return kindOf(path) === undefined ? [] : onFile(path, 'listed', () => readdirSync(path))
}

/** The paths of everything below a folder, relative to it. Throws `Failure('infrastructure')`. */
export function listTree(path: string): string[] {
  return onFile(path, 'listed', () => readdirSync(path, { recursive: true, encoding: 'utf8' }))
}

/** Makes a folder, and those above it, unless they are there: for their owner alone, unless `mode` says otherwise. Throws `Failure('infrastructure')`. */
export function makeFolder(path: string, mode = 0o700): void {
  onFile(path, 'created', () => {
    // Not by Node's `recursive`: where the kernel says ENOENT to mkdir, as in /proc, that never ends.
    const missing: string[] = []
    let above = resolve(path)
    while (statSync(above, { throwIfNoEntry: false }) === undefined) {
      missing.unshift(above)
      above = dirname(above)
    }
    for (const folder of missing) makeOne(folder, mode)
    if (!statSync(path).isDirectory()) throw new Failure('infrastructure', `${shownPath(path)} is not a folder`)
  })
}

/** Makes a new folder whose name begins with a path, and returns its path. Throws `Failure('infrastructure')`. */
export function makeTemporaryFolder(prefix: string): string {
  return onFile(prefix, 'created', () => mkdtempSync(prefix))
}

/** How much may still be written to a folder that is there or could be made. Throws `Failure('infrastructure')` where nothing may. */
export function freeBytes(path: string): number {
  return onFile(path, 'written', () => {
    const above = nearestFolder(path)
    // Rights, quotas and read-only mounts have many forms: trying is the only way to know.
    rmdirSync(mkdtempSync(join(above, '.scale-test-')))
    const { bavail, bsize } = statfsSync(above)
    return bavail * bsize
  })
}

/** The device that a folder, or the nearest one above it that is there, is on, as the kernel writes it: `8:1`. Throws `Failure('infrastructure')`. */
export function deviceOf(path: string): string {
  return onFile(path, 'looked into', () => {
    const { dev } = statSync(nearestFolder(path), { bigint: true })
    // A number of more than 32 bits: 12 of the major one and 20 of the minor one are mixed (glibc, sys/sysmacros.h).
    const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn)
    const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn)
    return `${major}:${minor}`
  })
}

/**
 * Appends to a file of its own in a folder, or in the nearest one above it that is there, and syncs its data after each write; removes it.
 * Returns what each write with its sync took, milliseconds: at least one, and `limits.writes` of them unless `limits.totalMs` is over before.
 * Throws `Failure('infrastructure')`.
 */
export function timeSyncs(
  path: string,
  limits: { writes: number; bytes: number; totalMs: number },
  nowMs: () => number,
): number[] {
  return onFile(path, 'written', () => {
    const folder = mkdtempSync(join(nearestFolder(path), '.scale-test-'))
    try {
      const file = openSync(join(folder, 'syncs'), 'wx', 0o600)
      try {
        const block = Buffer.alloc(limits.bytes, 1)
        const takenMs: number[] = []
        for (const beganMs = nowMs(); takenMs.length < limits.writes; ) {
          const startMs = nowMs()
          writeSync(file, block)
          fdatasyncSync(file)
          takenMs.push(nowMs() - startMs)
          if (nowMs() - beganMs > limits.totalMs) break
        }
        return takenMs
      } finally {
        closeSync(file)
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

function nearestFolder(path: string): string {
  let above = resolve(path)
  while (statSync(above, { throwIfNoEntry: false }) === undefined) above = dirname(above)
  return above
}

function makeOne(folder: string, mode: number): void {
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    // Somebody else may have made it just now.
    const isThere = isSystemError(error) && error.code === 'EEXIST'
    if (!isThere || statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw error
  }
}

/**
 * Writes a whole file or none: a reader, or a full disk, never sees half of it. Readable by the owner only, since run
 * products can hold addresses and object names. In a text, secrets that this process knows are hidden. Throws
 * `Failure('infrastructure')`.
 */
export function writeFileWhole(path: string, content: string | readonly Uint8Array[]): void {
  makeFolder(dirname(path))
  const unfinished = `${path}.unfinished-${process.pid}`
  onFile(path, 'written', () => {
    try {
      const file = openSync(unfinished, 'w', 0o600)
      try {
        for (const piece of typeof content === 'string' ? [withoutKnownSecrets(content)] : content)
          writeFileSync(file, piece)
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
      renameSync(unfinished, path)
    } catch (error) {
      quietly(() => rmSync(unfinished, { force: true }))
      throw error
    }
    // Where folders cannot be synced, a loss of power may bring back what was there before: that is whole, too.
    quietly(() => syncFolder(dirname(path)))
  })
}

/** A new name in a folder lasts only when the folder is on the disk as well. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/**
 * Writes a file that is not there yet; false where it is. If it cannot be written whole, nothing of it is left. Secrets that this process knows
 * are hidden. Throws `Failure('infrastructure')`.
 */
export function writeNewFile(path: string, content: string): boolean {
  return onFile(path, 'written', () => {
    const file = openNew(path)
    if (file === undefined) return false
    try {
      writeFileSync(file, withoutKnownSecrets(content))
      fsyncSync(file)
      return true
    } catch (error) {
      quietly(() => rmSync(path))
      throw error
    } finally {
      closeSync(file)
    }
  })
}

function openNew(path: string): number | undefined {
  try {
    return openSync(path, 'wx', 0o600)
  } catch (error) {
    if (isSystemError(error) && error.code === 'EEXIST') return undefined
    throw error
  }
}

/** Tidies up after an error, which is the one to be told. */
export function quietly(work: () => void): void {
  try {
    work()
  } catch {
    // The first error says what is wrong.
  }
}

/** A file that grows by whole lines. */
export interface LineFile {
  /** Secrets that this process knows are hidden. Throws `Failure('infrastructure')`; then nothing of the line is in the file. */
  append(line: string): void
  /** Returns when all that was appended is on the disk. Throws `Failure('infrastructure')`. */
  sync(): void
  close(): void
}

/** Opens a file to append lines to. What was appended is in the kernel's hands when `append` returns. */
export function openLineFile(path: string): LineFile {
  makeFolder(dirname(path))
  const file = onFile(path, 'written', () => openSync(path, 'a', 0o600))
  quietly(() => syncFolder(dirname(path)))
  return {
    append: (line) =>
      onFile(path, 'written', () => {
        const { size: wholeBytes, ino } = fstatSync(file)
        // Whoever removes or moves a folder leaves open files alone: what they get is lost, or not where it is looked for.
        if (statSync(path, { throwIfNoEntry: false })?.ino !== ino)
          throw new Failure('infrastructure', `${shownPath(path)} was removed or moved while it was being written`)
        try {
          writeFileSync(file, `${withoutKnownSecrets(line)}\n`)
        } catch (error) {
          quietly(() => ftruncateSync(file, wholeBytes))
          throw error
        }
      }),
    sync: () => onFile(path, 'written', () => fsyncSync(file)),
    close: () => onFile(path, 'written', () => closeSync(file)),
  }
}

/** Cuts a file off after so many bytes. Throws `Failure('infrastructure')`. */
export function cutFile(path: string, bytes: number): void {
  onFile(path, 'written', () => truncateSync(path, bytes))
}

/**
 * Keeps those lines of a file that `isKept` says, and what is left is as whole as with `writeFileWhole`; a last line without its end is no
 * line. The file may be larger than memory. Throws `Failure('infrastructure')`, and what `isKept` throws.
 */
export function keepLines(path: string, isKept: (line: string) => boolean): void {
  const pieceBytes = 2 ** 20
  const unfinished = `${path}.unfinished-${process.pid}`
  onFile(path, 'written', () => {
    const from = openSync(path, 'r')
    const to = openSync(unfinished, 'w', 0o600)
    try {
      let rest = ''
      const decoder = new TextDecoder()
      const piece = new Uint8Array(pieceBytes)
      for (let read = readSync(from, piece); read > 0; read = readSync(from, piece)) {
        const lines = `${rest}${decoder.decode(piece.subarray(0, read), { stream: true })}`.split('\n')
        rest = lines.pop() ?? ''
        const kept = lines.filter(isKept).map((line) => `${line}\n`)
        writeFileSync(to, kept.join(''))
      }
      fsyncSync(to)
      renameSync(unfinished, path)
    } catch (error) {
      quietly(() => rmSync(unfinished, { force: true }))
      throw error
    } finally {
      closeSync(from)
      closeSync(to)
    }
  })
}

/** A file that another process appends lines to. */
export interface FollowedFile {
  /** The whole lines that were written since the last time, at most a few megabytes of them. */
  newLines(): string[]
  /** Whether a path leads to this very file: its folder may have been given another name. */
  isAt(path: string): boolean
  close(): void
}

/** So much is read at once. */
const followedBytes = 4 * 2 ** 20

/**
 * Opens a file to read what is written to it from now on, or from its beginning. It may be given another name meanwhile. Throws
 * `Failure('bad-input')`.
 */
export function followFile(path: string, from: 'beginning' | 'now'): FollowedFile {
  const file = onFile(path, 'read', () => openSync(path, 'r'))
  let position = from === 'now' ? fstatSync(file).size : 0
  // Of a line that is not whole yet, as bytes: a character may be cut in two.
  let rest = Buffer.alloc(0)
  return {
    newLines: () =>
      onFile(path, 'read', () => {
        const length = Math.min(fstatSync(file).size - position, followedBytes)
        if (length <= 0) return []
        const piece = Buffer.alloc(length)
        position += readSync(file, piece, 0, length, position)
        const text = Buffer.concat([rest, piece])
        const end = text.lastIndexOf('\n')
        rest = text.subarray(end + 1)
        return end === -1 ? [] : text.toString('utf8', 0, end).split('\n')
      }),
    isAt: (other) =>
      onFile(other, 'read', () => {
        const [own, found] = [fstatSync(file), statSync(other, { throwIfNoEntry: false })]
        return found !== undefined && found.ino === own.ino && found.dev === own.dev
      }),
    close: () => closeSync(file),
  }
}

/** Opens a file for what a child process prints; whoever opens it closes it. Throws `Failure('infrastructure')`. */
export function openForChild(path: string, flags: 'a' | 'w'): number {
  makeFolder(dirname(path))
  return onFile(path, 'written', () => openSync(path, flags, 0o600))
}

/** Hides the secrets that this process knows in what a child has printed, by now to its end. Throws `Failure('infrastructure')`. */
export function hideSecretsIn(path: string): void {
  const bytes = Buffer.from(readBytes(path))
  // Byte by byte, whatever the child wrote stays as it is.
  const text = bytes.toString('latin1')
  const clean = withoutKnownSecrets(text)
  if (clean !== text) onFile(path, 'written', () => writeFileSync(path, clean, 'latin1'))
}

/** Closes what `openForChild` opened. */
export function closeFile(file: number): void {
  closeSync(file)
}

/** Gives a file another name, and takes the place of what has that. Throws `Failure('infrastructure')`. */
export function moveFile(from: string, to: string): void {
  onFile(to, 'written', () => renameSync(from, to))
}

/** Removes a folder unless something is in it. */
export function removeIfEmpty(path: string): void {
  quietly(() => rmdirSync(path))
}

/** Removes a file, or a folder with all there is in it, if it is there. Throws `Failure('infrastructure')`. */
export function remove(path: string): void {
  onFile(path, 'removed', () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
}

/** What came of giving something another name. */
export type Renamed = 'done' | 'taken' | 'missing'

/** Gives a folder another name: unless that is taken, or there is no such folder (any more). Throws `Failure('infrastructure')`. */
export function renameFolder(from: string, to: string): Renamed {
  return onFile(to, 'written', () => {
    try {
      renameSync(from, to)
      return 'done'
    } catch (error) {
      if (isSystemError(error) && ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(error.code)) return 'taken'
      if (isSystemError(error) && error.code === 'ENOENT') return 'missing'
      throw error
    }
  })
}
