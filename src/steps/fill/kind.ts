import { formatDuration } from '../../base/duration.ts'
import { Failure } from '../../base/errors.ts'
import { formatList } from '../../base/names.ts'
import type { PlannedWorkload } from '../../plan/workload.ts'
import { lacksOf } from '../../result/fill.ts'
import type { FillOutcome } from '../../result/result.ts'
import type { StepKind } from '../kind.ts'
import { forecastFill } from './forecast.ts'
import { objectsOfFills } from './objects.ts'
import { fillSection } from './section.ts'
import { fillCluster, fillStepId, fillTitle } from './step.ts'

/** Fills the cluster. */
export const fill: StepKind<PlannedWorkload, FillOutcome> = {
  section: fillSection,
  countsFirst: false,
  forecast: forecastFill,
  objects: objectsOfFills,
  createsEvents: (workloads) => workloads.some(({ ballast }) => ballast?.kind === 'events'),
  outline: (workload) => ({ id: fillStepId, title: fillTitle(workload) }),
  step: (workload, { cluster, plan: { seed, fleet }, runId, recording, onSamples }) =>
    fillCluster({ cluster, workload, seed, runId, tolerated: fleet.pods.taints, recording, onSamples }),
  keep(outcome, { timeout }, arm) {
    arm.fill = outcome
    const lacks = lacksOf(outcome)
    if (lacks.length > 0) throw new Failure('inconclusive', unfilled(lacks, outcome.durationMs, timeout))
  },
}

/** What a fill lacks, and what gives it longer if time ran out. */
function unfilled(lacks: readonly string[], durationMs: number, timeoutMs: number): string {
  return durationMs < timeoutMs
    ? `the cluster was not filled: it has ${formatList(lacks)}`
    : `the fill timed out after ${formatDuration(timeoutMs)} with ${formatList(lacks)}; raise workload.timeout`
}
