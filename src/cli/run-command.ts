import { randomBytes } from 'node:crypto'
import { join, relative } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { Failure } from '../base/errors.ts'
import { writeFileWhole } from '../base/files.ts'
import { describeThisMachine, watchThisMachine } from '../measure/machine.ts'
import { renderSummary } from '../report/summary.ts'
import type { RunEventSink } from '../run/events.ts'
import { openJournal, openLineFile } from '../run/journal.ts'
import type { RunOutcome } from '../run/run.ts'
import { executeRun } from '../run/run.ts'
import { localTarget } from '../targets/local/index.ts'
import { exitCodeOf } from './exit.ts'
import { listrView } from './listr-view.ts'
import { plainView } from './plain-view.ts'
import { loadPlan } from './plans.ts'
import { writeReports } from './report-command.ts'
import { createStatusLine } from './status-line.ts'
import type { Surroundings } from './surroundings.ts'

export interface RunOptions {
  target?: string
  repeat?: number
}

/** Runs a plan from its file to its reports; returns the exit status. */
export async function runCommand(planName: string, options: RunOptions, surroundings: Surroundings): Promise<number> {
  const { folders, terminal, styles, interruption } = surroundings
  const plan = loadPlan(planName, folders.plans)
  if (options.repeat !== undefined) plan.repetitions = options.repeat
  const targetName = options.target ?? plan.target ?? 'local'
  if (targetName !== 'local')
    throw new Failure('bad-input', `there is no target ${targetName}`, { next: 'targets: local' })

  const startedAt = new Date().toISOString()
  const runId = `${plan.name.slice(0, 30)}-${startedAt.slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}-${randomBytes(2).toString('hex')}`
  const runFolder = join(folders.reports, runId)
  const target = localTarget({
    runId,
    runFolder,
    componentsSource: folders.components,
    env: surroundings.env,
    clock: systemClock,
  })
  interruption.hint = `what it left behind is removed by: npm run scale-test -- cleanup --run ${runId}`

  const status = createStatusLine(terminal, systemClock.nowMs)
  await target.prepare({ signal: interruption.signal, onProgress: status.update })
  status.clear()

  const journal = openJournal(join(runFolder, 'journal.ndjson'), systemClock.nowMs)
  const samples = openLineFile(join(runFolder, 'samples.ndjson'))
  writeFileWhole(join(runFolder, 'plan.json'), `${JSON.stringify(plan, null, 2)}\n`)
  const view = terminal.interactive
    ? listrView(styles, systemClock.nowMs)
    : { emit: plainView(terminal, systemClock.nowMs), finished: Promise.resolve() }
  const emit: RunEventSink = (event) => {
    if (event.type !== 'step-progress') journal.append(event)
    view.emit(event)
  }

  let outcome: RunOutcome
  try {
    outcome = await executeRun({
      runId,
      plan,
      target,
      clock: systemClock,
      startedAt,
      signal: interruption.signal,
      emit,
      watchMachine: watchThisMachine,
      machine: describeThisMachine(),
      onSamples: (armId, probe, pods) => {
        for (const pod of pods) samples.append({ armId, probe, ...pod })
      },
    })
    await view.finished
  } finally {
    journal.close()
    samples.close()
  }

  const reports = writeReports(outcome.result, runFolder)
  terminal.print(renderSummary(outcome.result, { reportPath: relative(process.cwd(), reports.html), styles }))
  const { error } = outcome
  if (error instanceof Failure) {
    if (error.next !== undefined) terminal.printError(`\n${error.next}`)
  } else if (error !== undefined) throw error
  return exitCodeOf(outcome, interruption.signalName)
}
