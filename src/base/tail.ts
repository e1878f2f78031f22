import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const longestLine = 300
const bytesRead = 16_384

/** The last lines of a log that may be large, without blank ones, each cut to a readable length. Throws what the file system throws. */
export function tailOf(file: string, lines: number): string[] {
  const handle = openSync(file, 'r')
  try {
    const { size } = fstatSync(handle)
    const buffer = Buffer.alloc(Math.min(size, bytesRead))
    readSync(handle, buffer, 0, buffer.length, size - buffer.length)
    return buffer
      .toString('utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-lines)
      .map((line) => (line.length > longestLine ? `${line.slice(0, longestLine)}...` : line))
  } finally {
    closeSync(handle)
  }
}
