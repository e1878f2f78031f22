import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Failure } from '../base/errors.ts'
import { writeFileWhole } from '../base/files.ts'
import { readJsonFile } from '../base/json-file.ts'
import { renderHtml } from '../report/html.ts'
import { renderJunit } from '../report/junit.ts'
import { renderMarkdown } from '../report/markdown.ts'
import { renderSummary } from '../report/summary.ts'
import { whatIfViewOf } from '../report/what-if.ts'
import { renderWhatIfHtml } from '../report/what-if-html.ts'
import { renderWhatIf } from '../report/what-if-text.ts'
import type { Result } from '../result/result.ts'
import { resultSchema } from '../result/result.ts'
import { judgedAgain } from '../run/judge-again.ts'
import { exitCodeOf } from './exit.ts'
import type { Surroundings } from './surroundings.ts'

/** Where the page is that a reader opens first. */
interface Reports {
  html: string
}

/** Writes result.json and everything that is rendered from it; returns where. */
export function writeReports(result: Result, runFolder: string): Reports {
  writeFileWhole(join(runFolder, 'result.json'), `${JSON.stringify(result, null, 2)}\n`)
  return renderReports(result, runFolder)
}

/** Writes what people and pipelines read; result.json itself is left as it is. */
function renderReports(result: Result, runFolder: string): Reports {
  const html = join(runFolder, 'report.html')
  writeFileWhole(html, renderHtml(result))
  writeFileWhole(join(runFolder, 'report.md'), renderMarkdown(result))
  writeFileWhole(join(runFolder, 'junit.xml'), renderJunit(result))
  const view = whatIfViewOf(result)
  if (view === null) return { html }
  const whatIf = join(runFolder, 'what-if.html')
  writeFileWhole(whatIf, renderWhatIfHtml(result, view))
  return { html: whatIf }
}

/** Says on the terminal what came of a run, and where its reports are. */
export function printResult(
  result: Result,
  { html }: Reports,
  { terminal, styles }: Pick<Surroundings, 'terminal' | 'styles'>,
): void {
  const view = whatIfViewOf(result)
  const options = { reportPath: relative(process.cwd(), html), styles }
  terminal.print(view === null ? renderSummary(result, options) : renderWhatIf(result, view, options))
}

/**
 * Judges an earlier run again from its result.json and renders it; the newest run when none is named. Returns the exit status of its
 * verdict.
 */
export function reportCommand(run: string | undefined, surroundings: Surroundings): number {
  const { folders } = surroundings
  const runFolder =
    run !== undefined && existsSync(join(run, 'result.json'))
      ? run
      : join(folders.reports, run ?? newestRun(folders.reports))
  const result = judgedAgain(readResult(runFolder))
  printResult(result, renderReports(result, runFolder), surroundings)
  return exitCodeOf({ result }, undefined)
}

function readResult(runFolder: string): Result {
  const path = join(runFolder, 'result.json')
  if (!existsSync(path))
    throw new Failure('bad-input', `there is no result in ${runFolder}`, { next: 'name a run: a folder in reports/' })
  return readJsonFile(path, resultSchema, { what: 'a result', next: 'Name a run: a folder in reports/' })
}

function newestRun(reportsFolder: string): string {
  const runs = existsSync(reportsFolder)
    ? readdirSync(reportsFolder).filter((name) => existsSync(join(reportsFolder, name, 'result.json')))
    : []
  const writtenMs = (name: string) => statSync(join(reportsFolder, name, 'result.json')).mtimeMs
  const newest = runs.toSorted((left, right) => writtenMs(left) - writtenMs(right)).at(-1)
  if (newest === undefined)
    throw new Failure('bad-input', 'there is no run to report on yet', {
      next: 'make scale-test PLAN=single-node TARGET=local',
    })
  return newest
}
