import type { StepForecast } from '../../fleet/step-forecast.ts'
import type { PlannedObservation } from './section.ts'

/** An observation takes as long as the plan says, whatever the limits are. */
export function forecastObservation({ name, for: durationMs }: PlannedObservation): StepForecast {
  return {
    title: name,
    objects: null,
    podsOnProbeNode: 0,
    quietMs: 0,
    timeoutMs: null,
    floor: () => ({ ms: durationMs, boundBy: 'the plan' }),
    warnings: [],
  }
}
