import { join, relative } from 'node:path'
import process from 'node:process'
import { Failure } from '../base/errors.ts'
import { kindOf, listFolder, writeFileWhole } from '../base/files.ts'
import { renderCsv, renderSeriesCsv } from '../report/csv.ts'
import { renderHtml } from '../report/html.ts'
import { renderJunit } from '../report/junit.ts'
import { renderMarkdown } from '../report/markdown.ts'
import { renderOpenMetrics } from '../report/open-metrics.ts'
import { renderSummary } from '../report/summary.ts'
import type { ReportView } from '../report/view.ts'
import { viewOf } from '../report/view.ts'
import type { WhatIfView } from '../report/what-if.ts'
import { whatIfViewOf } from '../report/what-if.ts'
import { renderWhatIfHtml } from '../report/what-if-html.ts'
import { renderWhatIf } from '../report/what-if-text.ts'
import type { Result } from '../result/result.ts'
import { judgedAgain } from '../run/judge-again.ts'
import { stepViews } from '../steps/views.ts'
import { exitCodeOf } from './exit.ts'
import type { ReportOptions } from './options.ts'
import type { Pipeline } from './pipeline.ts'
import { withPipeline } from './pipeline.ts'
import { hasResults, readResult, resultsWrittenAtMs, writeResult } from './result-files.ts'
import { finishKilled, unfinishedRun } from './run-folder.ts'
import type { Surroundings } from './surroundings.ts'

/** What reports show of a result: worked out once, for all formats. */
export function reportsOf(result: Result): Reports {
  const view = viewOf(result, stepViews)
  return { view, whatIf: whatIfViewOf(view) }
}

export interface Reports {
  view: ReportView
  /** Null for a run that varies no setting. */
  whatIf: WhatIfView | null
}

/** Writes what people and pipelines read into the folder of a run; returns the name of the page that a reader opens first. */
export function writeReports({ view, whatIf }: Reports, runFolder: string): string {
  const write = (name: string, text: string) => writeFileWhole(join(runFolder, name), text)
  write('report.html', renderHtml(view))
  write('report.md', renderMarkdown(view))
  write('junit.xml', renderJunit(view))
  write('figures.csv', renderCsv(view))
  write('series.csv', renderSeriesCsv(view))
  write('metrics.txt', renderOpenMetrics(view))
  if (whatIf === null) return 'report.html'
  write('what-if.html', renderWhatIfHtml(whatIf))
  return 'what-if.html'
}

/** Says on the terminal what came of a run, and where its report is, unless it could not be written. */
export function printReports(
  { view, whatIf }: Reports,
  report: string | undefined,
  { terminal, styles }: Pick<Surroundings, 'terminal' | 'styles'>,
): void {
  const options = { ...(report !== undefined && { reportPath: relative(process.cwd(), report) }), styles }
  terminal.print(whatIf === null ? renderSummary(view, options) : renderWhatIf(whatIf, options))
}

/**
 * Judges an earlier run again from its result.json, or from what it had finished when it was killed, and renders it; the newest run when
 * none is named. Returns the exit status of its verdict.
 */
export function reportCommand(
  run: string | undefined,
  options: ReportOptions,
  surroundings: Surroundings,
): Promise<number> {
  return withPipeline(run ?? 'report', options, surroundings, (pipeline) => renderAgain(run, pipeline))
}

async function renderAgain(run: string | undefined, { surroundings, deliver }: Pipeline): Promise<number> {
  const found = findRun(run, surroundings.folders.reports)
  const result = judgedAgain(readResult(found))
  const killed = unfinishedRun(found)
  if (killed?.isGoingOn === true)
    throw new Failure('bad-input', `${found} is still being written`, { next: 'Wait for its run to end' })
  const reports = reportsOf(result)
  let report: string | undefined
  try {
    // What it says has to be kept before it is shown.
    if (result.partial) writeResult(result, found)
    const name = writeReports(reports, found)
    report = join(killed === undefined ? found : finishKilled(killed), name)
  } finally {
    printReports(reports, report, surroundings)
  }
  await deliver(reports.view)
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
