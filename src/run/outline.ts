import type { Plan } from '../plan/plan.ts'
import { controlPlaneOutline } from '../steps/control-plane.ts'
import { countObjectsOutline } from '../steps/count-objects.ts'
import { fleetCheckOutline, fleetOutline, nodeSourceOf } from '../steps/fleet-up.ts'
import type { StepOutline } from '../steps/step.ts'
import { tuningOutline } from '../steps/tuning.ts'
import { verifyKnobsOutline } from '../steps/verify-knobs.ts'
import type { Target } from '../targets/target.ts'
import type { OutlineArm } from './events.ts'
import { itineraryOf } from './itinerary.ts'
import type { Arm } from './schedule.ts'
import { cleanUpOutline } from './stages.ts'

/** An arm and its steps as the run goes through them. */
export function outlineOf(
  { id, name, repetition, plan, estimate }: Arm,
  target: Pick<Target, 'name' | 'tunes' | 'hasKubernetes'>,
): OutlineArm {
  const hasNodes = target.hasKubernetes !== false
  const steps = [
    controlPlaneOutline(target),
    ...(target.tunes === true ? [tuningOutline] : []),
    ...(hasNodes ? [fleetOutline(plan.fleet.nodes, nodeSourceOf(plan, target), estimate)] : []),
    verifyKnobsOutline,
    ...outlineOfSteps(plan),
    ...(hasNodes ? [fleetCheckOutline] : []),
    cleanUpOutline,
  ]
  return {
    armId: id,
    title: repetition === 0 ? `${name}, warm-up` : plan.repetitions === 1 ? name : `${name} #${repetition}`,
    steps: steps.map((step) => ({ stepId: step.id, title: step.title })),
  }
}

/** What the plan asks for, with what has to be there before. */
function outlineOfSteps(plan: Plan): StepOutline[] {
  return itineraryOf(plan).flatMap(({ step, kind, isFirstOfKind, countsFirst }) => [
    ...(isFirstOfKind && kind.preparation !== undefined ? [kind.preparation.outline] : []),
    ...(countsFirst ? [countObjectsOutline] : []),
    kind.outline(step.section),
  ])
}
