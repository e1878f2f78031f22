import { readEnd } from './files.ts'

const longestLine = 300
const bytesRead = 16_384

/** The last lines of a log that may be large, without blank ones, each cut to a readable length. Throws `Failure`. */
export function tailOf(file: string, lines: number): string[] {
  return new TextDecoder()
    .decode(readEnd(file, bytesRead))
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-lines)
    .map((line) => (line.length > longestLine ? `${line.slice(0, longestLine)}...` : line))
}
