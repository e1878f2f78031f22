import { formatDuration } from '../../base/duration.ts'
import { formatList } from '../../base/names.ts'
import type { PlannedWorkload } from '../../plan/workload.ts'
import type { StepKind } from '../kind.ts'
import { forecastFill } from './forecast.ts'
import { objectsOfFills } from './objects.ts'
import type { FillOutcome } from './outcome.ts'
import { fillOutcomes, lacksOf } from './outcome.ts'
import { fillSection } from './section.ts'
import { fillCluster, fillStepId, fillTitle } from './step.ts'
import { fillView } from './view.ts'

/** Fills the cluster. */
export const fill: StepKind<PlannedWorkload, FillOutcome> = {
  section: fillSection,
  countsFirst: false,
  forecast: forecastFill,
  objects: objectsOfFills,
  createsEvents: (workloads) => workloads.some(({ ballast }) => ballast?.kind === 'events'),
  outline: (workload) => ({ id: fillStepId, title: fillTitle(workload) }),
  step: ({ section: workload }, { cluster, plan: { seed, fleet }, runId, limits, recording }) =>
    fillCluster({
      cluster,
      workload,
      seed,
      nodes: fleet.nodes,
      runId,
      limits,
      tolerated: fleet.pods.taints,
      recording,
    }),
  outcome: fillOutcomes.outcome,
  view: fillView,
  endsArm(outcome, { section: { timeout }, at }) {
    const lacks = lacksOf(outcome)
    return lacks.length === 0 ? undefined : unfilled(lacks, outcome.durationMs, { timeoutMs: timeout, at })
  },
}

/** What a fill lacks, and what gives it longer if time ran out. */
function unfilled(
  lacks: readonly string[],
  durationMs: number,
  { timeoutMs, at }: { timeoutMs: number; at: string },
): string {
  return durationMs < timeoutMs
    ? `the cluster was not filled: it has ${formatList(lacks)}`
    : `the fill timed out after ${formatDuration(timeoutMs)} with ${formatList(lacks)}; raise ${at}.timeout`
}
