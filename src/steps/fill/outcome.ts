import { z } from 'zod'
import { formatCount } from '../../base/count.ts'
import { distribution } from '../../result/distribution.ts'
import type { OutcomeKind, OwnFigure } from '../../result/outcome-kind.ts'
import {
  apiLatency,
  conditions,
  curve,
  disruptions,
  etcdOutcome,
  explanation,
  isMachineBound,
  limiterReading,
  networkProgramming,
} from '../../result/parts.ts'
import type { ArmOutcome } from '../../result/result.ts'
import { outcomesOf } from '../../result/result.ts'
import { exactly, upperBound } from '../../result/sample.ts'
import { podFigures } from '../pod-figures.ts'
import { stallsOf } from '../stalls.ts'
import { fillSection } from './section.ts'

/** One kind of object in the fill, all of which were created before the next kind began. */
const fillStage = z.object({
  /** Plural name of the resource; `ballast` for configmaps that are there for their weight. */
  name: z.string(),
  objects: z.number(),
  durationMs: z.number(),
  /** What the plan asked for, per second; null when it limits how many are under way at a time. */
  intendedPerSecond: z.number().nullable(),
  /** From the intended moment of sending until the answer, retries included. */
  latencyMs: distribution,
  /** By how much requests were sent later than intended. */
  latenessMs: distribution,
})

/** How the cluster was filled, and what its components took for it. */
const fillOutcome = z.object({
  /** From the first object sent until the last pod was Ready. */
  durationMs: z.number(),
  /** Counting everything by lists after that; in results from before it was kept apart, it is part of the duration. */
  countedMs: z.number().optional(),
  /** By resource: what the plan says, what a list found at the end, what could not be created. */
  objects: z.record(z.string(), z.object({ expected: z.number(), observed: z.number(), failed: z.number() })),
  stages: z.array(fillStage),
  pods: z.object({
    expected: z.number(),
    created: z.number(),
    bound: z.number(),
    ready: z.number(),
    /** Pods beyond the expected ones: replacements of evicted ones. */
    unexpected: z.number(),
    /** Transitions seen late, because the apiserver had closed the watch: each at most `censoredWithinMs` before. */
    censored: z.number(),
    censoredWithinMs: z.number().default(0),
  }),
  /** Milliseconds per pod between two points of its life: `created to Ready`. */
  podPhasesMs: z.record(z.string(), distribution),
  /** Pods bound per second: over the whole fill, and over its best ten seconds. */
  schedulingPerSecond: z.object({ mean: z.number().nullable(), peak: z.number().nullable() }),
  /** Pods over time since the fill began: `created`, `bound`, `ready`. */
  curves: z.record(z.string(), curve),
  /** From the answer to a write until a watch showed it; sampled once a second. */
  watchLagMs: distribution,
  /** The same over time. */
  watchLagCurve: curve,
  /** Of the controllers, the scheduler, and one kubelet: that of the node of the probes. */
  limiters: z.array(limiterReading).default([]),
  /** What the fill was waiting for; absent where it lacks something, and in results from before it was told. */
  explanation: explanation.optional(),
  apiLatency: z.array(apiLatency),
  etcd: z.array(etcdOutcome),
  /** Absent where no kube-proxy programmed anything. */
  networkProgramming: networkProgramming.optional(),
  watch: disruptions,
  ...conditions,
})

export type FillOutcome = z.infer<typeof fillOutcome>
export type FillStage = z.infer<typeof fillStage>

/** What a fill lacks of what the plan asked for, a phrase each; nothing when it is whole. */
export function lacksOf({ objects, pods }: FillOutcome): string[] {
  const differing = Object.entries(objects).flatMap(([resource, { expected, observed, failed }]) => {
    if (observed === expected && failed === 0) return []
    const refused = failed === 0 ? '' : ` (${formatCount(failed)} could not be created)`
    return [`${formatCount(observed)} of ${formatCount(expected)} ${resource}${refused}`]
  })
  const unready = `${formatCount(pods.ready)} of ${formatCount(pods.expected)} pods Ready`
  return pods.ready < pods.expected ? [...differing, unready] : differing
}

function figuresOf(outcome: FillOutcome): OwnFigure[] {
  const { durationMs, stages, schedulingPerSecond, podPhasesMs } = outcome
  const isBound = isMachineBound(outcome)
  const timed = (value: number | null) => (value !== null && isBound ? upperBound(value) : exactly(value))
  const one = (name: string, labels: OwnFigure['labels'], figure: OwnFigure['figure']): OwnFigure => ({
    name,
    labels,
    figure,
    readingOf: timed,
  })
  return [
    one('fill_ms', {}, lacksOf(outcome).length > 0 ? null : durationMs),
    ...stages.map(({ name, latencyMs }) => one('fill_latency_ms', { kind: name }, latencyMs)),
    one('fill_peak_bound_per_second', {}, schedulingPerSecond.peak),
    ...podFigures('pod_startup_ms', podPhasesMs, outcome),
  ]
}

/** What results know of fills. */
export const fillOutcomes: OutcomeKind<FillOutcome> = {
  section: fillSection,
  outcome: {
    schema: fillOutcome,
    assures: 'No pod was lost.',
    readingOf: () => undefined,
    figuresOf: (steps, index) => steps.slice(index, index + 1).flatMap(({ outcome }) => figuresOf(outcome)),
    doubtsAbout: (steps, index, { isComplete }) =>
      steps
        .slice(index, index + 1)
        .flatMap(({ outcome }) => [...(isComplete ? lacksOf(outcome) : []), ...stallsOf(outcome)]),
    nodesOf: () => [],
  },
}

/** How an arm's cluster was filled; null where it was not. */
export function fillOf(arm: Pick<ArmOutcome, 'steps'>): FillOutcome | null {
  return outcomesOf(arm, fillOutcomes)[0]?.outcome ?? null
}
