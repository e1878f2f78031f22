import { estimateFleetCores } from '../fleet/sizing.ts'
import type { ArmOutcome } from '../result/result.ts'
import { countObjectsStepId, countObjectsTitle } from '../steps/count-objects.ts'
import { fillStepId, fillTitle } from '../steps/fill.ts'
import { fleetCheckStepId, fleetCheckTitle, fleetTitle, nodeSourceOf } from '../steps/fleet-up.ts'
import { idleFleetStepId, idleFleetTitle } from '../steps/idle-fleet.ts'
import { probeStepId, probeTitle } from '../steps/probe.ts'
import { requestsOf, statusPeriodSecondsOf } from '../tuning/profiles.ts'
import type { OutlineArm } from './events.ts'
import type { RunContext } from './run.ts'
import type { ScheduledArm } from './schedule.ts'
import { cleanUpStepId } from './stages.ts'

/** An arm and its steps as `measureArm` goes through them. */
export function outlineOf(arm: ScheduledArm, context: Pick<RunContext, 'plan' | 'target' | 'machine'>): OutlineArm {
  const { plan } = context
  const steps = [
    { stepId: 'control-plane', title: 'Control plane' },
    {
      stepId: 'fleet',
      title: fleetTitle(plan.fleet.nodes, estimateOf(arm, context), nodeSourceOf(plan, context.target)),
    },
    ...(plan.fleet.observe > 0 ? [{ stepId: idleFleetStepId, title: idleFleetTitle }] : []),
    { stepId: 'verify-knobs', title: 'Knobs in force' },
    ...(plan.workload === undefined ? [] : [{ stepId: fillStepId, title: fillTitle(plan.workload) }]),
    { stepId: 'probe-target', title: 'Deployment under test' },
    { stepId: countObjectsStepId, title: countObjectsTitle },
    ...plan.probes.sequence.map((probe) => ({
      stepId: probeStepId(probe),
      title: probeTitle(probe),
    })),
    { stepId: fleetCheckStepId, title: fleetCheckTitle },
    { stepId: cleanUpStepId, title: 'Clean up' },
  ]
  return { armId: arm.armId, title: plan.repetitions === 1 ? arm.name : `${arm.name} #${arm.repetition}`, steps }
}

/** What the fleet's heartbeats alone will take of the machine, where it is this one. */
export function estimateOf(
  arm: ScheduledArm,
  { plan, target, machine }: Pick<RunContext, 'plan' | 'target' | 'machine'>,
): ArmOutcome['fleet']['estimate'] {
  const cores = target.onThisMachine ? machine?.cores : target.modelledCores
  if (cores === undefined) return null
  const statusPeriodSeconds = statusPeriodSecondsOf(requestsOf(arm.profile, arm.set))
  const { coresNeeded } = estimateFleetCores({ nodes: plan.fleet.nodes, statusPeriodSeconds })
  return { coresNeeded, cores }
}
