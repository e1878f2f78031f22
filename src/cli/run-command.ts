import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { Failure, messageOf } from '../base/errors.ts'
import { openLineFile, writeFileWhole } from '../base/files.ts'
import type { Plan } from '../plan/plan.ts'
import type { RunEvent, RunEventSink } from '../run/events.ts'
import { appendJson, openJournal } from '../run/journal.ts'
import type { Comparison } from '../run/run.ts'
import { executeRun } from '../run/run.ts'
import { fleetSpecOf } from '../steps/fleet-up.ts'
import { exitCodeOf } from './exit.ts'
import { listrView } from './listr-view.ts'
import { plainView } from './plain-view.ts'
import { loadPlanFor, targetNamed } from './plans.ts'
import { withStatusLine } from './status-line.ts'
import type { Surroundings } from './surroundings.ts'
import type { RunOn } from './targets.ts'
import { runOn } from './targets.ts'

export interface RunOptions {
  target?: string
  repeat?: number
  /** `path=value`, each over what the plan says. */
  set?: string[]
  /** Of target sim: what `calibrate` wrote, if not the calibration that comes with the program. */
  calibration?: string
  /** Of target remote: the file that says where its clusters are. */
  clusters?: string
  /** Of target remote: contexts of clusters that look like production and are meant. */
  confirm?: string[]
  /** Of target remote: contexts whose server is not checked. */
  allowInsecure?: string[]
}

/** Runs a plan from its file to its reports; returns the exit status. */
export async function runCommand(planName: string, options: RunOptions, surroundings: Surroundings): Promise<number> {
  const plan = loadPlanFor(planName, surroundings.folders.plans, options)
  if (options.repeat !== undefined) plan.repetitions = options.repeat
  const on = runOn(targetNamed(options.target, plan), plan, surroundings, options)
  return carryOut(plan, on, surroundings)
}

/** Runs a plan on the target chosen for it, to its reports; returns the exit status. */
export async function carryOut(
  plan: Plan,
  on: RunOn,
  surroundings: Surroundings,
  whatIf?: Comparison,
): Promise<number> {
  const { terminal, styles, interruption } = surroundings
  const { runId, runFolder, target, clock } = on
  if (target.evidence === 'measured') {
    const clusters = target.name === 'remote' ? ' --clusters FILE' : ''
    interruption.hint = `what it left behind is removed by: npm run scale-test -- cleanup${clusters} --run ${runId}`
  }

  const fleet = fleetSpecOf(plan.fleet)
  await withStatusLine(terminal, (onProgress) => target.prepare({ fleet, signal: interruption.signal, onProgress }))

  const records = openRecords(runFolder, clock.nowMs)
  writeFileWhole(join(runFolder, 'plan.json'), `${JSON.stringify(plan, null, 2)}\n`)
  const view = harmless(
    terminal.interactive
      ? listrView(styles, systemClock.nowMs)
      : { emit: plainView(terminal, systemClock.nowMs), finished: Promise.resolve() },
    surroundings.reportBug,
  )

  const outcome = await executeRun({
    ...on,
    plan,
    whatIf,
    signal: AbortSignal.any([interruption.signal, records.broken]),
    emit(event) {
      if (event.type !== 'step-progress') records.journal(event)
      view.emit(event)
    },
    onSamples: (armId, probe, pods) => records.samples(pods.map((pod) => ({ armId, probe, ...pod }))),
  })
  records.close()

  // Drawing charts takes as much memory as the whole run: not before that is over.
  const { printResult, writeReports } = await import('./report-command.ts')
  // Reports first: nothing that a view does may cost them.
  const reports = writeReports(outcome.result, runFolder)
  await view.finished
  printResult(outcome.result, reports, surroundings)
  if (outcome.error instanceof Failure) {
    if (outcome.error.next !== undefined) terminal.printError(`\n${outcome.error.next}`)
  } else if (outcome.error !== undefined) surroundings.reportBug(outcome.error)
  return exitCodeOf(outcome, interruption.signalName)
}

/** Shows a run's events. */
interface View {
  emit: RunEventSink
  /** Resolves when all is drawn. */
  finished: Promise<void>
}

/** A view whose bugs are reported and do not reach the run, which would not be cleaned up to its end otherwise. */
export function harmless(view: View, reportBug: (error: unknown) => void): View {
  const broken = Promise.withResolvers<void>()
  let isBroken = false
  const give = (error: unknown) => {
    isBroken = true
    reportBug(error)
    broken.resolve()
  }
  return {
    emit(event) {
      if (isBroken) return
      try {
        view.emit(event)
      } catch (error) {
        give(error)
      }
    },
    finished: Promise.race([view.finished.catch(give), broken.promise]),
  }
}

/** What a run writes while it goes on. */
interface Records {
  journal(event: RunEvent): void
  samples(lines: readonly object[]): void
  close(): void
  /** Aborts when nothing more can be written: the run then ends in good order instead of going on unrecorded. */
  broken: AbortSignal
}

function openRecords(runFolder: string, nowMs: () => number): Records {
  const journal = openJournal(join(runFolder, 'journal.ndjson'), nowMs)
  const samples = openLineFile(join(runFolder, 'samples.ndjson'))
  const breaking = new AbortController()
  let isClosed = false
  const guarded = (write: () => void) => {
    // What was given up may still have something to say; by then its file may be another one.
    if (isClosed || breaking.signal.aborted) return
    try {
      write()
    } catch (error) {
      breaking.abort(new Failure('infrastructure', `the run can no longer be recorded: ${messageOf(error)}`))
    }
  }
  return {
    journal: (event) => guarded(() => journal.append(event)),
    samples: (lines) =>
      guarded(() => {
        for (const line of lines) appendJson(samples, line)
      }),
    close() {
      isClosed = true
      journal.close()
      samples.close()
    },
    broken: breaking.signal,
  }
}
