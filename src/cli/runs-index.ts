import { join } from 'node:path'
import { Failure } from '../base/errors.ts'
import { kindOf, writeFileWhole, writtenAtMs } from '../base/files.ts'
import { readJsonFile } from '../base/json-file.ts'
import type { RunSummary } from '../report/run-summary.ts'
import { runSummaryOf, runSummarySchema } from '../report/run-summary.ts'
import type { ListedRun } from '../report/runs-index.ts'
import { renderRunsIndex } from '../report/runs-index.ts'
import { viewOf } from '../report/view.ts'
import { stepViews } from '../steps/views.ts'
import { hasEnded, readResult } from './result-files.ts'
import { runsIn } from './saved-runs.ts'

/** What the list of all runs needs of one: reading all their results would take seconds. */
export const summaryFile = 'summary.json'
/** The page that lists all runs of a folder of reports. */
const indexFile = 'index.html'

/** Writes the list of all runs anew. Throws `Failure('infrastructure')`. */
export function writeRunsIndex(reports: string): void {
  const runs = runsIn(reports)
    .filter(({ path }) => hasEnded(path))
    .map(({ path, writtenAtMs }): ListedRun => {
      return { folder: path.slice(reports.length + 1), writtenAtMs, summary: summaryOf(path) }
    })
  writeFileWhole(join(reports, indexFile), renderRunsIndex(runs))
}

/** From its own file, if that is newer than its result. */
function summaryOf(path: string): ListedRun['summary'] {
  try {
    const file = join(path, summaryFile)
    if (kindOf(file) !== undefined && writtenAtMs(file) > writtenAtMs(join(path, 'result.json')))
      return readJsonFile(file, runSummarySchema, { what: 'a summary', next: 'Delete it' })
    const summary: RunSummary = runSummaryOf(viewOf(readResult(path), stepViews))
    return summary
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { unreadable: error.message.split('\n')[0] ?? '' }
  }
}
