import { join } from 'node:path'
import { Failure } from '../base/errors.ts'
import { kindOf, listFolder } from '../base/files.ts'
import { hasResults, resultsWrittenAtMs } from './result-files.ts'
import { unfinishedRun } from './run-folder.ts'
import { isGoingOn } from './run-owner.ts'

/** The folder of a run, by its path or its name in `reports`; the newest when none is named. */
export function findRun(run: string | undefined, reports: string): string {
  if (run === undefined) return newestRun(reports)
  if (hasResults(run)) return run
  const named = join(reports, run)
  if (kindOf(named) !== undefined) return named
  const killed = runsIn(reports).filter(({ path }) => unfinishedRun(path)?.place === named)
  return killed.at(-1)?.path ?? named
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
