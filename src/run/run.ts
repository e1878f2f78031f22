import { plural } from '../base/count.ts'
import { Failure, messageOf } from '../base/errors.ts'
import { asFailure } from '../kube/failures.ts'
import { seriesOf } from '../measure/series.ts'
import { sectionsOf } from '../plan/section.ts'
import { namedFlows } from '../record/flows.ts'
import type { Phase, Recording } from '../record/recording.ts'
import { startRecording } from '../record/recording.ts'
import type { ArmOutcome, Result } from '../result/result.ts'
import type { Sample } from '../result/sample-line.ts'
import { controlPlane } from '../steps/control-plane.ts'
import { countObjects } from '../steps/count-objects.ts'
import { fleetCheck, fleetSpecOf, fleetUp, nodeSourceOf, noFleet } from '../steps/fleet-up.ts'
import type { AnyStepKind, ArmContext } from '../steps/kind.ts'
import { tuning } from '../steps/tuning.ts'
import { verifyKnobs } from '../steps/verify-knobs.ts'
import type { Cluster, TunableCluster } from '../targets/target.ts'
import { knobsOf } from '../tuning/profiles.ts'
import { blankOutcome, fleetOutcome, limitsIn } from './arm-outcome.ts'
import type { ArmRun, ArmRunner, RunContext } from './context.ts'
import { itineraryOf } from './itinerary.ts'
import { explainNoSpace, noticingNoSpace } from './out-of-space.ts'
import { outlineOf } from './outline.ts'
import { recordSteps } from './record-steps.ts'
import type { Ending } from './run-result.ts'
import { resultOfRun } from './run-result.ts'
import type { Arm } from './schedule.ts'
import { backAndForth } from './schedule.ts'
import type { Stages } from './stages.ts'
import { withStages } from './stages.ts'
import { symptomSources } from './symptom-sources.ts'

/** A run's result, whole or partial, and what ended it early. */
export interface RunOutcome {
  result: Result
  /** What was thrown, when the run stopped early. */
  error?: unknown
  /** The arm whose cluster was kept, and how to look at that, a command each. */
  kept?: { arm: string; look: readonly string[] }
}

/** Runs every arm of the plan in turn and judges what was measured. Never throws: a failed run has a partial result. */
export async function executeRun(context: RunContext): Promise<RunOutcome> {
  const { runId, plan, target, host, clock, emit, whatIf, earlier } = context
  const startedMs = clock.nowMs()
  const { planned, next } = backAndForth({ plan, plans: whatIf?.plans, target, machine: host.machine })
  const arms: ArmOutcome[] = [...(earlier?.arms ?? [])]
  const ahead = planned.filter(({ id }) => arms.every((done) => done.id !== id))
  const outline = ahead.map((arm) => outlineOf(arm, target))
  emit({ type: 'run-started', run: runId, plan: plan.name, target: target.name, outline })

  const errors: unknown[] = []
  let kept: RunOutcome['kept']
  const resultOf = (ending: Ending | undefined) =>
    resultOfRun(context, {
      arms,
      durationMs: (earlier?.durationMs ?? 0) + clock.nowMs() - startedMs,
      ending,
      hasFailed: errors.length > 0,
    })
  const runner = context.arms?.(ahead, context) ?? oneAfterTheOther(context)
  for (let arm = next(arms); arm !== undefined; arm = next(arms)) {
    const beganMs = clock.nowMs()
    const ran = await runner.run(arm)
    const { outcome } = ran
    if (earlier !== undefined && target.evidence === 'measured') outcome.session = earlier.resumptions.length + 1
    arms.push(outcome)
    arms.sort((one, other) => one.order - other.order)
    const finished = `${plural(arms.length, 'arm')} of ${planned.length} finished`
    const isCounted = arm.repetition > 0
    const soFar = { message: `killed, or still running: ${finished}`, kind: undefined }
    // A run that is resumed warms up again.
    if (isCounted) context.onArm?.(resultOf(soFar), outcome)
    emit({ type: 'arm-finished', armId: arm.id, outcome: outcome.outcome, durationMs: clock.nowMs() - beganMs })
    if (ran.kept !== undefined) kept = { arm: arm.id, look: ran.kept }
    const isOver = kept !== undefined || (ran.error !== undefined && endsRun(ran.error))
    // What a warm-up finds out counts for nothing, unless the others cannot run either.
    if (ran.error === undefined || (!isCounted && !isOver)) continue
    errors.push(ran.error)
    if (isOver) break
  }
  await runner.close()

  const ended = kept === undefined ? errors.find(endsRun) : errors.at(-1)
  const error = ended ?? errors[0]
  const result = resultOf(
    ended === undefined
      ? undefined
      : { message: messageOf(ended), kind: ended instanceof Failure ? ended.kind : 'bug' },
  )
  emit({ type: 'run-finished', verdict: result.verdict, partial: result.partial })
  return { result, ...(error !== undefined && { error }), ...(kept !== undefined && { kept }) }
}

/**
 * Whether what went wrong in one arm leaves the others nothing to measure: the clusters do not work or are not ours (any more), somebody wants
 * the run to end, or the program has a bug. An arm that is inconclusive for a reason of its own, such as a node that is not Ready in time,
 * says nothing of the others.
 */
export function endsRun(error: unknown): boolean {
  return !(error instanceof Failure) || error.kind !== 'inconclusive'
}

function oneAfterTheOther(context: RunContext): ArmRunner {
  return { run: (arm) => runArm(arm, context), close: async () => {} }
}

/** Runs one arm. Whatever happens, what was begun in it is torn down, and what is known of it is kept; never throws. */
export async function runArm(arm: Arm, context: RunContext): Promise<ArmRun> {
  const { clock, host, signal, target } = context
  const outcome = blankOutcome(arm)
  const keep = (sample: Sample) => context.onSample({ armId: arm.id, ...sample })
  const symptoms = symptomSources(arm, context)
  const recording = startRecording({ ...host, signal, keep, symptoms }, { clock })
  const emit = recordSteps(recording, outlineOf(arm, target), context.emit)
  const keeps = context.keep === true ? isWorthALook : undefined
  const {
    outcome: ending,
    residue,
    kept,
  } = await withStages({ armId: arm.id, clock, signal, emit, keeps }, (stages) =>
    measureArm({ ...context, arm, stages, outcome, recording }),
  )
  outcome.machine = await recording.stop()
  outcome.residue = residue
  if (ending.status === 'fulfilled') return { outcome: { ...outcome, outcome: 'complete' } }
  const error = asFailure(ending.reason)
  const wasInterrupted = error instanceof Failure && error.kind === 'interrupted'
  return {
    outcome: { ...outcome, outcome: wasInterrupted ? 'interrupted' : 'failed', error: messageOf(error) },
    error,
    ...(kept !== undefined && { kept }),
  }
}

/** Whether a cluster has something to show after such an error: not where somebody ended the run, or the cluster is not ours (any more). */
function isWorthALook(error: unknown): boolean {
  return !(error instanceof Failure) || !['interrupted', 'lost', 'safety-refusal', 'bad-input'].includes(error.kind)
}

/** An arm that goes on. */
interface Running extends RunContext {
  arm: Arm
  stages: Stages
  /** Holds what is known, even if a later step fails. */
  outcome: ArmOutcome
  recording: Recording
}

/** One arm, from an empty machine to the last look at its nodes. */
async function measureArm(running: Running): Promise<void> {
  const { arm, stages, outcome, recording, target, clock, runId } = running
  const beganMs = clock.nowMs()

  const opened = await stages.run(controlPlane(target, arm, arm.plan.fleet))
  stages.endOn(opened.broken)
  const { cluster, full } = noticingNoSpace(await withSettings(opened, running))
  stages.endOn(full)
  const whole = await recording.follow(cluster)
  outcome.versions = { ...cluster.versions }
  outcome.controlPlaneReadyMs = cluster.readyMs
  Object.assign(outcome, cluster.opening)
  try {
    await measureCluster(running, { cluster, whole, beganMs })
  } catch (error) {
    throw await explainNoSpace(error, { cluster, clock, plan: arm.plan, runId, beganMs })
  } finally {
    const symptoms = await recording.symptoms()
    if (symptoms !== undefined) outcome.symptoms = symptoms
  }
}

/** A cluster that answers, from its first node to the last look at all of them. */
async function measureCluster(
  running: Running,
  { cluster, whole, beganMs }: { cluster: Cluster; whole: Phase; beganMs: number },
): Promise<void> {
  const { arm, stages, outcome, recording, target, host, runId } = running
  const { plan, requests, set } = arm
  const isAlone = target.hasKubernetes === false
  const knobs = knobsOf(running.plan.arms).filter(({ component }) => !isAlone || component === 'etcd')
  const fleet = isAlone
    ? noFleet
    : await stages.run(
        fleetUp(cluster, fleetSpecOf(plan.fleet), {
          timeoutMs: plan.fleet.timeout,
          source: nodeSourceOf(plan, target),
          watchMachine: host.watchMachine,
          nodes: recording.nodes,
        }),
      )
  outcome.versions = { ...outcome.versions, ...fleet.origin?.versions }
  outcome.fleet = isAlone ? { ...outcome.fleet, source: 'none' } : fleetOutcome(fleet, arm, target)

  let unread: string | undefined = 'the arm ended before it was read again'
  try {
    const { kubernetes } = arm
    outcome.knobs = await stages.run(verifyKnobs(target, cluster, { knobs, requests, set, kubernetes }))
    const limits = limitsIn(outcome.knobs, outcome.versions)
    await takeSteps(running, { runId, plan, cluster, fleet, limits, recording, found: outcome, beganMs })
    if (!isAlone) await stages.run(fleetCheck(fleet))
    unread = undefined
  } finally {
    outcome.fleet.flaps = fleet.flaps()
    const madeOf = cluster.controlPlane?.()
    if (madeOf !== undefined) outcome.controlPlane = madeOf
    outcome.series = seriesOf(await whole.end(unread), target.evidence)
    const { signal } = running
    // An arm that ended early has no time for names.
    const flows = unread === undefined ? await namedFlows(recording.flows(), cluster.api, signal) : recording.flows()
    if (flows.length > 0) outcome.ownFlows = flows
  }
}

/** A cluster with the settings of its arm. */
async function withSettings(
  opened: Cluster | TunableCluster,
  { stages, outcome }: Pick<Running, 'stages' | 'outcome'>,
): Promise<Cluster> {
  if (!('tuning' in opened)) return opened
  if (opened.tuning.restore === undefined) outcome.leftTuned = true
  return stages.run(tuning(opened.tuning))
}

/** The steps of the plan, in its order, each with what its kind needs before it. */
async function takeSteps(
  { stages, outcome, clock, target }: Running,
  arm: ArmContext & { beganMs: number },
): Promise<void> {
  const sinceBeginning = () => clock.nowMs() - arm.beganMs
  const prepared = new Map<AnyStepKind, unknown>()
  for (const { step, kind, isFirstOfKind, countsFirst } of itineraryOf(arm.plan)) {
    if (isFirstOfKind && kind.preparation !== undefined)
      prepared.set(kind, await stages.run(kind.preparation.step(sectionsOf(arm.plan, kind.section), arm)))
    if (countsFirst) outcome.objects = await stages.run(countObjects(arm.cluster))
    const startMs = sinceBeginning()
    const found = await stages.run(kind.step(step, arm, prepared.get(kind)))
    const window = arm.recording.window(kind.outline(step.section).id)
    const series = window === undefined ? {} : { series: seriesOf(window, target.evidence) }
    const { kind: name, section: _, ...planned } = step
    outcome.steps.push({ kind: name, ...planned, startMs, endMs: sinceBeginning(), outcome: found, ...series })
    const ending = kind.endsArm?.(found, step)
    if (ending !== undefined) throw new Failure('inconclusive', ending)
  }
}
