/** Bytes in pieces, so that big contents are passed on and never copied. */
export type Pieces = readonly Uint8Array[]

/** One member of a tar archive. */
export interface TarEntry {
  /** Without a leading slash; folders come before what they hold. */
  path: string
  /** Permissions, such as 0o755. */
  mode: number
  /** Absent: a folder. */
  content?: Pieces
}

const blockBytes = 512

/**
 * A tar archive in the format ustar of POSIX ("pax - portable archive interchange", ustar Interchange Format). Everything
 * belongs to root and dates from 1970, so the same entries give the same bytes. Throws a RangeError for a path of more than
 * 100 bytes or contents of 8 GiB.
 */
export function tar(entries: readonly TarEntry[]): Pieces {
  const members = entries.flatMap((entry) => {
    const { content = [] } = entry
    return [headerOf(entry), ...content, Buffer.alloc(-bytesIn(content) & (blockBytes - 1))]
  })
  return [...members, Buffer.alloc(2 * blockBytes)]
}

export function bytesIn(pieces: Pieces): number {
  return pieces.reduce((total, { length }) => total + length, 0)
}

function headerOf({ path, mode, content }: TarEntry): Buffer {
  const header = Buffer.alloc(blockBytes)
  const put = (offset: number, bytes: number, text: string) => {
    if (Buffer.byteLength(text) > bytes) throw new RangeError(`${path}: ${text} does not fit a tar header`)
    header.write(text, offset)
  }
  // Numbers are octal and end with a NUL.
  const putNumber = (offset: number, bytes: number, value: number) =>
    put(offset, bytes, `${value.toString(8).padStart(bytes - 1, '0')}\0`)

  put(0, 100, content === undefined ? `${path}/` : path)
  putNumber(100, 8, mode)
  putNumber(108, 8, 0) // owner
  putNumber(116, 8, 0) // group
  putNumber(124, 12, bytesIn(content ?? []))
  putNumber(136, 12, 0) // time of modification
  put(156, 1, content === undefined ? '5' : '0')
  put(257, 8, 'ustar\u000000')
  putNumber(329, 8, 0) // device
  putNumber(337, 8, 0)

  // The sum of the header's bytes, among which the sum itself counts as spaces.
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  put(148, 8, `${sum.toString(8).padStart(6, '0')}\0 `)
  return header
}
