import { formatDuration } from '../base/duration.ts'
import { lacksOf } from '../result/fill.ts'
import type { ArmOutcome, Distribution, FillOutcome } from '../result/result.ts'
import { isMachineBound } from '../result/result.ts'
import type { Reading, Sample } from '../result/sample.ts'
import { exactly, ratioOf, sampleOf, upperBound } from '../result/sample.ts'
import { formatRate } from './format.ts'
import { armLabel } from './labels.ts'
import { nearestTo } from './sample.ts'

/** How the clusters of all arms were filled. */
export interface FillView {
  rows: FillRow[]
  counts: CountGroup[]
  /** Every fill, by profile, then repetition. */
  runs: FillRun[]
  /** One fill per profile: the one whose duration is nearest to the median. */
  typical: FillRun[]
}

/** One arm's fill. */
export interface FillRun {
  /** `tuned #2` */
  label: string
  profile: string
  fill: FillOutcome
}

/** One figure of the fill: what each profile made of it. */
export interface FillRow {
  label: string
  meaning: string
  format: (value: number) => string
  /** What a figure of a saturated machine is: a time is an upper bound, a rate a lower one. */
  bound: '≤' | '≥'
  /** One per profile, in the order of `ReportView.profiles`; `measured` is null where there is nothing to show. */
  cells: { profile: string; measured: Sample | null; ratio: number | null }[]
}

/** Things that were counted, and how many there should be. */
export interface CountGroup {
  title: string
  rows: { name: string; cells: CountCell[] }[]
}

/** What one arm has of it; null where the arm was not to have any. */
export type CountCell = { expected: number; found: number; failed: number } | null

interface Figure {
  label: string
  meaning: string
  format: (value: number) => string
  /** Undefined where the figure does not apply, null where it was not reached. */
  read: (fill: FillOutcome) => number | null | undefined
  /** Not compared: the ratios of a report are those of times. */
  isRate?: true
}

/** From a pod's creation until it is Ready. */
const podStartup = 'created to Ready'

const figures: readonly Figure[] = [
  {
    label: 'filled',
    meaning: 'everything is there and counted, every pod Ready',
    format: formatDuration,
    read: filledMs,
  },
  {
    label: 'pod startup, p50',
    meaning: 'from created to Ready',
    format: formatDuration,
    read: ({ podPhasesMs }) => percentile(podPhasesMs[podStartup], 'p50'),
  },
  {
    label: 'pod startup, p99',
    meaning: 'from created to Ready',
    format: formatDuration,
    read: ({ podPhasesMs }) => percentile(podPhasesMs[podStartup], 'p99'),
  },
  {
    label: 'watch lag, p99',
    meaning: 'from the answer to a write until a watch shows it',
    format: formatDuration,
    read: ({ watchLagMs }) => percentile(watchLagMs, 'p99'),
  },
  {
    label: 'scheduling, mean',
    meaning: 'pods bound per second, from the first to the last',
    format: formatRate,
    read: ({ schedulingPerSecond }) => schedulingPerSecond.mean ?? undefined,
    isRate: true,
  },
  {
    label: 'scheduling, peak',
    meaning: 'over the best ten seconds',
    format: formatRate,
    read: ({ schedulingPerSecond }) => schedulingPerSecond.peak ?? undefined,
    isRate: true,
  },
]

/** Works out what the reports show of the fills; null when no arm was filled. */
export function fillViewOf(arms: ArmOutcome[], profiles: string[]): FillView | null {
  const runs = profiles.flatMap((profile) =>
    arms.flatMap((arm): FillRun[] =>
      arm.profile === profile && arm.fill !== null ? [{ label: armLabel(arm), profile, fill: arm.fill }] : [],
    ),
  )
  if (runs.length === 0) return null
  const rows = figures.map((figure) => rowOf(figure, runs, profiles))
  return {
    rows: rows.filter(({ cells }) => cells.some(({ measured }) => measured !== null)),
    counts: countsOf(runs),
    runs,
    typical: profiles.flatMap((profile, index) => {
      const own = runs.filter((run) => run.profile === profile)
      return nearestTo(rows[0]?.cells[index]?.measured?.median ?? null, own, ({ fill }) => filledMs(fill)) ?? []
    }),
  }
}

/** Configmaps and secrets of the workload, those that are there for their weight left out. */
export function configObjects({ objects }: FillOutcome): { expected: number; found: number } {
  const kinds = [objects['configmaps'], objects['secrets']].flatMap((kind) => kind ?? [])
  return {
    expected: kinds.reduce((sum, { expected }) => sum + expected, 0),
    found: kinds.reduce((sum, { observed }) => sum + observed, 0),
  }
}

/** A fill that lacks something is none: it counts as infinitely late. */
function filledMs(fill: FillOutcome): number | null {
  return lacksOf(fill).length === 0 ? fill.durationMs : null
}

function percentile(distribution: Distribution | undefined, key: 'p50' | 'p99'): number | null | undefined {
  return distribution === undefined || distribution.count + distribution.missing === 0 ? undefined : distribution[key]
}

function rowOf({ read, isRate, ...figure }: Figure, runs: FillRun[], profiles: string[]): FillRow {
  const samples = profiles.map((profile) => {
    const own = runs.filter((run) => run.profile === profile)
    return sampleOf(own.flatMap(({ fill }) => readingOf(read(fill), fill) ?? []))
  })
  const [baseline = null] = samples
  return {
    ...figure,
    bound: isRate ? '≥' : '≤',
    cells: profiles.map((profile, index) => {
      const measured = samples[index] ?? null
      return { profile, measured, ratio: index === 0 || isRate ? null : ratioOf(baseline, measured) }
    }),
  }
}

function readingOf(value: number | null | undefined, fill: FillOutcome): Reading | undefined {
  if (value === undefined) return undefined
  return isMachineBound(fill) && value !== null ? upperBound(value) : exactly(value)
}

function countsOf(runs: FillRun[]): CountGroup[] {
  const resources = [...new Set(runs.flatMap(({ fill }) => Object.keys(fill.objects)))]
  const pods = (name: string, count: (pods: FillOutcome['pods']) => number, isExpected = true) => ({
    name,
    cells: runs.map(({ fill }) => ({
      expected: isExpected ? fill.pods.expected : 0,
      found: count(fill.pods),
      failed: 0,
    })),
  })
  return [
    {
      title: 'Pods as the watch saw them',
      rows: [
        pods('created', ({ created }) => created),
        pods('bound', ({ bound }) => bound),
        pods('Ready', ({ ready }) => ready),
        pods('beyond the expected', ({ unexpected }) => unexpected, false),
      ],
    },
    {
      title: 'Objects as a list found them at the end',
      rows: resources.map((name) => ({
        name,
        cells: runs.map(({ fill }): CountCell => {
          const counted = fill.objects[name]
          return counted === undefined
            ? null
            : { expected: counted.expected, found: counted.observed, failed: counted.failed }
        }),
      })),
    },
  ]
}
