import type { StepView } from '../report/step-view.ts'
import { fillView } from './fill/view.ts'
import { probeView } from './probe/view.ts'

/** How reports show each kind of step. */
export const stepViews: readonly StepView[] = [fillView, probeView]
