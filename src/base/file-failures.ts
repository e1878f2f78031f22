import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { getSystemErrorMessage } from 'node:util'
import type { FailureKind } from './errors.ts'
import { Failure } from './errors.ts'
import { hidden } from './known-secrets.ts'
import { printable } from './printable.ts'
import { userOfUrl } from './secrets.ts'

/** What was being done to a path. */
export type FileAction = 'read' | 'written' | 'created' | 'listed' | 'looked into' | 'removed'

/** Words for what users meet; the system's own for all else. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EISDIR: 'it is a folder',
  ENXIO: 'it is not a regular file',
  ENOTEMPTY: 'it is not empty',
  EEXIST: 'something else is already there',
  ENAMETOOLONG: 'the name is too long',
  EFBIG: 'the file would be larger than this process may write (ulimit -f)',
  EDQUOT: 'the disk quota is used up',
  EAGAIN: 'too many processes or threads (ulimit -u)',
  EMFILE: 'too many files are open (ulimit -n)',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
}

const freeSpace = 'Free some space there'
const otherPlace = 'Name a place that you may write to'
const nexts: Readonly<Record<string, string>> = {
  ENOSPC: freeSpace,
  EDQUOT: freeSpace,
  EACCES: otherPlace,
  EPERM: otherPlace,
  EROFS: otherPlace,
}

/**
 * Does something to a path. What the file system refuses becomes a `Failure` that names the path, what was tried and why not:
 * 'bad-input' for what is read, since somebody named it, and 'infrastructure' for all else. Other errors stay what they are.
 */
export function onFile<T>(path: string, action: FileAction, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw fileFailure(path, action, error)
  }
}

function fileFailure(path: string, action: FileAction, error: unknown): unknown {
  const kind: FailureKind = action === 'read' ? 'bad-input' : 'infrastructure'
  if (path.includes('\0'))
    return new Failure('bad-input', `${shownPath(path)} is not a path: it contains a NUL character`)
  if (!isSystemError(error)) return error
  const next = action === 'read' ? undefined : nexts[error.code]
  return new Failure(kind, `${shownPath(path)} cannot be ${action}: ${reasonOf(path, action, error)}`, {
    cause: error,
    ...(next !== undefined && { next }),
  })
}

/** Whether an error is the operating system's answer, such as `ENOSPC`, with the call that it answers. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string; errno: number } {
  return error instanceof Error && 'syscall' in error && 'errno' in error && typeof error.errno === 'number'
}

/** What the operating system says of itself and its limits; all else may as well be a mistake of ours. */
const ofTheMachine = new Set([
  'EAGAIN',
  'ENOMEM',
  'EMFILE',
  'ENFILE',
  'ENOSPC',
  'EDQUOT',
  'EIO',
  'EROFS',
  'EACCES',
  'EPERM',
])

/** The `Failure('infrastructure')` that a refusal is which nobody made one of: of `fork`, say. Anything else as it is. */
export function machineFailure(error: unknown): unknown {
  if (!isSystemError(error) || !ofTheMachine.has(error.code)) return error
  const { syscall, path } = error
  const what = [syscall, path === undefined ? undefined : shownPath(path)].filter((part) => part !== undefined)
  return new Failure('infrastructure', `${what.join(' ')}: ${systemReason(error)}`, { cause: error })
}

/** Why the operating system refused, in words. */
export function systemReason({ code, errno }: { code: string; errno: number }): string {
  return reasons[code] ?? getSystemErrorMessage(errno)
}

function reasonOf(
  path: string,
  action: FileAction,
  error: NodeJS.ErrnoException & { code: string; errno: number },
): string {
  // Of /proc and its like, where `mkdir` finds the folder that it is to make missing.
  if (error.code === 'ENOENT' && action === 'created') return 'nothing can be created there'
  if (error.code !== 'ENOTDIR') return systemReason(error)
  const inTheWay = fileInTheWay(path)
  return inTheWay === undefined ? 'it is not a folder' : `${shownPath(inTheWay)} is not a folder`
}

/** The part of a path that should be a folder and is something else. */
function fileInTheWay(path: string): string | undefined {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    try {
      if (statSync(at, { throwIfNoEntry: false })?.isDirectory() === false) return at
    } catch {
      // Not to be looked at: then one above it is in the way.
    }
  }
  return undefined
}

const longestShown = 200

/** A path for messages: no control characters, no password of a URL, and the middle left out where it is very long. */
export function shownPath(path: string): string {
  const clean = printable(path.replace(/[\t\n\r]/g, ' ').replace(userOfUrl, hidden))
  if (clean.length <= longestShown) return clean
  const half = longestShown / 2
  return `${clean.slice(0, half)}…${clean.slice(-half)}`
}
