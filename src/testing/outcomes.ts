import type { ArmOutcome, Result, StepOutcome } from '../result/result.ts'
import { resultSchemaOf } from '../result/result.ts'
import type { FillOutcome } from '../steps/fill/outcome.ts'
import { fillOf } from '../steps/fill/outcome.ts'
import type { ProbeOutcome } from '../steps/probe/outcome.ts'
import { probesOf } from '../steps/probe/outcome.ts'
import { stepKinds } from '../steps/registry.ts'

/** The schema of results with steps of every kind. */
export const resultSchema = resultSchemaOf(stepKinds)

/** Whether a measured run ended as one does that nothing disturbed: it passed, or a busy machine held the orchestrator up and it says so. */
export function endedWell(status: number | null, { reasons }: Pick<Result, 'reasons'>): boolean {
  return status === 0 || (status === 4 && reasons.every((reason) => reason.includes('the orchestrator stalled')))
}

/** The probes of an arm, to look at or to change; none where there is no arm. */
export function probesIn(arm: Pick<ArmOutcome, 'steps'> | undefined): ProbeOutcome[] {
  return arm === undefined ? [] : probesOf(arm)
}

/** How an arm's cluster was filled, to look at or to change; null where it was not. */
export function fillIn(arm: Pick<ArmOutcome, 'steps'> | undefined): FillOutcome | null {
  return arm === undefined ? null : fillOf(arm)
}

/** The steps of an arm that filled its cluster, if it did, and then ran these probes. */
export function stepsDone(fill: FillOutcome | null, probes: readonly ProbeOutcome[]): StepOutcome[] {
  return [
    ...(fill === null ? [] : [{ kind: 'fill', name: 'fill', at: 'workload', outcome: fill }]),
    ...probes.map((outcome, index) => ({
      kind: 'probe',
      name: outcome.name,
      at: `probes.sequence[${index}]`,
      outcome,
    })),
  ]
}
