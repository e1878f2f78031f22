import { basename, dirname, join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { plural } from '../base/count.ts'
import { exitCodes, Failure } from '../base/errors.ts'
import { shownPath } from '../base/file-failures.ts'
import type { FollowedFile } from '../base/files.ts'
import { followFile, kindOf, listFolder } from '../base/files.ts'
import { formatNames } from '../base/names.ts'
import { sampleLine } from '../result/sample-line.ts'
import type { RunEvent, RunEventSink } from '../run/events.ts'
import { runEvent } from '../run/events.ts'
import { exitCodeIn } from './exit.ts'
import { listrView } from './listr-view.ts'
import { plainView } from './plain-view.ts'
import { readResult, resultFile } from './result-files.ts'
import { resumeCommand } from './resume-hint.ts'
import { isInPlace } from './run-folder.ts'
import { isGoingOn } from './run-owner.ts'
import { journalFile, samplesFile } from './run-records.ts'
import { foldersIn, runNamed } from './saved-runs.ts'
import type { Surroundings } from './surroundings.ts'

/** So often a run's files are looked at. */
const everyMs = 500
/** Within so many looks, the folder of a run that has ended has its name: its process renames it last of all. */
const renameLooks = 4

/**
 * Shows a run as it shows itself, from its files, until it ends or is found to be killed; the newest run that goes on when none is named.
 * Returns a status of its own: how the run ended is told, not returned.
 */
export async function watchCommand(run: string | undefined, surroundings: Surroundings): Promise<number> {
  const { terminal, interruption, folders } = surroundings
  const folder = findWatched(run, folders.reports)
  const journal = await openWhenThere(folder, surroundings)
  if (journal === undefined) {
    terminal.print(`${basename(folder)} was killed or refused before it started anything`)
    return exitCodes.pass
  }
  try {
    const hasEnded = await follow(journal, folder, surroundings)
    interruption.signal.throwIfAborted()
    if (hasEnded) await tellEnd(journal, folder, surroundings)
    else {
      terminal.print(`${basename(folder)} was killed: its process is gone`)
      terminal.print(`to resume: ${resumeCommand(folder)}`)
    }
    return exitCodes.pass
  } finally {
    journal.close()
  }
}

/** The journal of a run, which it begins when all is prepared; undefined where the run ended before. */
async function openWhenThere(folder: string, surroundings: Surroundings): Promise<FollowedFile | undefined> {
  const { terminal, interruption } = surroundings
  const file = join(folder, journalFile)
  for (let looks = 0; kindOf(file) === undefined; looks++) {
    if (!isGoingOn(folder)) return undefined
    if (looks === 0) terminal.print(`${basename(folder)} is being prepared`)
    await systemClock.sleep(everyMs, interruption.signal)
  }
  return followFile(file, 'beginning')
}

/** Shows the events of a run until there are no more; whether the run has ended in good order. */
async function follow(journal: FollowedFile, folder: string, surroundings: Surroundings): Promise<boolean> {
  const { terminal, styles, interruption } = surroundings
  const view = terminal.interactive
    ? listrView(styles, systemClock.nowMs, () => terminal.columns)
    : { emit: plainView(terminal, systemClock.nowMs), finished: Promise.resolve() }
  const pace = requestPace(join(folder, samplesFile), view.emit)
  let hasBegun = false
  let hasEnded = false
  const take = (events: readonly RunEvent[]) => {
    for (const event of events) {
      // A view shows one session.
      if (hasEnded) return
      hasBegun ||= event.type === 'run-started'
      hasEnded = event.type === 'run-finished'
      pace.take(event)
      view.emit(event)
    }
  }

  try {
    take(newestSession(eventsIn(journal)))
    while (!hasEnded) {
      const mayGoOn = isGoingOn(folder)
      await systemClock.sleep(mayGoOn ? everyMs : 0, interruption.signal)
      take(eventsIn(journal))
      pace.tell()
      // What it wrote before it died has been read by now.
      if (!mayGoOn) break
    }
    // Its reports are written last.
    while (isGoingOn(folder)) await systemClock.sleep(everyMs, interruption.signal)
  } catch (error) {
    if (!interruption.signal.aborted) throw error
  } finally {
    pace.close()
  }
  if (!hasBegun) return hasEnded
  if (!hasEnded) view.emit({ type: 'run-finished', verdict: 'inconclusive', partial: true })
  await view.finished
  return hasEnded
}

/** A run that went on after it was killed has begun several times. */
function newestSession(events: readonly RunEvent[]): readonly RunEvent[] {
  return events.slice(
    Math.max(
      0,
      events.findLastIndex(({ type }) => type === 'run-started'),
    ),
  )
}

/** Records that are no events, or of other versions, are left out. */
function eventsIn(journal: FollowedFile): RunEvent[] {
  return journal.newLines().flatMap((line) => runEvent.safeParse(parsed(line)).data ?? [])
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/**
 * Says of the steps that go on how many requests the orchestrator makes: a run keeps no other progress in its files.
 */
function requestPace(
  samplesPath: string,
  emit: RunEventSink,
): { take: (event: RunEvent) => void; tell: () => void; close: () => void } {
  const samples = kindOf(samplesPath) === undefined ? undefined : followFile(samplesPath, 'now')
  const running = new Map<string, { stepId: string; sinceMs: number }>()
  return {
    take(event) {
      if (event.type === 'step-started')
        running.set(event.armId, { stepId: event.stepId, sinceMs: systemClock.nowMs() })
      if (event.type === 'step-finished' || event.type === 'step-failed') running.delete(event.armId)
    },
    tell() {
      const told = (samples?.newLines() ?? []).flatMap((line) => sampleLine.safeParse(parsed(line)).data ?? [])
      const requests = told.filter((line) => line.kind === 'requests')
      for (const [armId, own] of Map.groupBy(requests, (line) => line.armId)) {
        const step = running.get(armId)
        const second = own.at(-1)?.atMs
        const count = own.filter(({ atMs }) => atMs === second).reduce((sum, line) => sum + line.count, 0)
        if (step === undefined) continue
        const { stepId, sinceMs } = step
        const elapsedMs = systemClock.nowMs() - sinceMs
        emit({ type: 'step-progress', armId, stepId, text: `${plural(count, 'request')}/s`, elapsedMs })
      }
    },
    close: () => samples?.close(),
  }
}

/** Says how a run ended, by what it left: in the same folder, or in one with another name. */
async function tellEnd(journal: FollowedFile, folder: string, { terminal, interruption }: Surroundings): Promise<void> {
  const look = () => {
    const others = listFolder(dirname(folder)).map((name) => join(dirname(folder), name))
    return [folder, ...others].find(
      (path) => journal.isAt(join(path, journalFile)) && kindOf(join(path, resultFile)) !== undefined,
    )
  }
  let found = look()
  for (let looks = 1; looks < renameLooks && (found === undefined || !isInPlace(basename(found))); looks++) {
    await systemClock.sleep(everyMs, interruption.signal)
    found = look()
  }
  if (found === undefined) {
    terminal.print(`${basename(folder)} ended without a result`)
    return
  }
  const result = readResult(found)
  const { verdict, evidence } = result
  terminal.print(`${basename(found)} ended with status ${exitCodeIn(result)}: ${verdict} (${evidence})`)
  for (const reason of result.reasons) terminal.print(`  ${reason}`)
  terminal.print(`full report: npm run scale-test -- report ${basename(found)}`)
}

/** The folder of a run, by its path or name, one that goes on before any other; the newest that goes on when none is named. */
function findWatched(run: string | undefined, reports: string): string {
  const goingOn = foldersIn(reports).filter(isGoingOn)
  if (run === undefined) {
    const [newest] = goingOn
    if (newest !== undefined) return newest
    throw new Failure('bad-input', 'no run is in progress', { next: 'Name one that has ended: a folder in reports/' })
  }
  const hasJournal = (path: string) => kindOf(join(path, journalFile)) !== undefined
  // One that ended before it wrote anything has nothing but its place.
  const isReport = (path: string) => dirname(path) === reports && kindOf(path) === 'folder'
  const found = [isGoingOn, hasJournal, isReport].flatMap((isIt) => runNamed(run, reports, isIt) ?? [])[0]
  if (found !== undefined) return found
  const names = goingOn.map((path) => basename(path))
  throw new Failure('bad-input', `${shownPath(run)} is not a run: it has no journal`, {
    next:
      names.length === 0
        ? 'No run is in progress: name a folder in reports/'
        : `Runs in progress: ${formatNames(names)}`,
  })
}
