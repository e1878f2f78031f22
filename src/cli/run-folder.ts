import { randomBytes } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../base/errors.ts'
import { isSystemError } from '../base/file-failures.ts'
import { kindOf, listFolder, makeFolder, quietly, remove, removeIfEmpty, renameFolder } from '../base/files.ts'
import { isGoingOn, leaveFolder, takeFolder } from './run-owner.ts'

/** The folder that a run writes, and where that ends up. */
export interface RunFolder {
  /** Where it is while the run goes on. */
  readonly path: string
  /** Puts it where finished runs are; returns the path that it has from then on. */
  finish(isWhole: boolean): string
  /** Nothing was run: takes a new folder away again, and leaves one of an earlier session as it is. */
  discard(): void
}

/** Makes the folder of a run that nobody else has the name of. Throws `Failure('infrastructure')`. */
export function openOwnFolder(path: string): RunFolder {
  makeTaken(path)
  return { ...ownFolder(path), discard: () => inReports(() => remove(path)) }
}

/**
 * Makes a folder that others have the name of: every simulation of the same inputs, and a baseline that is saved anew. It is built beside
 * `place` and takes that only when it is whole; what was there before stays until then. A partial one gets a name of its own. Throws
 * `Failure('infrastructure')`.
 */
export function openSharedFolder(place: string): RunFolder {
  const path = besides(place)
  makeTaken(path)
  return { ...sharedFolder(path, place), discard: () => inReports(() => remove(path)) }
}

/** A new folder that cannot be taken is not left behind. */
function makeTaken(path: string): void {
  inReports(() => {
    makeFolder(dirname(path))
    makeFolder(path)
    try {
      takeFolder(path)
    } catch (error) {
      quietly(() => removeIfEmpty(path))
      throw error
    }
  })
}

/** The folder of a run that goes on, which this process has taken already. `place`: where a simulation belongs when it is whole. */
export function reopenFolder(path: string, place: string | undefined): RunFolder {
  if (place === undefined) return ownFolder(path)
  if (unfinishedRun(path) !== undefined) return sharedFolder(path, place)
  const beside = besides(place)
  if (inReports(() => renameFolder(path, beside)) !== 'done')
    throw new Failure('infrastructure', `${path} is no longer there`)
  return sharedFolder(beside, place)
}

function ownFolder(path: string): RunFolder {
  const leave = () => inReports(() => leaveFolder(path))
  return {
    path,
    finish() {
      leave()
      return path
    },
    discard: leave,
  }
}

function sharedFolder(path: string, place: string): RunFolder {
  return {
    path,
    finish: (isWhole) => (isWhole ? putInPlace(path, place) : putAside(path, place)),
    discard: () => inReports(() => leaveFolder(path)),
  }
}

/** Names of folders that are being written, or were when their process was killed. */
const unfinishedMark = '.unfinished-'
/** Names of folders that another one takes the place of just now. */
const replacedMark = '.replaced-'

function besides(place: string): string {
  return `${place}${unfinishedMark}${unique()}`
}

function unique(): string {
  return randomBytes(3).toString('hex')
}

/** Takes the place of an earlier run, if there is one; several may want to at once. */
function putInPlace(path: string, place: string): string {
  return inReports(() => {
    leaveFolder(path)
    const replaced: string[] = []
    for (let renamed = renameFolder(path, place); renamed !== 'done'; renamed = renameFolder(path, place)) {
      if (renamed === 'missing') throw new Failure('infrastructure', `${path} is no longer there`)
      const aside = `${place}${replacedMark}${unique()}`
      if (renameFolder(place, aside) === 'done') replaced.push(aside)
    }
    for (const folder of replaced) remove(folder)
    return place
  })
}

function putAside(path: string, place: string): string {
  return inReports(() => {
    leaveFolder(path)
    for (let count = 1; ; count++) {
      const aside = `${place}-partial-${count}`
      const renamed = kindOf(aside) === undefined ? renameFolder(path, aside) : 'taken'
      if (renamed === 'done') return aside
      if (renamed === 'missing') throw new Failure('infrastructure', `${path} is no longer there`)
    }
  })
}

/** Whether a folder's name is that of something finished: it is not being written, and nothing takes its place. */
export function isInPlace(name: string): boolean {
  return !name.includes(unfinishedMark) && !name.includes(replacedMark)
}

/** A folder that a run did not finish. */
export interface Unfinished {
  path: string
  /** The run that it is of. */
  place: string
  /** False for one whose process is no more; true also where that cannot be known, on another machine. */
  isGoingOn: boolean
}

/** What a folder's name says of a run that has not finished; undefined for any other folder. */
export function unfinishedRun(path: string): Unfinished | undefined {
  const [runId, hex] = basename(path).split(unfinishedMark)
  if (runId === undefined || hex === undefined) return undefined
  return { path, place: join(dirname(path), runId), isGoingOn: isGoingOn(path) }
}

/** Gives the folder of a killed run a name as finished partial ones have; returns its path. */
export function finishKilled({ path, place }: Unfinished): string {
  return putAside(path, place)
}

/** What is to be done with a folder of reports whose run was killed. */
export interface Tidying {
  folder: string
  removes: boolean
  /** In words, to go on after the folder's name. */
  text: string
  /** Throws `Failure('infrastructure')`. */
  carryOut(): void
}

/** What killed processes were about to do with the folders in one, which has reports or baselines; each has a sentence, and work to be done. */
export function tidyingsIn(reports: string, hasResults: (path: string) => boolean): Tidying[] {
  return inReports(() =>
    listFolder(reports).flatMap((folder): Tidying[] => {
      const path = join(reports, folder)
      const [replaced, hex] = folder.split(replacedMark)
      if (replaced !== undefined && hex !== undefined) {
        // Its run was killed before another one had its place, or after that.
        const place = join(reports, replaced)
        const isTaken = kindOf(place) !== undefined
        const carryOut = () => inReports(() => (isTaken ? remove(path) : void renameFolder(path, place)))
        return [
          { folder, removes: isTaken, text: isTaken ? 'replaced by a newer run' : `restored as ${replaced}`, carryOut },
        ]
      }
      const unfinished = unfinishedRun(path)
      if (unfinished === undefined || unfinished.isGoingOn) return []
      if (hasResults(path)) {
        const text = `finished arms are kept; see them with: npm run scale-test -- report ${folder}`
        return [{ folder, removes: false, text, carryOut: () => {} }]
      }
      const text = 'its process was killed before there was anything to keep'
      return [{ folder, removes: true, text, carryOut: () => inReports(() => remove(path)) }]
    }),
  )
}

/** Does something with folders of reports: what cannot be written comes with what to do about it. */
export function inReports<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'infrastructure') throw error
    const isFull = isSystemError(error.cause) && ['ENOSPC', 'EDQUOT'].includes(error.cause.code)
    const first = isFull ? 'Free some space there, or name' : 'Name'
    throw new Failure(error.kind, error.message, {
      next: `${first} another folder for reports: SCALE_TEST_REPORTS=FOLDER`,
      cause: error,
    })
  }
}
