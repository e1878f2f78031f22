import { fileURLToPath } from 'node:url'
import { isFile, readTextFile } from '../../base/files.ts'
import type { NeighbourUse } from '../../result/result.ts'
import type { StartOptions } from './running.ts'

const script = fileURLToPath(new URL('neighbour-main.ts', import.meta.url))

/**
 * Starts a program that writes and syncs on the disk of `folder`, at default priority, until the cluster ends. Returns how to read what it has
 * written since; undefined before it said so for the first time.
 */
export async function startNeighbour(
  { folder, stdoutFile }: { folder: string; stdoutFile: string },
  { supervisor }: Pick<StartOptions, 'supervisor'>,
): Promise<() => NeighbourUse | undefined> {
  await supervisor.start({
    name: 'neighbour',
    program: process.execPath,
    args: [script, folder],
    stdoutFile,
    stage: 'storage',
  })
  return () => {
    const lines = isFile(stdoutFile) ? readTextFile(stdoutFile).split('\n') : []
    // What follows the last line break may be half a line.
    const last = lines.at(-2)
    return last === undefined ? undefined : (JSON.parse(last) as NeighbourUse)
  }
}
