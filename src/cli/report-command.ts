import { join, relative } from 'node:path'
import process from 'node:process'
import { Failure } from '../base/errors.ts'
import { kindOf, writeFileWhole } from '../base/files.ts'
import { renderCsv, renderSeriesCsv } from '../report/csv.ts'
import { renderHtml } from '../report/html.ts'
import { renderJunit } from '../report/junit.ts'
import { renderMarkdown } from '../report/markdown.ts'
import { renderOpenMetrics } from '../report/open-metrics.ts'
import { runSummaryOf } from '../report/run-summary.ts'
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
import { readResult, writeResult } from './result-files.ts'
import { resumeCommand } from './resume-hint.ts'
import { finishKilled, unfinishedRun } from './run-folder.ts'
import { isGoingOn } from './run-owner.ts'
import { journalFile } from './run-records.ts'
import { summaryFile, writeRunsIndex } from './runs-index.ts'
import { findRun } from './saved-runs.ts'
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
  write(summaryFile, `${JSON.stringify(runSummaryOf(view), null, 2)}\n`)
  if (whatIf === null) return 'report.html'
  write('what-if.html', renderWhatIfHtml(whatIf))
  return 'what-if.html'
}

/** Says on the terminal what came of a run, and where its report is, unless it could not be written. */
export function printReports(
  { view, whatIf }: Reports,
  report: string | undefined,
  { terminal, styles }: Pick<Surroundings, 'terminal' | 'styles'>,
  isFull = false,
): void {
  const options = {
    ...(report !== undefined && { reportPath: relative(process.cwd(), report) }),
    ...{ styles, columns: terminal.columns, isFull },
  }
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
  return withPipeline(run ?? 'report', options, surroundings, (pipeline) => renderAgain(run, options, pipeline))
}

async function renderAgain(
  run: string | undefined,
  { full }: ReportOptions,
  { surroundings, deliver }: Pipeline,
): Promise<number> {
  const found = findRun(run, surroundings.folders.reports)
  const result = judgedAgain(readResult(found))
  const killed = unfinishedRun(found)
  if (isGoingOn(found))
    throw new Failure('bad-input', `${found} is still being written`, { next: 'Wait for its run to end' })
  const reports = reportsOf(result)
  let report: string | undefined
  let folder = found
  try {
    // What it says has to be kept before it is shown.
    if (result.partial) writeResult(result, found)
    const name = writeReports(reports, found)
    if (killed !== undefined) folder = finishKilled(killed)
    report = join(folder, name)
    writeRunsIndex(surroundings.folders.reports)
  } finally {
    printReports(reports, report, surroundings, full)
  }
  if (result.ending !== undefined && kindOf(join(folder, journalFile)) !== undefined)
    surroundings.terminal.print(`to resume: ${resumeCommand(folder)}`)
  await deliver(reports.view)
  return exitCodeOf({ result }, undefined)
}
