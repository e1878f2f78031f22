import { forecastOf } from '../fleet/forecast.ts'
import type { Plan } from '../plan/plan.ts'
import { sectionsOf } from '../plan/section.ts'
import type { PlannedWork } from '../targets/target.ts'
import type { AnyStepKind } from './kind.ts'

/** What a run will do in the clusters of others, by the kinds of its steps. */
export function plannedWork(plan: Plan, runId: string, kinds: readonly AnyStepKind[]): PlannedWork {
  const own = kinds.map((kind) => ({
    kind,
    sections: sectionsOf(plan, kind.section),
  }))
  return {
    *objects() {
      for (const { kind, sections } of own) yield* kind.objects(sections, { plan, runId })
    },
    createsEvents: own.some(({ kind, sections }) => kind.createsEvents(sections)),
    // The machine of the orchestrator has no part in it.
    expectedMs: forecastOf({ ...plan, target: 'remote' }, { cores: 1, memoryBytes: 0 }, kinds).totalMs,
  }
}
