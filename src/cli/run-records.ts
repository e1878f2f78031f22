import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/errors.ts'
import type { LineFile } from '../base/files.ts'
import { openLineFile, writeFileWhole } from '../base/files.ts'
import type { ArmOutcome, Result } from '../result/result.ts'
import type { SampleLine } from '../result/sample-line.ts'
import type { RunEvent } from '../run/events.ts'
import { openJournal } from '../run/journal.ts'
import { writeArm } from './result-files.ts'
import { inReports } from './run-folder.ts'

export const journalFile = 'journal.ndjson'
export const samplesFile = 'samples.ndjson'

/** What a run writes while it goes on. */
export interface Records {
  journal(event: RunEvent): void
  /** A line that is in its file a second later, or when its arm is over. */
  sample(line: SampleLine): void
  /** The same, of lines that are text already. */
  sampleText(lines: string): void
  /** Takes the result as it is after an arm. */
  arm(soFar: Result, newest: ArmOutcome): void
  close(): void
  /** Aborts when nothing more can be written: the run then ends in good order instead of going on unrecorded. */
  broken: AbortSignal
}

/** What a session of a run begins with. */
export interface Beginning {
  /** Is on the disk before anything is started. */
  record: object
  /** The text of plan.json; absent where it is there already. */
  plan?: string
  /** Of the first record; 0 when absent. */
  sequence?: number
  /**
   * Whether it is on the disk that a step begins before it does: what it is about to change is to be known when power is lost meanwhile. Steps of
   * a simulation change nothing that outlives it.
   */
  announces: boolean
}

/**
 * Opens the records of a run in its folder. `nowMs` is the run's time, which may be virtual, `sleep` never is. Throws `Failure('infrastructure')`;
 * what fails later shows in `broken`.
 */
export function openRecords(
  runFolder: string,
  { record, plan, sequence, announces }: Beginning,
  { nowMs, sleep }: Clock,
): Records {
  const { journal, samples } = inReports(() => {
    if (plan !== undefined) writeFileWhole(join(runFolder, 'plan.json'), plan)
    const samples = openLineFile(join(runFolder, samplesFile))
    const journal = openJournal(join(runFolder, journalFile), nowMs, sequence)
    journal.append(record)
    journal.sync()
    return { journal, samples }
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
  const held = holdLines(samples, sleep, guarded)
  return {
    journal(event) {
      guarded(() => journal.append(event))
      // Only what lasts counts as done.
      const isToLast = event.type === 'arm-finished' || (announces && event.type === 'step-started')
      if (isToLast) guarded(journal.sync)
    },
    sample: (line) => guarded(() => held.add(JSON.stringify(line))),
    sampleText: (lines) => guarded(() => held.add(lines)),
    arm(soFar, newest) {
      guarded(held.write)
      guarded(samples.sync)
      guarded(() => writeArm(soFar, newest, runFolder))
    },
    close() {
      guarded(held.write)
      guarded(journal.close)
      guarded(samples.close)
      isClosed = true
    },
    broken: breaking.signal,
  }
}

/** What there is to say of a second is written at once, or sooner when it is much: each write takes several calls of the system. */
const heldMs = 1000
const mostHeld = 64 * 1024

/** Holds lines back for a file; `guarded` runs the writes that nobody waits for. */
function holdLines(file: LineFile, sleep: Clock['sleep'], guarded: (write: () => void) => void) {
  let lines: string[] = []
  let characters = 0
  let waiting: AbortController | undefined
  const write = () => {
    waiting?.abort()
    waiting = undefined
    if (lines.length === 0) return
    const text = lines.join('\n')
    lines = []
    characters = 0
    file.append(text)
  }
  return {
    add(line: string) {
      lines.push(line)
      characters += line.length
      if (characters >= mostHeld) return write()
      if (waiting !== undefined) return
      waiting = new AbortController()
      sleep(heldMs, waiting.signal).then(
        () => guarded(write),
        () => undefined,
      )
    },
    write,
  }
}
