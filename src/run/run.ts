import type { Clock } from '../base/clock.ts'
import { plural } from '../base/count.ts'
import { Failure, messageOf } from '../base/errors.ts'
import { asFailure } from '../kube/failures.ts'
import type { ClientLimits } from '../measure/limiters.ts'
import type { ReadMachine } from '../measure/machine-record.ts'
import { seriesOf } from '../measure/series.ts'
import type { PodTimeline } from '../measure/timeline.ts'
import { conditionsHash, planHash } from '../plan/parse.ts'
import type { Plan } from '../plan/plan.ts'
import { sectionsOf } from '../plan/section.ts'
import type { Recording } from '../record/recording.ts'
import { startRecording } from '../record/recording.ts'
import type { MachineMonitor } from '../record/this-machine.ts'
import { watchNoMachine } from '../record/this-machine.ts'
import type { ArmOutcome, KnobOutcome, Result, WhatIf } from '../result/result.ts'
import { controlPlane } from '../steps/control-plane.ts'
import { countObjects } from '../steps/count-objects.ts'
import type { ReadyFleet } from '../steps/fleet-up.ts'
import { fleetCheck, fleetSpecOf, fleetUp, nodeSourceOf } from '../steps/fleet-up.ts'
import type { AnyStepKind } from '../steps/kind.ts'
import { kindOf } from '../steps/kind.ts'
import { stepKinds } from '../steps/registry.ts'
import { verifyKnobs } from '../steps/verify-knobs.ts'
import type { Cluster, Target } from '../targets/target.ts'
import { limitRead } from '../tuning/client-limit.ts'
import type { KnobRequest } from '../tuning/profiles.ts'
import { requestsOf } from '../tuning/profiles.ts'
import type { RunEventSink } from './events.ts'
import { estimateOf, outlineOf } from './outline.ts'
import { recordSteps } from './record-steps.ts'
import type { ScheduledArm } from './schedule.ts'
import { scheduleArms } from './schedule.ts'
import type { Stages } from './stages.ts'
import { withStages } from './stages.ts'
import { boundsOf } from './thresholds.ts'
import { judgeRun } from './verdict.ts'

/** Arms that are the values of one setting. */
export interface Comparison {
  record: WhatIf
  /** Where the setting is a field of the plan: what each arm runs instead of the run's plan, by its name. */
  plans: ReadonlyMap<string, Plan>
}

/** What a run is given: everything that reaches outside comes in here. */
export interface RunContext {
  runId: string
  plan: Plan
  target: Target
  clock: Clock
  /** Wall-clock time of the start, for the record only; null where time is virtual. */
  startedAt: string | null
  /** Ends measuring; what was begun is still torn down. */
  signal: AbortSignal
  emit: RunEventSink
  watchMachine: MachineMonitor
  /** Null where the clusters are no processes of this machine. */
  readMachine: ReadMachine | null
  machine: Result['machine']
  /** The most memory that this program has had so far; null where the result is to be the same on every machine. */
  peakMemoryBytes: (() => number) | null
  onSamples: (armId: string, probe: string, pods: readonly PodTimeline[]) => void
  /** Takes the result as it is after each arm: all there is if the run is killed after it. */
  onArm?: ((soFar: Result) => void) | undefined
  /** There where the plan's arms are the values of one setting. */
  whatIf?: Comparison | undefined
}

/** Of a run on virtual time: nothing of this machine, or of today, goes into its result. */
export const onVirtualTime = {
  startedAt: null,
  watchMachine: watchNoMachine,
  readMachine: null,
  machine: null,
  peakMemoryBytes: null,
} as const satisfies Partial<RunContext>

/** A run's result, whole or partial, and what ended it early. */
export interface RunOutcome {
  result: Result
  /** What was thrown, when the run did not go to its end. */
  error?: unknown
}

/** Runs every arm of the plan in turn and judges what was measured. Never throws: a failed run has a partial result. */
export async function executeRun(context: RunContext): Promise<RunOutcome> {
  const { runId, plan, target, clock, emit } = context
  const startedMs = clock.nowMs()
  const scheduled = scheduleArms(plan)
  emit({
    type: 'run-started',
    run: runId,
    plan: plan.name,
    target: target.name,
    outline: scheduled.map((arm) => outlineOf(arm, contextOf(arm, context))),
  })

  const arms: ArmOutcome[] = []
  const versions: Record<string, string> = {}
  const errors: unknown[] = []
  const resultOf = (ending: string | undefined): Result => ({
    schema: 2,
    run: runId,
    plan: plan.name,
    planHash: planHash(plan),
    conditionsHash: conditionsHash(plan),
    ...(plan.description === undefined ? {} : { description: plan.description }),
    evidence: target.evidence,
    target: target.name,
    partial: ending !== undefined || errors.length > 0,
    ...(ending === undefined ? {} : { ending }),
    startedAt: context.startedAt,
    durationMs: clock.nowMs() - startedMs,
    versions,
    machine: context.machine,
    orchestrator: context.peakMemoryBytes === null ? null : { peakMemoryBytes: context.peakMemoryBytes() },
    reference: referenceOf(plan),
    ...(context.whatIf === undefined ? {} : { whatIf: context.whatIf.record }),
    arms,
    ...judgeRun({ thresholds: plan.thresholds.map(boundsOf), arms, ending }),
  })
  for (const arm of scheduled) {
    const ran = await runArm(arm, contextOf(arm, context), versions)
    arms.push(ran.outcome)
    context.onArm?.(
      resultOf(`killed, or still going on: ${plural(arms.length, 'arm')} of ${scheduled.length} finished`),
    )
    if (ran.error === undefined) continue
    errors.push(ran.error)
    if (endsRun(ran.error)) break
  }

  const ended = errors.find(endsRun)
  const error = ended ?? errors[0]
  const result = resultOf(ended === undefined ? undefined : messageOf(ended))
  emit({ type: 'run-finished', verdict: result.verdict, partial: result.partial })
  return error === undefined ? { result } : { result, error }
}

/**
 * Whether what went wrong in one arm leaves the others nothing to measure: the clusters do not work or are not ours (any more), somebody wants
 * the run to end, or the program has a bug. An arm that is inconclusive for a reason of its own, such as a node that is not Ready in time,
 * says nothing of the others.
 */
export function endsRun(error: unknown): boolean {
  return !(error instanceof Failure) || error.kind !== 'inconclusive'
}

/** The run as one arm sees it. */
function contextOf({ name }: ScheduledArm, context: RunContext): RunContext {
  return { ...context, plan: context.whatIf?.plans.get(name) ?? context.plan }
}

async function runArm(
  arm: ScheduledArm,
  context: RunContext,
  versions: Record<string, string>,
): Promise<{ outcome: ArmOutcome; error?: unknown }> {
  const outcome = blankOutcome(arm)
  const { armId } = arm
  const { clock, signal } = context
  const recording = startRecording(context, context)
  const emit = recordSteps(recording, outlineOf(arm, context), context.emit)
  const { outcome: ending, residue } = await withStages({ armId, clock, signal, emit }, (stages) =>
    measureArm(stages, arm, outcome, context, { versions, recording }),
  )
  outcome.machine = await recording.stop()
  outcome.residue = residue
  if (ending.status === 'fulfilled') return { outcome: { ...outcome, outcome: 'complete' } }
  const error = asFailure(ending.reason)
  const wasInterrupted = error instanceof Failure && error.kind === 'interrupted'
  return { outcome: { ...outcome, outcome: wasInterrupted ? 'interrupted' : 'failed', error: messageOf(error) }, error }
}

/** One arm, from an empty machine to its last probe; `outcome` holds what is known even if a later step fails. */
async function measureArm(
  stages: Stages,
  arm: ScheduledArm,
  outcome: ArmOutcome,
  context: RunContext,
  { versions, recording }: { versions: Record<string, string>; recording: Recording },
): Promise<void> {
  const { plan, target } = context
  const beganMs = context.clock.nowMs()
  const requests = requestsOf(arm.profile, arm.set)
  const honoured = requests.filter(({ knob }) => target.supports(knob).supported)

  const cluster = await stages.run(controlPlane(target, arm, honoured))
  stages.endOn(cluster.broken)
  const whole = await recording.follow(cluster)
  noteVersions(versions, cluster.versions)
  outcome.controlPlaneReadyMs = cluster.readyMs
  Object.assign(outcome, cluster.opening)

  const { node, hosts, timeout } = plan.fleet
  const fleet = await stages.run(
    fleetUp(
      cluster,
      fleetSpecOf(plan.fleet),
      timeout,
      nodeSourceOf(plan, target),
      context.watchMachine,
      recording.nodes,
    ),
  )
  noteVersions(versions, fleet.origin?.versions ?? {})
  outcome.fleet = {
    nodes: fleet.nodeNames.length,
    hosts: target.onThisMachine ? 1 : hosts,
    processes: fleet.processes,
    source: fleet.origin?.source ?? 'hollow',
    probeNode: fleet.origin?.probeNode ?? 'hollow',
    containerStartDelayMs: node.containerStartDelay,
    readyMs: fleet.readyMs,
    ...(fleet.preparedMs !== undefined && { preparedMs: fleet.preparedMs }),
    flaps: fleet.flaps(),
    estimate: estimateOf(arm, context),
  }
  let unread: string | undefined = 'the arm ended before it was read again'
  try {
    await measureOnFleet(stages, arm, outcome, context, { cluster, requests, fleet, recording, beganMs })
    await stages.run(fleetCheck(fleet))
    unread = undefined
  } finally {
    outcome.fleet.flaps = fleet.flaps()
    outcome.series = seriesOf(await whole.end(unread), target.evidence)
  }
}

/** Adds versions to those of earlier arms; where two arms differ, both are told. */
function noteVersions(versions: Record<string, string>, found: Readonly<Record<string, string>>): void {
  for (const [name, version] of Object.entries(found)) {
    const known = versions[name]
    const isNew = known !== undefined && !known.split(', ').includes(version)
    versions[name] = isNew ? `${known}, ${version}` : (known ?? version)
  }
}

/** What an arm does and measures once all its nodes are Ready. */
async function measureOnFleet(
  stages: Stages,
  arm: ScheduledArm,
  outcome: ArmOutcome,
  { plan, target, runId, ...context }: RunContext,
  {
    cluster,
    requests,
    fleet,
    recording,
    beganMs,
  }: { cluster: Cluster; requests: KnobRequest[]; fleet: ReadyFleet; recording: Recording; beganMs: number },
): Promise<void> {
  const leftAlone = arm.set.filter(({ value }) => value === null)
  outcome.knobs = await stages.run(verifyKnobs(target, cluster, requests, leftAlone))

  const onSamples = (measured: string, pods: readonly PodTimeline[]) => context.onSamples(arm.armId, measured, pods)
  const sinceBeginning = () => context.clock.nowMs() - beganMs
  const limits = limitsIn(outcome.knobs)
  const armContext = { runId, plan, cluster, fleet, limits, recording, onSamples, found: outcome }
  const prepared = new Map<AnyStepKind, unknown>()
  let isCounted = false
  for (const step of plan.steps) {
    const kind = kindOf(step, stepKinds)
    if (kind.preparation !== undefined && !prepared.has(kind)) {
      const sections = sectionsOf(plan, kind.section).map(({ section }) => section)
      prepared.set(kind, await stages.run(kind.preparation.step(sections, armContext)))
    }
    if (kind.countsFirst && !isCounted) {
      outcome.objects = await stages.run(countObjects(cluster))
      isCounted = true
    }
    const { id } = kind.outline(step.section)
    const startMs = sinceBeginning()
    const found = await stages.run(kind.step(step, armContext, prepared.get(kind)))
    const window = recording.window(id)
    outcome.steps.push({
      kind: step.kind,
      name: step.name,
      at: step.at,
      startMs,
      endMs: sinceBeginning(),
      outcome: found,
      ...(window !== undefined && { series: seriesOf(window, target.evidence) }),
    })
    const ending = kind.endsArm?.(found, step)
    if (ending !== undefined) throw new Failure('inconclusive', ending)
  }
}

function blankOutcome({ armId, name, profile, repetition, order }: ScheduledArm): ArmOutcome {
  return {
    id: armId,
    name,
    profile,
    repetition,
    order,
    outcome: 'failed',
    knobs: [],
    fleet: {
      nodes: 0,
      hosts: 0,
      processes: 0,
      containerStartDelayMs: 0,
      source: 'hollow',
      probeNode: 'hollow',
      readyMs: null,
      flaps: { count: 0, nodes: [], notReadyAtEnd: [] },
      estimate: null,
    },
    machine: null,
    objects: {},
    controlPlaneReadyMs: null,
    steps: [],
    residue: [],
  }
}

/** The client limits in force, as the components themselves said. */
function limitsIn(knobs: readonly KnobOutcome[]): ClientLimits {
  const effective = (id: string) => knobs.find((knob) => knob.id === id)?.effective ?? null
  return {
    kubelet: limitRead(effective('kubelet.kubeAPIQPS'), effective('kubelet.kubeAPIBurst')),
    events: limitRead(effective('kubelet.eventRecordQPS'), effective('kubelet.eventBurst')),
    controllers: limitRead(effective('controllerManager.kubeApiQps'), effective('controllerManager.kubeApiBurst')),
  }
}

function referenceOf({ reference }: Plan): Result['reference'] {
  if (reference === undefined) return null
  const figures = reference.figures.map(({ value, note, profile: arm, ...figure }) => ({
    ...figure,
    arm,
    valueMs: value,
    ...(note === undefined ? {} : { note }),
  }))
  return { source: reference.source, figures }
}
