import { join } from 'node:path'
import { Failure } from '../base/errors.ts'
import { kindOf, listFolder, writtenAtMs } from '../base/files.ts'
import { hasResults, resultsWrittenAtMs } from './result-files.ts'
import { unfinishedRun } from './run-folder.ts'
import { isGoingOn } from './run-owner.ts'

/** The folder of a run to report on, by its path or name; the newest when none is named. */
export function findRun(run: string | undefined, reports: string): string {
  return run === undefined ? newestRun(reports) : (runNamed(run, reports, hasResults) ?? join(reports, run))
}

/**
 * The folder of a run, of those that are what is looked for: by its path, its name in `reports`, or the name that it will have when it is
 * whole; of several, the newest.
 */
export function runNamed(run: string, reports: string, isIt: (path: string) => boolean): string | undefined {
  const named = join(reports, run)
  return (
    [run, named].find(isIt) ?? foldersIn(reports).find((path) => unfinishedRun(path)?.place === named && isIt(path))
  )
}

/** The folders in a folder, the newest first. */
export function foldersIn(reports: string): string[] {
  return listFolder(reports)
    .map((name) => join(reports, name))
    .filter((path) => kindOf(path) === 'folder')
    .toSorted((one, other) => writtenAtMs(other) - writtenAtMs(one))
}

function newestRun(reports: string): string {
  const newest = runsIn(reports).at(-1)
  if (newest !== undefined) return newest.path
  throw new Failure('bad-input', 'there is no run to report on yet', {
    next: 'make scale-test PLAN=single-node TARGET=local',
  })
}

/** The runs in a folder that have results and are not going on, the newest last. */
export function runsIn(reports: string): { path: string; writtenAtMs: number }[] {
  return listFolder(reports)
    .map((name) => join(reports, name))
    .filter((path) => !isGoingOn(path))
    .flatMap((path) => {
      const writtenAtMs = resultsWrittenAtMs(path)
      return writtenAtMs === undefined ? [] : [{ path, writtenAtMs }]
    })
    .sort((left, right) => left.writtenAtMs - right.writtenAtMs)
}
