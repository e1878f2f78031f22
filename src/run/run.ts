import type { Clock } from '../base/clock.ts'
import { Failure, messageOf } from '../base/errors.ts'
import type { KubeApi, ResourceName } from '../kube/api.ts'
import { ApiError } from '../kube/api.ts'
import type { ClientLimits } from '../measure/limiters.ts'
import type { MachineMonitor } from '../measure/machine.ts'
import type { PodTimeline } from '../measure/timeline.ts'
import { planHash } from '../plan/parse.ts'
import type { Plan } from '../plan/plan.ts'
import type { ArmOutcome, KnobOutcome, Result } from '../result/result.ts'
import { controlPlane } from '../steps/control-plane.ts'
import { fleetTitle, fleetUp } from '../steps/fleet-up.ts'
import { probeStep, probeStepId, probeTitle } from '../steps/probe.ts'
import { probeTarget } from '../steps/probe-target.ts'
import { verifyKnobs } from '../steps/verify-knobs.ts'
import type { Target } from '../targets/target.ts'
import type { ProfileName } from '../tuning/profiles.ts'
import { requestsOf } from '../tuning/profiles.ts'
import type { OutlineArm, RunEventSink } from './events.ts'
import type { ScheduledArm } from './schedule.ts'
import { scheduleArms } from './schedule.ts'
import type { Stages } from './stages.ts'
import { cleanUpStepId, withStages } from './stages.ts'
import { judgeRun } from './verdict.ts'

/** What a run is given: everything that reaches outside comes in here. */
export interface RunContext {
  runId: string
  plan: Plan
  target: Target
  clock: Clock
  /** Wall-clock time of the start, for the record only. */
  startedAt: string
  /** Ends measuring; what was begun is still torn down. */
  signal: AbortSignal
  emit: RunEventSink
  watchMachine: MachineMonitor
  machine: Result['machine']
  onSamples: (armId: string, probe: string, pods: readonly PodTimeline[]) => void
}

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
    outline: scheduled.map((arm) => outlineOf(arm, plan)),
  })

  const arms: ArmOutcome[] = []
  const versions: Record<string, string> = {}
  let error: unknown
  for (const arm of scheduled) {
    const ran = await runArm(arm, context, versions)
    arms.push(ran.outcome)
    error = ran.error
    if (error !== undefined) break
  }

  const judgement = judgeRun(plan, arms, error === undefined ? undefined : messageOf(error))
  const result: Result = {
    schema: 1,
    run: runId,
    plan: plan.name,
    planHash: planHash(plan),
    ...(plan.description === undefined ? {} : { description: plan.description }),
    evidence: target.evidence,
    target: target.name,
    partial: error !== undefined,
    startedAt: context.startedAt,
    durationMs: clock.nowMs() - startedMs,
    versions,
    machine: context.machine,
    orchestrator: null,
    reference: referenceOf(plan),
    arms,
    ...judgement,
  }
  emit({ type: 'run-finished', verdict: result.verdict, partial: result.partial })
  return error === undefined ? { result } : { result, error }
}

async function runArm(
  arm: ScheduledArm,
  context: RunContext,
  versions: Record<string, string>,
): Promise<{ outcome: ArmOutcome; error?: unknown }> {
  const outcome = blankOutcome(arm)
  const { armId } = arm
  const { clock, signal, emit } = context
  const { outcome: ending, residue } = await withStages({ armId, clock, signal, emit }, (stages) =>
    measureArm(stages, arm, outcome, context, versions),
  )
  outcome.residue = residue
  if (ending.status === 'fulfilled') return { outcome: { ...outcome, outcome: 'complete' } }
  const error = asFailure(ending.reason)
  const wasInterrupted = error instanceof Failure && error.kind === 'interrupted'
  return { outcome: { ...outcome, outcome: wasInterrupted ? 'interrupted' : 'failed', error: messageOf(error) }, error }
}

/** A refusal by the apiserver is no bug of ours: it ends the run as trouble with the infrastructure. */
function asFailure(error: unknown): unknown {
  return error instanceof ApiError ? new Failure('infrastructure', error.message, { cause: error }) : error
}

/** One arm, from an empty machine to its last probe; `outcome` holds what is known even if a later step fails. */
async function measureArm(
  stages: Stages,
  arm: ScheduledArm,
  outcome: ArmOutcome,
  context: RunContext,
  versions: Record<string, string>,
): Promise<void> {
  const { plan, target } = context
  const requests = requestsOf(arm.profile as ProfileName, arm.set)
  const honoured = requests.filter(({ knob }) => target.supports(knob).supported)
  const { nodes, nodesPerProcess, node, timeout } = plan.fleet
  const { pod, settle, sequence } = plan.probes

  const cluster = await stages.run(controlPlane(target, arm.armId, honoured))
  stages.endOn(cluster.broken)
  Object.assign(versions, cluster.versions)
  outcome.controlPlaneReadyMs = cluster.readyMs

  const fleetSpec = {
    nodes,
    nodesPerProcess,
    node: { cpu: node.cpu, memory: node.memory, containerStartDelayMs: node.containerStartDelay },
  }
  const fleet = await stages.run(fleetUp(cluster, fleetSpec, timeout))
  outcome.fleet = {
    nodes,
    hosts: 1,
    processes: fleet.processes,
    containerStartDelayMs: node.containerStartDelay,
    readyMs: fleet.readyMs,
    flaps: { count: 0, nodes: [], notReadyAtEnd: [] },
    estimate: null,
  }

  outcome.knobs = await stages.run(verifyKnobs(target, cluster, requests))

  const { image, serviceAccountToken } = pod
  const replicas = sequence[0]?.from ?? 1
  const deployment = await stages.run(
    probeTarget(cluster, { runId: context.runId, node: fleet.probeNode, image, serviceAccountToken, replicas }),
  )
  outcome.objects = await countObjects(cluster.api)

  for (const probe of sequence) {
    const measured = await stages.run(
      probeStep({
        cluster,
        target: deployment,
        probe,
        node: fleet.probeNode,
        serviceAccountToken,
        settleMs: settle,
        limits: limitsIn(outcome.knobs),
        watchMachine: context.watchMachine,
        onSamples: (name, pods) => context.onSamples(arm.armId, name, pods),
      }),
    )
    outcome.probes.push(measured)
  }
}

function outlineOf(arm: ScheduledArm, plan: Plan): OutlineArm {
  const steps = [
    { stepId: 'control-plane', title: 'Control plane' },
    { stepId: 'fleet', title: fleetTitle(plan.fleet.nodes) },
    { stepId: 'verify-knobs', title: 'Knobs in force' },
    { stepId: 'probe-target', title: 'Deployment under test' },
    ...plan.probes.sequence.map((probe) => ({
      stepId: probeStepId(probe),
      title: probeTitle(probe),
    })),
    { stepId: cleanUpStepId, title: 'Clean up' },
  ]
  return { armId: arm.armId, title: plan.repetitions === 1 ? arm.name : `${arm.name} #${arm.repetition}`, steps }
}

function blankOutcome({ name, profile, repetition, order }: ScheduledArm): ArmOutcome {
  return {
    profile: name,
    ...(name === profile ? {} : { basedOn: profile }),
    repetition,
    order,
    outcome: 'failed',
    knobs: [],
    fleet: {
      nodes: 0,
      hosts: 0,
      processes: 0,
      containerStartDelayMs: 0,
      readyMs: null,
      flaps: { count: 0, nodes: [], notReadyAtEnd: [] },
      estimate: null,
    },
    fill: null,
    machine: null,
    objects: {},
    controlPlaneReadyMs: null,
    probes: [],
    residue: [],
  }
}

/** The client limits in force, as the components themselves said. */
function limitsIn(knobs: readonly KnobOutcome[]): ClientLimits {
  const effective = (id: string) => {
    const value = knobs.find((knob) => knob.id === id)?.effective
    return typeof value === 'number' ? value : null
  }
  return {
    kubeletQps: effective('kubelet.kubeAPIQPS'),
    kubeletBurst: effective('kubelet.kubeAPIBurst'),
    eventQps: effective('kubelet.eventRecordQPS'),
    eventBurst: effective('kubelet.eventBurst'),
    controllerQps: effective('controllerManager.kubeApiQps'),
    controllerBurst: effective('controllerManager.kubeApiBurst'),
  }
}

async function countObjects(api: KubeApi): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const resource of ['namespaces', 'nodes', 'deployments', 'replicasets', 'pods'] satisfies ResourceName[]) {
    counts[resource] = 0
    for await (const page of api.list({ resource })) counts[resource] += page.items.length
  }
  return counts
}

function referenceOf({ reference }: Plan): Result['reference'] {
  if (reference === undefined) return null
  const figures = reference.figures.map(({ value, note, ...figure }) => ({
    ...figure,
    valueMs: value,
    ...(note === undefined ? {} : { note }),
  }))
  return { source: reference.source, figures }
}
