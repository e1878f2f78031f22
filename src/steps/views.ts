import type { StepView } from '../report/step-view.ts'
import { stepKinds } from './registry.ts'

/** How reports show each kind of step. */
export const stepViews: readonly StepView[] = stepKinds.map(({ view }) => view)
