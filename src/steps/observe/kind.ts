import type { StepKind } from '../kind.ts'
import { forecastObservation } from './forecast.ts'
import type { Observation } from './outcome.ts'
import { observations } from './outcome.ts'
import type { PlannedObservation } from './section.ts'
import { observeSection } from './section.ts'
import { observationOutline, observeCluster } from './step.ts'
import { observeView } from './view.ts'

/** Measures a cluster without creating anything in it. */
export const observe: StepKind<PlannedObservation, Observation> = {
  section: observeSection,
  outcome: observations.outcome,
  view: observeView,
  countsFirst: false,
  forecast: forecastObservation,
  objects: () => [],
  createsEvents: () => false,
  outline: observationOutline,
  step: ({ section }, arm) => observeCluster(section, arm),
}
