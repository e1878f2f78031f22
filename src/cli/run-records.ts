import { join } from 'node:path'
import { Failure } from '../base/errors.ts'
import { openLineFile, writeFileWhole } from '../base/files.ts'
import type { Result } from '../result/result.ts'
import type { RunEvent } from '../run/events.ts'
import { appendJson, openJournal } from '../run/journal.ts'
import { writeArm } from './result-files.ts'
import { inReports } from './run-folder.ts'

/** What a run writes while it goes on. */
export interface Records {
  journal(event: RunEvent): void
  samples(lines: readonly object[]): void
  /** Takes the result as it is after an arm. */
  arm(soFar: Result): void
  close(): void
  /** Aborts when nothing more can be written: the run then ends in good order instead of going on unrecorded. */
  broken: AbortSignal
}

/** Opens the records of a run in its folder. Throws `Failure('infrastructure')`; what fails later shows in `broken`. */
export function openRecords(runFolder: string, plan: object, nowMs: () => number): Records {
  const { journal, samples } = inReports(() => {
    writeFileWhole(join(runFolder, 'plan.json'), `${JSON.stringify(plan, null, 2)}\n`)
    const samples = openLineFile(join(runFolder, 'samples.ndjson'))
    return { journal: openJournal(join(runFolder, 'journal.ndjson'), nowMs), samples }
  })
  const breaking = new AbortController()
  let isClosed = false
  const guarded = (write: () => void) => {
    // What was given up may still have something to say; by then its file may be another one.
    if (isClosed || breaking.signal.aborted) return
    try {
      inReports(write)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      breaking.abort(
        new Failure(error.kind, `the run can no longer be recorded: ${error.message}`, {
          cause: error,
          ...(error.next !== undefined && { next: error.next }),
        }),
      )
    }
  }
  return {
    journal: (event) => guarded(() => journal.append(event)),
    samples: (lines) =>
      guarded(() => {
        for (const line of lines) appendJson(samples, line)
      }),
    arm: (soFar) => guarded(() => writeArm(soFar, runFolder)),
    close() {
      guarded(journal.close)
      guarded(samples.close)
      isClosed = true
    },
    broken: breaking.signal,
  }
}
