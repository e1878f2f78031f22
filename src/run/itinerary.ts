import type { Plan } from '../plan/plan.ts'
import type { PlannedStep } from '../plan/section.ts'
import { kindOf } from '../plan/section.ts'
import type { AnyStepKind } from '../steps/kind.ts'
import { stepKinds } from '../steps/registry.ts'

/** A step of a plan, and what comes right before it. */
export interface Leg {
  step: PlannedStep
  kind: AnyStepKind
  /** Whether it is the first of its kind: what all of them need is prepared now. */
  isFirstOfKind: boolean
  /** Whether what is in the cluster is counted now. */
  countsFirst: boolean
}

/** The steps of a plan in order: what a run goes through, and what its outline promises. */
export function itineraryOf({ steps }: Plan): Leg[] {
  const planned = steps.map((step) => ({ step, kind: kindOf(step, stepKinds) }))
  const counting = planned.findIndex(({ kind }) => kind.countsFirst)
  return planned.map(({ step, kind }, index) => ({
    step,
    kind,
    isFirstOfKind: planned.findIndex((one) => one.kind === kind) === index,
    countsFirst: index === counting,
  }))
}
