import { join, relative } from 'node:path'
import { listFolder, readTextFile } from '../base/files.ts'
import type { ProfileFiles } from '../plan/profile.ts'
import { largestPlanBytes } from '../plan/sources.ts'

/** The profiles of a folder, each called as its file is. */
export function profilesIn(folder: string): ProfileFiles {
  const names = listFolder(folder).flatMap((file) => /^(.+)\.yaml$/.exec(file)?.[1] ?? [])
  const shown = relative(process.cwd(), folder)
  return {
    names: names.sort(),
    fileOf: (name) => join(shown.startsWith('..') ? folder : shown, `${name}.yaml`),
    read: (file) => readTextFile(file, largestPlanBytes),
  }
}
