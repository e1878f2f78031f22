import { plural } from '../../base/count.ts'
import { formatDuration } from '../../base/duration.ts'
import { usualMaterial } from '../../plan/limits.ts'
import type { Figure } from '../../report/comparison.ts'
import { formatLatency, formatRate } from '../../report/format.ts'
import { bucketFactor } from '../../report/series.ts'
import type { Distribution } from '../../result/distribution.ts'
import type { ApiLatency } from '../../result/parts.ts'
import { isMachineBound } from '../../result/parts.ts'
import type { Reading } from '../../result/sample.ts'
import { exactly, upperBound } from '../../result/sample.ts'
import type { FillOutcome } from './outcome.ts'
import { lacksOf } from './outcome.ts'
import type { FillRun } from './view-run.ts'

/** From a pod's creation until it is Ready. */
const podStartup = 'created to Ready'

const time = { unit: 'ms', format: formatDuration, bound: '≤' } as const
const rate = { unit: 'per second', format: formatRate, bound: '≥' } as const
const latency = { unit: 'ms', format: formatLatency, bound: '≤', importance: 'background' } as const

const figures: readonly Figure<FillOutcome>[] = [
  {
    ...time,
    name: 'filled',
    label: 'filled',
    meaning: 'every object is created, every pod is Ready',
    importance: 'headline',
    // A fill that lacks something is none: it counts as infinitely late.
    read: (fill) => readingOf(lacksOf(fill).length === 0 ? fill.durationMs : null, fill),
    cause: (before, after) => (before && slowestStage(before, after)) ?? clientLimitOf(after),
  },
  podStartupFigure('p50', 'table'),
  podStartupFigure('p99', 'headline'),
  {
    ...time,
    name: 'watchLagP99',
    label: 'watch lag, p99',
    meaning: 'from the answer to a write until a watch shows it',
    importance: 'table',
    read: (fill) => readingOf(percentile(fill.watchLagMs, 'p99'), fill),
  },
  {
    ...rate,
    name: 'schedulingMean',
    label: 'scheduling, mean',
    meaning: 'pods bound per second, from the first to the last',
    importance: 'table',
    read: (fill) => readingOf(fill.schedulingPerSecond.mean ?? undefined, fill),
  },
  {
    ...rate,
    name: 'schedulingPeak',
    label: 'scheduling, peak',
    meaning: 'over the best ten seconds',
    importance: 'table',
    read: (fill) => readingOf(fill.schedulingPerSecond.peak ?? undefined, fill),
  },
]

/** The figures of fills: what tables show, and what they are compared by beside that. */
export function fillFigures(runs: readonly FillRun[]): Figure<FillOutcome>[] {
  return [...figures, ...requestFigures(runs, 'client'), ...requestFigures(runs, 'apiserver'), networkProgramming]
}

function podStartupFigure(key: 'p50' | 'p99', importance: Figure<FillOutcome>['importance']): Figure<FillOutcome> {
  return {
    ...time,
    name: `podStartup${key.toUpperCase()}`,
    label: `pod startup, ${key}`,
    meaning: 'from created to Ready',
    importance,
    read: (fill) => readingOf(percentile(fill.podPhasesMs[podStartup], key), fill),
    cause: (before, after) => before && slowestPhase(before, after, key),
  }
}

function percentile(distribution: Distribution | undefined, key: 'p50' | 'p99'): number | null | undefined {
  return distribution === undefined || distribution.count + distribution.missing === 0 ? undefined : distribution[key]
}

function readingOf(value: number | null | undefined, fill: FillOutcome): Reading | undefined {
  if (value === undefined) return undefined
  return isMachineBound(fill) && value !== null ? upperBound(value) : exactly(value)
}

/** A p99 of fewer requests is their slowest one. */
const fewestRequests = 100

const sides = { client: 'seen by the client', apiserver: 'in the apiserver' } as const

/** The latency of each kind of API request, from one side of the wire. */
function requestFigures(runs: readonly FillRun[], source: ApiLatency['source']): Figure<FillOutcome>[] {
  const latencyIn = (fill: FillOutcome) =>
    fill.apiLatency.filter((one) => one.source === source && one.latencyMs.count >= fewestRequests)
  const requests = new Set(runs.flatMap(({ outcome }) => latencyIn(outcome).map(requestOf)))
  return [...requests].map((request) => ({
    ...latency,
    name: `apiLatencyP99 ${source} ${request}`,
    label: `API latency, p99 of ${request} ${sides[source]}`,
    meaning: sides[source],
    read: (fill) => {
      const found = latencyIn(fill).find((one) => requestOf(one) === request)
      return readingOf(found?.latencyMs.p99 ?? undefined, fill)
    },
    leastFactor: source === 'client' ? 0 : bucketFactor,
    family: { name: source, others: (count) => ` (and ${plural(count, 'other kind')} of request)` },
  }))
}

function requestOf({ verb, resource }: ApiLatency): string {
  return `${verb} ${resource}`
}

const networkProgramming: Figure<FillOutcome> = {
  ...latency,
  name: 'networkProgrammingP99',
  label: 'network programming, p99',
  meaning: 'from a change of a Service’s endpoints until a sync has applied it',
  read: (fill) => readingOf(fill.networkProgramming?.latencyMs.p99 ?? undefined, fill),
  leastFactor: bucketFactor,
}

/** The kind of object that accounts for half of the difference or more. */
function slowestStage(before: FillOutcome, after: FillOutcome): string | undefined {
  const grown = after.stages.map(({ name, durationMs }) => {
    const beforeMs = before.stages.find((stage) => stage.name === name)?.durationMs ?? 0
    return { name, durationMs, beforeMs, grownMs: durationMs - beforeMs }
  })
  const [most] = grown.toSorted((one, other) => other.grownMs - one.grownMs)
  if (most === undefined || most.grownMs < (after.durationMs - before.durationMs) / 2) return undefined
  return `creating ${most.name} took ${formatDuration(most.durationMs)} instead of ${formatDuration(most.beforeMs)}`
}

/** Between which points of a pod's life the time went. */
const phaseWords: Record<string, (fill: FillOutcome) => string> = {
  'created to bound': (fill) =>
    [
      `pods wait longer to be scheduled${ratesOf(fill)}`,
      fill.explanation?.boundBy === 'kube-scheduler/bindings' ? fill.explanation.text : [],
    ]
      .flat()
      .join('; '),
  'bound to started': () => 'kubelets take longer to start pods',
  'started to Ready': () => 'kubelets take longer to report pods Ready',
}

/** The part of a pod's life that accounts for half of the difference or more. */
function slowestPhase(before: FillOutcome, after: FillOutcome, key: 'p50' | 'p99'): string | undefined {
  const at = ({ podPhasesMs }: FillOutcome, phase: string) => podPhasesMs[phase]?.[key] ?? null
  const grownMs = (phase: string) => {
    const [beforeMs, afterMs] = [at(before, phase), at(after, phase)]
    return beforeMs === null || afterMs === null ? 0 : afterMs - beforeMs
  }
  const [most] = Object.keys(phaseWords).toSorted((one, other) => grownMs(other) - grownMs(one))
  if (most === undefined || grownMs(most) < grownMs(podStartup) / 2) return undefined
  return phaseWords[most]?.(after)
}

/** `: created at 433/s, bound at 47.9/s`, where the scheduler is what is slower. */
function ratesOf({ curves, schedulingPerSecond: { mean } }: FillOutcome): string {
  const created = curves['created'] ?? []
  const from = created.find(([, count]) => count > 0)
  const to = created.find(([, count]) => count === created.at(-1)?.[1])
  if (from === undefined || to === undefined || to[0] <= from[0] || mean === null) return ''
  const perSecond = (1000 * (to[1] - from[1])) / (to[0] - from[0])
  if (perSecond <= (1 + usualMaterial) * mean) return ''
  return `: created at ${formatRate(perSecond)}, bound at ${formatRate(mean)}`
}

/** `bound by the kube-scheduler's client limit: ...`; undefined where no limit binds the fill. */
function clientLimitOf({ explanation }: FillOutcome): string | undefined {
  return typeof explanation?.boundBy === 'string' ? explanation.text : undefined
}
