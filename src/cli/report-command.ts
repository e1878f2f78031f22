import { join, relative } from 'node:path'
import process from 'node:process'
import { Failure } from '../base/errors.ts'
import { kindOf, listFolder, writeFileWhole } from '../base/files.ts'
import { renderHtml } from '../report/html.ts'
import { renderJunit } from '../report/junit.ts'
import { renderMarkdown } from '../report/markdown.ts'
import { renderSummary } from '../report/summary.ts'
import { whatIfViewOf } from '../report/what-if.ts'
import { renderWhatIfHtml } from '../report/what-if-html.ts'
import { renderWhatIf } from '../report/what-if-text.ts'
import type { Result } from '../result/result.ts'
import { judgedAgain } from '../run/judge-again.ts'
import { exitCodeOf } from './exit.ts'
import { hasResults, readResult, resultsWrittenAtMs, writeResult } from './result-files.ts'
import { finishKilled, unfinishedRun } from './run-folder.ts'
import type { Surroundings } from './surroundings.ts'

/** Writes what people and pipelines read into the folder of a run; returns the name of the page that a reader opens first. */
export function writeReports(result: Result, runFolder: string): string {
  writeFileWhole(join(runFolder, 'report.html'), renderHtml(result))
  writeFileWhole(join(runFolder, 'report.md'), renderMarkdown(result))
  writeFileWhole(join(runFolder, 'junit.xml'), renderJunit(result))
  const view = whatIfViewOf(result)
  if (view === null) return 'report.html'
  writeFileWhole(join(runFolder, 'what-if.html'), renderWhatIfHtml(result, view))
  return 'what-if.html'
}

/** Says on the terminal what came of a run, and where its report is, unless it could not be written. */
export function printResult(
  result: Result,
  report: string | undefined,
  { terminal, styles }: Pick<Surroundings, 'terminal' | 'styles'>,
): void {
  const view = whatIfViewOf(result)
  const options = { ...(report !== undefined && { reportPath: relative(process.cwd(), report) }), styles }
  terminal.print(view === null ? renderSummary(result, options) : renderWhatIf(result, view, options))
}

/**
 * Judges an earlier run again from its result.json, or from what it had finished when it was killed, and renders it; the newest run when
 * none is named. Returns the exit status of its verdict.
 */
export function reportCommand(run: string | undefined, surroundings: Surroundings): number {
  const found = findRun(run, surroundings.folders.reports)
  const result = judgedAgain(readResult(found))
  const killed = unfinishedRun(found)
  if (killed?.isGoingOn === true)
    throw new Failure('bad-input', `${found} is still being written`, { next: 'Wait for its run to end' })
  let report: string | undefined
  try {
    // What it says has to be kept before it is shown.
    if (result.partial) writeResult(result, found)
    const name = writeReports(result, found)
    report = join(killed === undefined ? found : finishKilled(killed), name)
  } finally {
    printResult(result, report, surroundings)
  }
  return exitCodeOf({ result }, undefined)
}

/** The folder of a run, by its path or its name in `reports`; the newest when none is named. */
function findRun(run: string | undefined, reports: string): string {
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
function runsIn(reports: string): { path: string; writtenAtMs: number }[] {
  return listFolder(reports)
    .map((name) => join(reports, name))
    .filter((path) => unfinishedRun(path)?.isGoingOn !== true)
    .flatMap((path) => {
      const writtenAtMs = resultsWrittenAtMs(path)
      return writtenAtMs === undefined ? [] : [{ path, writtenAtMs }]
    })
    .sort((left, right) => left.writtenAtMs - right.writtenAtMs)
}
