import { join, relative } from 'node:path'
import { Failure } from '../base/errors.ts'
import { excerpt } from '../base/excerpt.ts'
import { listFolder, readTextFile } from '../base/files.ts'
import { didYouMean, formatNames } from '../base/names.ts'
import type { ProfileFiles } from '../plan/profile.ts'
import { isProfilePath, readProfile } from '../plan/profile.ts'
import { largestPlanBytes } from '../plan/sources.ts'
import { conflictsAmong } from '../tuning/conflicts.ts'
import type { KnobRequest } from '../tuning/profiles.ts'
import { requestsOf } from '../tuning/profiles.ts'

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

/** What a profile asks for, given by name or path. Throws `Failure('bad-input')` for a mistake in it, and for values with which a component would not start. */
export function requestsIn(reference: string, folder: string): { name: string; requests: KnobRequest[] } {
  const files = profilesIn(folder)
  if (!files.names.includes(reference) && !isProfilePath(reference))
    throw new Failure('bad-input', `there is no profile ${excerpt(reference)}${didYouMean(reference, files.names)}`, {
      next: `there are ${formatNames(files.names)}; or give the path to a .yaml file`,
    })
  const { name, settings } = readProfile(reference, files)
  const requests = requestsOf({ base: settings, set: [] })
  const [conflict] = conflictsAmong(requests)
  if (conflict !== undefined)
    throw new Failure('bad-input', `profile ${name}: ${conflict.message}`, { next: 'Change the profile' })
  return { name, requests }
}
