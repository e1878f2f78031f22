import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Writes a whole file or none: a reader, or a full disk, never sees half of it. Readable by the owner only, since run
 * products can hold addresses and object names. Throws what the file system throws.
 */
export function writeFileWhole(path: string, content: string | readonly Uint8Array[]): void {
  mkdirSync(dirname(path), { recursive: true })
  const unfinished = `${path}.unfinished`
  try {
    const file = openSync(unfinished, 'w', 0o600)
    try {
      for (const piece of typeof content === 'string' ? [content] : content) writeFileSync(file, piece)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(unfinished, path)
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  }
}
