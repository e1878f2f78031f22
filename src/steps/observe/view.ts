import { formatDuration } from '../../base/duration.ts'
import { sumOf } from '../../base/sum.ts'
import type { Comparison, Figure, StepRun } from '../../report/comparison.ts'
import { compare } from '../../report/comparison.ts'
import { formatLatency, formatRate } from '../../report/format.ts'
import { namedSeries, seriesFigures } from '../../report/series.ts'
import type { ReportContext, RunReport, StepReport, StepView } from '../../report/step-view.ts'
import { placeOf, runsOf } from '../../report/step-view.ts'
import type { ArmOutcome } from '../../result/result.ts'
import { outcomesOf } from '../../result/result.ts'
import { exactly } from '../../result/sample.ts'
import type { Series } from '../../result/series.ts'
import type { Observation } from './outcome.ts'
import { observations } from './outcome.ts'
import { observationOutline } from './step.ts'

/** One arm's observation, as reports show it. */
interface Observed {
  name: string
  observation: Observation
  series: readonly Series[]
}

/** How reports show observations: what matters most at a glance, and every series over the time that was watched. */
export const observeView: StepView = {
  kind: 'observe',
  reportsOf(context) {
    const runs = runsOf(context, observedBy)
    return [...Map.groupBy(runs, ({ outcome }) => outcome.name)].map(([name, own]) => reportOf(name, own, context))
  },
}

function observedBy(arm: ArmOutcome): Observed[] {
  return outcomesOf(arm, observations).map(({ name, outcome, series = [] }) => ({
    name,
    observation: outcome,
    series,
  }))
}

function reportOf(name: string, runs: StepRun<Observed>[], context: ReportContext): StepReport {
  const watched = formatDuration(Math.min(...runs.map(({ outcome }) => outcome.observation.durationMs)))
  const shared = { kind: 'comparison', head: 'Figure', conditions: '' } as const
  const compared = { ...context, name, decisive: () => undefined }
  const brief: Comparison = {
    ...shared,
    title: `${name}, ${watched}`,
    caption: `Median over the repetitions, ${context.evidence}`,
    rows: compare({ ...compared, runs, figures }).rows,
  }
  const recorded = runs.map((run) => ({ ...run, outcome: namedSeries(run.outcome.series) }))
  const all: Comparison = {
    ...shared,
    title: `Every series of ${name}`,
    caption: `Over the observed time, ${context.evidence}; docs/series.md explains each series.`,
    rows: compare({ ...compared, runs: recorded, figures: seriesFigures(recorded, 'table') }).rows,
  }
  return {
    order: placeOf(context.arms, name),
    name,
    title: brief.title,
    runs: runs.map(runReport),
    figures: brief,
    sections: [
      { part: 'details', title: 'Observed', blocks: [brief, { kind: 'fold', title: all.title, blocks: [all] }] },
    ],
    reasons: [],
    floors: [],
    tests: { group: 'observe', name: `${name}: watched to its end` },
  }
}

function runReport({ arm, label, repetition, outcome: { name, observation } }: StepRun<Observed>): RunReport {
  const { durationMs } = observation
  return {
    arm,
    label,
    repetition,
    name,
    phase: observationOutline({ name, for: durationMs }).id,
    conditions: observation,
    doubts: [],
    test: { durationMs, output: `watched for ${formatDuration(durationMs)}` },
  }
}

/** What a reader looks for first. Rates add up over all labels; of latencies, the slowest kind of request stands for all. */
const figures: readonly Figure<Observed>[] = [
  rate('requests', 'requests answered', 'by the API server, from all clients', 'apiserver_requests_per_second'),
  rate('bound', 'pods bound', 'by the scheduler', 'pods_bound_per_second'),
  {
    name: 'request',
    label: 'slowest request, p99',
    meaning: 'of the slowest kind, as the API server measured it, excluding watches',
    unit: 'ms',
    format: formatLatency,
    bound: '≤',
    importance: 'headline',
    read({ series }) {
      const p99s = series.flatMap((one) =>
        one.name === 'apiserver_request_latency_ms' && 'distribution' in one ? (one.distribution.p99 ?? []) : [],
      )
      return p99s.length === 0 ? undefined : exactly(Math.max(...p99s))
    },
  },
]

function rate(name: string, label: string, meaning: string, of: string): Figure<Observed> {
  return {
    name,
    label,
    meaning,
    unit: 'per second',
    format: formatRate,
    bound: '≥',
    importance: 'headline',
    read({ series }) {
      const values = series.flatMap((one) => (one.name === of && 'value' in one ? (one.value ?? []) : []))
      return values.length === 0 ? undefined : exactly(sumOf(values))
    },
  }
}
