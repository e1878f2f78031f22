import { estimateFleetCores } from '../fleet/sizing.ts'
import type { Plan } from '../plan/plan.ts'
import type { ArmOutcome, Result } from '../result/result.ts'
import { countObjectsStepId, countObjectsTitle } from '../steps/count-objects.ts'
import { fleetCheckStepId, fleetCheckTitle, fleetTitle, nodeSourceOf } from '../steps/fleet-up.ts'
import type { AnyStepKind } from '../steps/kind.ts'
import { kindOf } from '../steps/kind.ts'
import { stepKinds } from '../steps/registry.ts'
import type { Target } from '../targets/target.ts'
import { requestsOf } from '../tuning/profiles.ts'
import { statusPeriodSecondsOf } from '../tuning/status-period.ts'
import type { OutlineArm } from './events.ts'
import type { ScheduledArm } from './schedule.ts'
import { cleanUpStepId } from './stages.ts'

/** What the outline of a run depends on. */
interface Outlined {
  plan: Plan
  target: Target
  machine: Result['machine']
}

/** An arm and its steps as `measureArm` goes through them. */
export function outlineOf(arm: ScheduledArm, context: Outlined): OutlineArm {
  const { plan } = context
  const steps = [
    { stepId: 'control-plane', title: 'Control plane' },
    {
      stepId: 'fleet',
      title: fleetTitle(plan.fleet.nodes, estimateOf(arm, context), nodeSourceOf(plan, context.target)),
    },
    { stepId: 'verify-knobs', title: 'Knobs in force' },
    ...outlineOfSteps(plan),
    { stepId: fleetCheckStepId, title: fleetCheckTitle },
    { stepId: cleanUpStepId, title: 'Clean up' },
  ]
  return { armId: arm.armId, title: plan.repetitions === 1 ? arm.name : `${arm.name} #${arm.repetition}`, steps }
}

/** What the plan asks for, with what has to be there before. */
function outlineOfSteps({ steps }: Plan): OutlineArm['steps'] {
  const prepared = new Set<AnyStepKind>()
  let isCounted = false
  return steps.flatMap((step) => {
    const kind = kindOf(step, stepKinds)
    const { preparation } = kind
    const before = preparation === undefined || prepared.has(kind) ? [] : [preparation.outline]
    const counts = kind.countsFirst && !isCounted ? [{ id: countObjectsStepId, title: countObjectsTitle }] : []
    prepared.add(kind)
    isCounted ||= kind.countsFirst
    return [...before, ...counts, kind.outline(step.section)].map(({ id, title }) => ({ stepId: id, title }))
  })
}

/** What the fleet's heartbeats alone will take of the machine, where it is this one. */
export function estimateOf(arm: ScheduledArm, { plan, target, machine }: Outlined): ArmOutcome['fleet']['estimate'] {
  const cores = target.onThisMachine ? machine?.cores : target.modelledCores
  if (cores === undefined) return null
  const statusPeriodSeconds = statusPeriodSecondsOf(requestsOf(arm.profile, arm.set))
  const { coresNeeded } = estimateFleetCores({ nodes: plan.fleet.nodes, statusPeriodSeconds })
  return { coresNeeded, cores }
}
