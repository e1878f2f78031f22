import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { systemClock } from '../base/clock.ts'
import { plural } from '../base/count.ts'
import { Failure } from '../base/errors.ts'
import { shownPath } from '../base/file-failures.ts'
import { cutFile, keepLines, kindOf, listTree, moveFile, remove } from '../base/files.ts'
import { formatNames } from '../base/names.ts'
import type { Plan } from '../plan/plan.ts'
import type { ReportView } from '../report/view.ts'
import { viewOf } from '../report/view.ts'
import type { Result } from '../result/result.ts'
import type { EarlierSessions } from '../run/context.ts'
import type { ReadJournal } from '../run/journal.ts'
import { readJournal } from '../run/journal.ts'
import { judgedAgain } from '../run/judge-again.ts'
import { restoreSettings } from '../run/restore-settings.ts'
import type { Remains } from '../run/resumption.ts'
import { remainsOf } from '../run/resumption.ts'
import { backAndForth } from '../run/schedule.ts'
import { stepViews } from '../steps/views.ts'
import { isLeftByGuard, removeLeftovers, stateFolderOf } from '../targets/local/leftovers.ts'
import { removeFromClusters } from './cleanup-command.ts'
import { exitCodeOf } from './exit.ts'
import { openRun, whereItRan } from './killed-run.ts'
import type { Pipeline, PipelineOptions } from './pipeline.ts'
import { withPipeline } from './pipeline.ts'
import { hasEnded, hasResults, readResult, resultFile, takeApart, writeResult } from './result-files.ts'
import { carryOut } from './run-command.ts'
import type { RunFolder } from './run-folder.ts'
import { inReports, reopenFolder, unfinishedRun } from './run-folder.ts'
import type { RunHead } from './run-head.ts'
import { differencesBetween, headIn, headOf } from './run-head.ts'
import { isGoingOn, leaveFolder, takeFolder, wasLeft } from './run-owner.ts'
import type { Beginning } from './run-records.ts'
import { journalFile, samplesFile } from './run-records.ts'
import { summaryFile, writeRunsIndex } from './runs-index.ts'
import { foldersIn, runNamed } from './saved-runs.ts'
import type { Surroundings } from './surroundings.ts'
import type { RunOn } from './targets.ts'
import { refuseUseless } from './useless-options.ts'

export interface ResumeOptions extends PipelineOptions {
  /** Of target sim: how many arms are simulated at a time; no figure depends on it. */
  threads?: number
}

/**
 * Goes on with a run that was killed or interrupted, from the first arm that is not complete; returns its exit status. One that is whole
 * ends with the status of its verdict, as `report` does.
 */
export function resumeCommand(
  run: string | undefined,
  options: ResumeOptions,
  surroundings: Surroundings,
): Promise<number> {
  return withPipeline(run ?? 'resume', options, surroundings, (pipeline) => goOn(run, options, pipeline))
}

async function goOn(run: string | undefined, { threads }: ResumeOptions, pipeline: Pipeline): Promise<number> {
  const { surroundings } = pipeline
  const path = findRun(run, surroundings.folders.reports)
  const isFinished = hasReports(path)
  takeFolder(path)
  let owned = path
  try {
    const killed = openRun(path)
    const { head, journal, plan, whatIf } = killed
    if (head.target !== 'sim') refuseUseless({ '--threads': threads }, `on target ${head.target}`)
    const place = join(dirname(path), head.run)
    const on = whereItRan(killed, path, surroundings, threads)
    requireAlike(head, headOf(plan, on, { whatIf, measure: head.measure }), path)
    const { planned } = backAndForth({ plan, plans: whatIf?.plans, target: on.target, machine: on.host.machine })
    const soFar = hasResults(path) ? readResult(path) : undefined
    const remains = remainsOf(planned, journal.records, soFar?.arms ?? [])
    const [first] = remains.ahead
    if (first === undefined && soFar !== undefined && hasEnded(path)) {
      const judged = judgedAgain(soFar)
      if (isFinished)
        return await tellWhole(
          judged,
          join(path, whatIf === undefined ? 'report.html' : 'what-if.html'),
          viewOf(judged, stepViews),
          pipeline,
        )
      const folder = reopenFolder(path, unfinishedRun(path)?.place)
      owned = folder.path
      return await finishWhole(judged, folder, pipeline)
    }

    const { terminal } = surroundings
    const done = `${remains.done.arms.length} of ${plural(planned.length, 'arm')} done`
    terminal.print(`${head.run}: ${done}${first === undefined ? '' : `; continuing with ${first.id}`}`)
    await removeRemains(head, { plan, on, path, remains }, surroundings)
    const earlier = earlierSessions(journal, remains)
    const folder = reopenFolder(path, head.target === 'sim' ? place : undefined)
    owned = folder.path
    return await carryOut(plan, withEarlierPeak(on, soFar), pipeline, {
      ...(whatIf !== undefined && { whatIf }),
      measure: head.measure,
      session: { folder, earlier, begin: () => begin(folder.path, { journal, remains, earlier }) },
    })
  } finally {
    leaveFolder(owned)
  }
}

/** The most memory is that of all sessions. */
function withEarlierPeak(on: RunOn, soFar: Result | undefined): RunOn {
  const { peakMemoryBytes } = on.host
  if (peakMemoryBytes === null) return on
  const earlierBytes = soFar?.orchestrator?.peakMemoryBytes ?? 0
  return { ...on, host: { ...on.host, peakMemoryBytes: () => Math.max(earlierBytes, peakMemoryBytes()) } }
}

function requireAlike(begun: RunHead, now: RunHead, path: string): void {
  const differences = differencesBetween(begun, now)
  if (differences.length === 0) return
  throw new Failure(
    'safety-refusal',
    `${basename(path)} cannot be resumed: its arms would not be comparable\n${differences.map((one) => `  ${one}`).join('\n')}`,
    { next: 'Resume it in the environment it started in, or run the plan again' },
  )
}

/** A run whose result is whole was killed before its reports were: they are written again, the same to the last byte. */
async function finishWhole(judged: Result, folder: RunFolder, pipeline: Pipeline): Promise<number> {
  const { reportsOf, writeReports } = await import('./report-command.ts')
  const reports = reportsOf(judged)
  const page = inReports(() => {
    removeTorn(folder.path)
    writeResult(judged, folder.path)
    const name = writeReports(reports, folder.path)
    return join(folder.finish(!judged.partial), name)
  })
  inReports(() => writeRunsIndex(dirname(dirname(page))))
  return await tellWhole(judged, page, reports.view, pipeline)
}

async function tellWhole(judged: Result, page: string, view: ReportView, pipeline: Pipeline): Promise<number> {
  const path = dirname(page)
  const { terminal } = pipeline.surroundings
  terminal.print(`${basename(path)} is complete: there is nothing to resume`)
  terminal.print(`see it with: npm run scale-test -- report ${basename(path)}`)
  const exitCode = exitCodeOf({ result: judged }, undefined)
  await pipeline.deliver(view)
  const { run, verdict, partial, evidence, reasons } = judged
  pipeline.finish({
    ...{ run, verdict, partial, evidence, reasons, exitCode, error: null },
    report: page,
    result: join(path, resultFile),
  })
  return exitCode
}

/** Whether a run that has a result has all else, too: its process gave it up, where it belongs, and not before its last report was there. */
function hasReports(path: string): boolean {
  return wasLeft(path) && unfinishedRun(path) === undefined && kindOf(join(path, summaryFile)) !== undefined
}

/** Files that a process was writing when it was killed. */
function removeTorn(folder: string): void {
  for (const name of listTree(folder)) if (/\.unfinished-\d+$/.test(name)) remove(join(folder, name))
}

interface Found {
  plan: Plan
  on: RunOn
  path: string
  remains: Remains
}

/** Removes what earlier sessions left where their clusters were, and has settings put back. Throws `Failure('residue')`. */
async function removeRemains(head: RunHead, { plan, on, path, remains }: Found, surroundings: Surroundings) {
  if (head.target === 'local') {
    if (!(await isLeftByGuard(head.run, systemClock, guardLimitMs)))
      requireNothingLeft([`the process that cleans up after ${head.run} is still running`])
    const removed = await removeLeftovers({ runId: head.run, stateFolder: stateFolderOf(path) }, systemClock)
    const programs = removed.killed.map(({ program }) => basename(program))
    if (programs.length > 0) surroundings.terminal.print(`${head.run}: ended ${programs.join(', ')}`)
    requireNothingLeft([
      ...removed.survivors.map(({ pid, program }) => `${program} (${pid}) is still running`),
      ...removed.residue,
    ])
  }
  if (head.target !== 'remote' || plan.remote === undefined) return
  const { left, next } = await removeFromClusters(
    plan.remote,
    { run: head.run, isTuned: remains.leftTuned.length > 0, ...head.options },
    surroundings,
  )
  requireNothingLeft(left, next)
  const { interruption, terminal } = surroundings
  await restoreSettings(on.target, remains.leftTuned, { signal: interruption.signal, print: terminal.print })
}

/** A reaper gives up when nothing has gone for half a minute; big fleets take as long as they take. */
const guardLimitMs = 120_000

function requireNothingLeft(left: readonly string[], next: readonly string[] = []): void {
  if (left.length === 0) return
  throw new Failure('residue', `what the run left behind is still there: ${left.join('; ')}`, {
    next: [...next, 'Remove it, then resume'].join('\n'),
  })
}

function earlierSessions({ records }: ReadJournal, { done, begun }: Remains): EarlierSessions {
  const before = records.flatMap(({ resumption }) => resumption ?? []) as EarlierSessions['resumptions']
  const resumption = {
    at: new Date().toISOString(),
    armsDone: done.arms.length,
    afterArm: done.arms.at(-1)?.id ?? null,
    ranAgain: begun.map(({ id }) => id),
  }
  return { ...done, resumptions: [...before, resumption] }
}

interface ToBegin {
  journal: ReadJournal
  remains: Remains
  earlier: EarlierSessions
}

/** Has a folder as it would be had the run come to its next arm just now; logs of arms that are run again are kept aside. */
function begin(folder: string, { journal, remains, earlier }: ToBegin): Omit<Beginning, 'announces'> {
  removeTorn(folder)
  if (hasResults(folder)) takeApart(readResult(folder), folder)
  const done = new Set(remains.done.arms.map(({ id }) => id))
  const samples = join(folder, samplesFile)
  if (kindOf(samples) !== undefined) keepSamples(samples, done)
  for (const { id } of remains.begun) keepLogsAside(join(folder, 'logs'), id)
  cutFile(join(folder, journalFile), journal.wholeBytes)
  return {
    record: { type: 'run-resumed', resumption: earlier.resumptions.at(-1) },
    sequence: journal.records.length,
  }
}

/** Drops the samples of arms that are run again; those of arms that are done are all there, and before any that are torn. */
function keepSamples(file: string, done: ReadonlySet<string>): void {
  let isDamaged = false
  keepLines(file, (line) => {
    const armId = armOfSample(line)
    isDamaged ||= armId === undefined
    const isKept = armId !== undefined && done.has(armId)
    if (isKept && isDamaged)
      throw new Failure('safety-refusal', `${shownPath(file)} is damaged: samples of finished arms are missing`, {
        next: 'Run the plan again',
      })
    return isKept
  })
}

function armOfSample(line: string): string | undefined {
  try {
    return z.object({ armId: z.string() }).safeParse(JSON.parse(line)).data?.armId
  } catch {
    return undefined
  }
}

function keepLogsAside(logs: string, armId: string): void {
  const folder = join(logs, armId)
  if (kindOf(folder) === undefined) return
  let attempt = 1
  while (kindOf(`${folder}.attempt-${attempt}`) !== undefined) attempt++
  moveFile(folder, `${folder}.attempt-${attempt}`)
}

/** The folder of a run, by its path or name; the newest that can go on when none is named. */
function findRun(run: string | undefined, reports: string): string {
  const runs = foldersIn(reports).filter(isRun)
  const found = run === undefined ? runs.find(canGoOn) : runNamed(run, reports, isRun)
  if (found !== undefined) return found
  if (run === undefined)
    throw new Failure('bad-input', 'there is no run to resume', {
      next: 'Only a run that was killed or interrupted can be resumed: a folder in reports/',
    })
  throw new Failure('bad-input', `${shownPath(run)} cannot be resumed: it has no journal`, {
    next: runs.length === 0 ? 'There is none in reports/' : `Runs: ${formatNames(runs.map((path) => basename(path)))}`,
  })
}

function isRun(path: string): boolean {
  return kindOf(join(path, journalFile)) !== undefined
}

/** Whether a run was begun, lacks something, and nobody goes on with it. */
function canGoOn(path: string): boolean {
  if (isGoingOn(path)) return false
  try {
    const { records } = readJournal(join(path, journalFile))
    const last = records.at(-1)
    const isWhole = last?.type === 'run-finished' && last['partial'] === false && hasEnded(path) && hasReports(path)
    return headIn(records, path) !== undefined && !isWhole
  } catch (error) {
    if (error instanceof Failure) return false
    throw error
  }
}
