import { dirname, join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { Failure } from '../base/errors.ts'
import { printable } from '../base/printable.ts'
import { formatBytes } from '../base/quantity.ts'
import { estimateOf, simulationBytesOf } from '../fleet/estimate.ts'
import { forecastSteps } from '../fleet/step-forecast.ts'
import { fleetTimeWarnings, fullEtcdWarnings, otherTargets, podWarnings } from '../fleet/warnings.ts'
import type { Plan } from '../plan/plan.ts'
import { armIdOf, armName, kubernetesOf } from '../plan/plan.ts'
import { heapLimitBytes, lookAtThisMachine } from '../record/this-machine.ts'
import type { Checklist } from '../result/checklist.ts'
import type { Comparison, EarlierSessions } from '../run/context.ts'
import type { RunEventSink } from '../run/events.ts'
import type { RunOutcome } from '../run/run.ts'
import { endsRun, executeRun } from '../run/run.ts'
import { fleetSpecOf } from '../steps/fleet-up.ts'
import { stepKinds } from '../steps/registry.ts'
import { requestsOf } from '../tuning/profiles.ts'
import { baselinesOf } from './baselines.ts'
import { checklistNotes } from './checklist-text.ts'
import { exitCodeOf } from './exit.ts'
import { listrView } from './listr-view.ts'
import { measureRun } from './measure-hint.ts'
import { moreMemory } from './more-memory.ts'
import type { RunOptions } from './options.ts'
import type { Pipeline } from './pipeline.ts'
import { errorForPrograms, withPipeline } from './pipeline.ts'
import { plainView } from './plain-view.ts'
import { loadPlanFor } from './plans.ts'
import type { Reports } from './report-command.ts'
import { resultFile, writeResult } from './result-files.ts'
import { resumeCommand } from './resume-hint.ts'
import type { RunFolder } from './run-folder.ts'
import { inReports, openOwnFolder, openSharedFolder } from './run-folder.ts'
import { headOf, planText } from './run-head.ts'
import type { Beginning } from './run-records.ts'
import { openRecords } from './run-records.ts'
import { withStatusLine } from './status-line.ts'
import type { Surroundings } from './surroundings.ts'
import type { TargetName } from './target-names.ts'
import { targetNamed, targetNames } from './target-names.ts'
import type { RunOn } from './targets.ts'
import { runOn } from './targets.ts'
import { thisMachine } from './this-machine.ts'
import { refuseForOtherTargets, refuseUseless } from './useless-options.ts'
import { inVirtualTime } from './virtual-progress.ts'
import { wrap } from './wrap.ts'

/** Runs a plan from its file to its reports; returns the exit status. */
export function runCommand(planName: string, options: RunOptions, surroundings: Surroundings): Promise<number> {
  return withPipeline(planName, options, surroundings, (pipeline) => runPlan(planName, options, pipeline))
}

async function runPlan(planName: string, options: RunOptions, pipeline: Pipeline): Promise<number> {
  const { surroundings } = pipeline
  const plan = loadPlanFor(planName, surroundings.folders, { ...options, otherwise: targetNames[0] })
  const target = targetNamed(options.target, plan)
  refuseForOtherTargets(target, plan, options)
  if (options.target === undefined && plan.target !== undefined) {
    const where = options.set?.some((override) => override.startsWith('target=')) ? '--set' : printable(plan.name)
    surroundings.terminal.print(`target ${target} (set by ${where}): ${targetsInWords[target]}`)
  }
  const on = runOn(target, plan, surroundings, options)
  const { full: isFull, keep } = options
  if (on.target.hasKubernetes === false) refuseUseless({ '--keep': keep }, 'where only etcd runs')
  return carryOut(plan, on, pipeline, { measure: measureRun(plan, planName, options), isFull, keep })
}

const targetsInWords: Readonly<Record<TargetName, string>> = {
  sim: 'a simulation',
  local: 'real components on this machine',
  remote: 'your clusters',
}

/** What is to be known of a run beside its plan and its target. */
export interface Carried {
  whatIf?: Comparison
  /** The command that measures what this run simulates. */
  measure: string | undefined
  /** Whether all of the summary is printed. */
  isFull?: boolean | undefined
  /** Whether the cluster of an arm that fails is left for somebody to look at. */
  keep?: boolean | undefined
  /** Present when the run goes on. */
  session?: Session
}

/** A further session of a run that was killed or interrupted. */
export interface Session {
  /** This process has it already. */
  folder: RunFolder
  earlier: EarlierSessions
  /** Has the folder ready for what comes, once everything that could be refused has been looked at. */
  begin(): Omit<Beginning, 'announces'>
}

/** Runs a plan on the target chosen for it, to its reports; returns the exit status. */
export async function carryOut(
  plan: Plan,
  on: RunOn,
  pipeline: Pipeline,
  { whatIf, measure, isFull, keep: isToKeep, session }: Carried,
): Promise<number> {
  const { surroundings } = pipeline
  const { terminal, styles, interruption } = surroundings
  const { runFolder, target, clock } = on

  for (const sentence of otherTargets({ ...plan, target: target.name })) terminal.print(sentence)
  for (const text of warningsBeforehand(plan, on, whatIf)) terminal.printError(styles.yellow(`! ${text}`))
  if (target.name === 'sim') requireHeap([plan, ...(whatIf?.plans.values() ?? [])])
  const baselines = baselinesOf(plan, surroundings.folders.reports)
  // Before anything is started: a run whose reports cannot be written is not worth its time.
  const folder =
    session?.folder ?? (target.evidence === 'simulated' ? openSharedFolder(runFolder) : openOwnFolder(runFolder))
  const fleet = fleetSpecOf(plan.fleet)
  const arms = plan.arms.map((arm) => ({
    name: armName(arm),
    kubernetes: kubernetesOf(plan, arm),
    requests: requestsOf(arm),
  }))
  let checklists: Checklist[]
  try {
    const { signal } = interruption
    const prepare = (onProgress: (text: string) => void) => target.prepare({ fleet, arms, signal, onProgress })
    checklists = (await withStatusLine(terminal, prepare)) ?? []
  } catch (error) {
    folder.discard()
    throw error
  }
  for (const text of checklistNotes(checklists)) terminal.print(wrap(text, '').join('\n'))

  interruption.hint = hintFor(on, folder.path)
  const records = openRecords(
    folder.path,
    {
      ...(session?.begin() ?? { record: headOf(plan, on, { whatIf, measure }), plan: planText(plan) }),
      announces: target.evidence === 'measured',
    },
    { nowMs: clock.nowMs, sleep: systemClock.sleep },
  )
  const view = harmless(
    terminal.interactive
      ? listrView(styles, systemClock.nowMs, () => terminal.columns)
      : { emit: plainView(terminal, systemClock.nowMs), finished: Promise.resolve() },
    surroundings.reportBug,
  )
  const show =
    target.name === 'sim'
      ? inVirtualTime(view.emit, { armMs: armMsOf(plan, whatIf), nowMs: systemClock.nowMs })
      : view.emit

  const outcome = await executeRun({
    ...on,
    plan,
    keep: isToKeep,
    whatIf,
    baselines,
    checklists,
    signal: AbortSignal.any([interruption.signal, records.broken]),
    emit(event) {
      if (event.type !== 'step-progress') records.journal(event)
      pipeline.emit(event)
      show(event)
    },
    onSample: records.sample,
    onSampleText: records.sampleText,
    onArm: records.arm,
    earlier: session?.earlier,
  })
  records.close()
  // Reports first: nothing that a view does may cost them.
  const kept = await keep(outcome, folder, isFull)
  const undelivered = await errorOf(() => pipeline.deliver(kept.reports.view))
  await view.finished
  kept.print(surroundings)
  const lost = [kept.error, undelivered].filter((error) => error !== undefined)
  tellOf(outcome.error, lost, surroundings)
  if (outcome.kept !== undefined) terminal.printError(['', ...wordsOnKept(outcome.kept, on.runId)].join('\n'))
  else if (outcome.error instanceof Failure && endsRun(outcome.error) && kept.page !== undefined)
    terminal.printError(`\nto resume: ${resumeCommand(dirname(kept.page))}`)
  if (target.evidence === 'simulated' && measure !== undefined && outcome.error === undefined)
    terminal.print(`measure it: ${measure}`)
  const error = outcome.error ?? lost[0]
  const exitCode = exitCodeOf(error === undefined ? outcome : { ...outcome, error }, interruption.signalName)
  const { run, verdict, partial, evidence, reasons } = outcome.result
  pipeline.finish({
    ...{ run, verdict, partial, evidence, reasons, exitCode, error: errorForPrograms(error) },
    report: kept.page ?? null,
    result: kept.page === undefined ? null : join(dirname(kept.page), resultFile),
  })
  return exitCode
}

function wordsOnKept({ arm, look }: NonNullable<RunOutcome['kept']>, runId: string): string[] {
  return [
    `the cluster of ${arm} was kept (--keep); to look at it:`,
    ...look.map((command) => `  ${command}`),
    'to remove it:',
    `  ${cleanupOf(runId)}`,
  ]
}

/** The command that removes what a run has left, wherever it ran. */
function cleanupOf(runId: string): string {
  return `npm run scale-test -- cleanup --run ${runId}`
}

async function errorOf(work: () => Promise<void>): Promise<unknown> {
  try {
    await work()
    return undefined
  } catch (error) {
    return error
  }
}

/** How long arms take by the forecast, by their ids; each value of a what-if has a plan of its own. */
function armMsOf(plan: Plan, whatIf: Comparison | undefined): (armId: string) => number {
  // A simulation's own time does not depend on how fast this machine is.
  const here = thisMachine(undefined)
  const expected = plan.arms.flatMap((arm) => {
    const name = armName(arm)
    const own: Plan = { ...(whatIf?.plans.get(name) ?? plan), arms: [arm], target: 'sim' }
    const [estimate] = estimateOf(own, forecastSteps(own, stepKinds), here).arms
    return Array.from({ length: plan.repetitions + 1 }, (_, repetition) => ({
      id: armIdOf(name, repetition),
      ms: estimate?.durationMs.total ?? 0,
    }))
  })
  const msOf = new Map(expected.map(({ id, ms }) => [id, ms]))
  return (armId) => msOf.get(armId) ?? 0
}

/** For whoever leaves at once: how to go on, or to remove what is left of real components. */
function hintFor({ runId, target }: RunOn, folder: string): string {
  const goOn = `to resume: ${resumeCommand(folder)}`
  if (target.evidence === 'simulated') return goOn
  return `${goOn}\nto remove what it left behind: ${cleanupOf(runId)}`
}

/** Node ends a process whose heap is full without a word of what to do. Throws `Failure('infrastructure')`. */
function requireHeap(plans: readonly Plan[]): void {
  const neededBytes = Math.max(...plans.map((plan) => simulationBytesOf(plan, forecastSteps(plan, stepKinds))))
  const limitBytes = heapLimitBytes()
  if (neededBytes <= limitBytes) return
  const megabytes = Math.ceil(neededBytes / 2 ** 20 / 100) * 100
  throw new Failure(
    'infrastructure',
    `this simulation needs about ${formatBytes(neededBytes)} of memory, but Node is limited to ${formatBytes(limitBytes)}`,
    {
      next: moreMemory(megabytes),
    },
  )
}

/** What may well go wrong: pods that do not fit, objects that do not fit into etcd, and on target local what this machine is too slow for now. */
function warningsBeforehand(plan: Plan, { target }: RunOn, whatIf: Comparison | undefined): string[] {
  const isLocal = target.name === 'local'
  const here = thisMachine(isLocal ? lookAtThisMachine : undefined)
  const plans = [plan, ...(whatIf?.plans.values() ?? [])]
  const warnings = plans.flatMap((one) => {
    const own: Plan = { ...one, target: target.name }
    const estimate = estimateOf(own, forecastSteps(own, stepKinds), here)
    return [
      ...podWarnings(estimate),
      ...fullEtcdWarnings(estimate),
      ...(isLocal ? fleetTimeWarnings(estimate, one) : []),
    ]
  })
  return [...new Set(warnings)]
}

/** What came of keeping a run. */
interface Kept {
  reports: Reports
  print: (surroundings: Surroundings) => void
  /** The page that a reader opens first; undefined where it could not be written. */
  page: string | undefined
  error?: unknown
}

/** Writes all there is to keep of a run. What cannot be written is returned, not thrown: the figures are to be shown all the same. */
async function keep({ result, error: ended }: RunOutcome, folder: RunFolder, isFull?: boolean): Promise<Kept> {
  // Drawing charts takes as much memory as the whole run: not before that is over.
  const { printReports, reportsOf, writeReports } = await import('./report-command.ts')
  const { writeRunsIndex } = await import('./runs-index.ts')
  const keptWith = (reports: Reports, page: string | undefined) => ({
    ...{ reports, page },
    print: (surroundings: Surroundings) => printReports(reports, page, surroundings, isFull),
  })
  try {
    inReports(() => writeResult(result, folder.path))
    const reports = reportsOf(result)
    const page = inReports(() => {
      const name = writeReports(reports, folder.path)
      return join(folder.finish(ended === undefined || !endsRun(ended)), name)
    })
    inReports(() => writeRunsIndex(dirname(dirname(page))))
    return keptWith(reports, page)
  } catch (error) {
    return { ...keptWith(reportsOf(result), undefined), error }
  }
}

/** Says what ended a run early, as far as its result does not, and what of it could not be kept. */
function tellOf(ended: unknown, lost: readonly unknown[], { terminal, reportBug }: Surroundings): void {
  for (const error of [ended, ...lost]) if (error !== undefined && !(error instanceof Failure)) reportBug(error)
  for (const error of lost) if (error instanceof Failure) terminal.printError(`\n${error.message}`)
  const nexts = [ended, ...lost].flatMap((error) => (error instanceof Failure ? (error.next ?? []) : []))
  for (const next of new Set(nexts)) terminal.printError(`\n${next}`)
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
