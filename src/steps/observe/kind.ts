import type { StepKind } from '../kind.ts'
import { forecastObservation } from './forecast.ts'
import type { PlannedObservation } from './section.ts'
import { observeSection } from './section.ts'
import { observationOutline, observeCluster } from './step.ts'

/** Measures a cluster without creating anything in it. */
export const observe: StepKind<PlannedObservation, void> = {
  section: observeSection,
  countsFirst: false,
  forecast: forecastObservation,
  objects: () => [],
  createsEvents: () => false,
  outline: observationOutline,
  step: (section, { cluster }) => observeCluster(section, cluster),
  keep: () => {},
}
