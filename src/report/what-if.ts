import { magnitudeOf } from '../base/quantity.ts'
import type { ArmOutcome, Result, StopName } from '../result/result.ts'
import { isMachineBound } from '../result/result.ts'
import type { FillView } from './fill-view.ts'
import { formatKnobValue } from './format.ts'
import { limiterName } from './labels.ts'
import type { Sample } from './sample.ts'
import { comparable, sampleOf } from './sample.ts'
import type { ProbeView, ReportView } from './view.ts'
import { viewOf } from './view.ts'

/** What the values of one setting make of every time that was taken. */
export interface WhatIfView {
  /** What every other report shows of the run. */
  report: ReportView
  /** A knob's id, or the path of a field of the plan. */
  varied: string
  /** The arm of the plan that all else is from. */
  profile: string
  values: TriedValue[]
  /** The cluster coming up, then each probe. */
  groups: EffectGroup[]
}

/** One value of the setting, and where it lies on an axis; undefined for what is a name only. */
interface TriedValue {
  label: string
  magnitude: number | undefined
}

/** Times that are taken together. */
export interface EffectGroup {
  /** `rollout` */
  name: string
  /** `rollout 1 → 200` */
  title: string
  effects: Effect[]
  floors: Floor[]
}

/** One time over all values. */
export interface Effect {
  /** `available` */
  label: string
  /** One per value. */
  cells: EffectCell[]
  /** What bounds it at which values, in words; null where nobody looked. */
  bounds: string | null
  /** It is within a few percent the same at every value. */
  isFlat: boolean
  /** Whether, and from which value on, it makes no difference any more, in words. */
  change: string | null
}

export interface EffectCell {
  sample: Sample | null
  /** The first value that does as well as any other, unless all do. */
  best: boolean
  /** `kubelet/KubeClient`; null when no client limit accounts for the time, undefined where nobody looked. */
  boundBy: string | null | undefined
}

/** What a component's rate limit alone takes, at each value. */
export interface Floor {
  /** `kubelet/KubeClient` */
  limiter: string
  /** Null where the limit was not read, or takes no time. */
  ms: (number | null)[]
}

/** Works out what a run that varies one setting shows of it; null for every other run. */
export function whatIfViewOf(result: Result): WhatIfView | null {
  const { whatIf } = result
  if (whatIf === undefined) return null
  const report = viewOf(result)
  const { fill, probes } = report
  const arms = whatIf.values.map(({ arm }) => arm)
  const values = whatIf.values.map(({ value }) => ({ label: formatKnobValue(value), magnitude: magnitudeOf(value) }))
  const groups = [
    clusterGroup(result.arms, arms, values, fill),
    ...probes.map((probe) => probeGroup(probe, arms, values)),
  ]
  return {
    report,
    varied: whatIf.varied,
    profile: whatIf.profile,
    values,
    groups: groups.filter(({ effects }) => effects.length > 0),
  }
}

/** Whether the values lie on an axis, and are no mere names. */
function areMagnitudes(values: readonly TriedValue[]): boolean {
  return values.every(({ magnitude }) => magnitude !== undefined)
}

function clusterGroup(
  outcomes: ArmOutcome[],
  arms: string[],
  values: TriedValue[],
  fill: FillView | null,
): EffectGroup {
  const samples = arms.map((name) => {
    const ready = outcomes.filter(({ profile, fleet }) => profile === name && fleet.nodes > 0)
    return sampleOf(
      ready.map(({ fleet }) => fleet.readyMs),
      false,
    )
  })
  const rows = (fill?.rows ?? []).filter(({ label }) => timedOfFill.includes(label))
  return {
    name: 'cluster',
    title: 'the cluster',
    effects: [
      effectOf('nodes Ready', values, samples),
      ...rows.map(({ label, cells }) => effectOf(label, values, armed(arms, cells))),
    ],
    floors: [],
  }
}

const timedOfFill = ['filled', 'pod startup, p99']

function armed(arms: string[], cells: readonly { profile: string; measured: Sample | null }[]): (Sample | null)[] {
  return arms.map((arm) => cells.find(({ profile }) => profile === arm)?.measured ?? null)
}

function probeGroup({ name, title, rows, typical }: ProbeView, arms: string[], values: TriedValue[]): EffectGroup {
  const probes = arms.map((arm) => typical.find(({ profile }) => profile === arm)?.probe)
  const boundAt = (stop: StopName) =>
    probes.map((probe): Binding | undefined => {
      if (probe === undefined) return undefined
      if (isMachineBound(probe)) return { boundBy: null, words: 'the machine' }
      const boundBy = probe.explanations.find((explanation) => explanation.stop === stop)?.boundBy
      if (boundBy === undefined) return undefined
      return { boundBy, words: boundBy === null ? 'no client limit' : `the ${boundBy.split('/')[0]}’s limit` }
    })
  const limiters = [...new Set(probes.flatMap((probe) => probe?.limiters.map(limiterName) ?? []))]
  const floors = limiters.map((limiter) => ({
    limiter,
    ms: probes.map((probe) => probe?.limiters.find((reading) => limiterName(reading) === limiter)?.floorMs || null),
  }))
  return {
    name,
    title,
    effects: rows.map(({ stop, label, cells }) => effectOf(label, values, armed(arms, cells), boundAt(stop))),
    floors: floors.filter(({ ms }) => ms.some((floorMs) => floorMs !== null)),
  }
}

/** What bounds a time, as the run has it and as people say it. */
interface Binding {
  boundBy: string | null
  words: string
}

function effectOf(
  label: string,
  values: TriedValue[],
  samples: (Sample | null)[],
  bindings: (Binding | undefined)[] = [],
): Effect {
  const known = samples.filter((sample) => comparable(sample) !== null)
  const least = known.toSorted((a, b) => (a?.median ?? 0) - (b?.median ?? 0))[0] ?? null
  const isComplete = known.length === values.length
  const isFlat = isComplete && known.every((sample) => areAlike(sample, least))
  const best = isFlat ? -1 : samples.findIndex((sample) => areAlike(sample, least))
  return {
    label,
    cells: samples.map((sample, index) => ({ sample, best: index === best, boundBy: bindings[index]?.boundBy })),
    isFlat,
    bounds: boundsInWords(values, bindings),
    change: !isComplete ? null : isFlat ? 'the same at every value' : settledFrom(values, samples),
  }
}

/** Times within this of each other are the same to a reader. */
const alike = 0.05

/** Whether two times differ by no more than a few percent, or by no more than their repetitions do. */
function areAlike(one: Sample | null, other: Sample | null): boolean {
  const [left, right] = [comparable(one), comparable(other)]
  if (one === null || other === null || left === null || right === null) return false
  const overlap = (one.min ?? 0) <= (other.max ?? 0) && (other.min ?? 0) <= (one.max ?? 0)
  return overlap || Math.abs(left - right) <= alike * Math.min(left, right)
}

/** From where on a value makes no difference to the next ones. */
function settledFrom(values: TriedValue[], samples: (Sample | null)[]): string | null {
  if (!areMagnitudes(values)) return null
  const changing = samples.findLastIndex((sample) => !areAlike(sample, samples.at(-1) ?? null))
  const from = values[changing + 1]
  if (from === undefined || changing + 1 === values.length - 1) return 'changes up to the last value'
  return `the same from ${from.label} on`
}

/** Neighbouring values with the same bound are told together: `the kubelet’s limit up to 50, no client limit from 100 on`. */
function boundsInWords(values: TriedValue[], bindings: (Binding | undefined)[]): string | null {
  const spans: { words: string; first: number; last: number }[] = []
  for (const [index, binding] of bindings.entries()) {
    const words = binding?.words ?? 'not known'
    const span = spans.at(-1)
    if (span?.words === words) span.last = index
    else spans.push({ words, first: index, last: index })
  }
  if (bindings.every((binding) => binding === undefined)) return null
  if (spans.length === 1) return spans[0]?.words ?? null
  const label = (index: number) => values[index]?.label ?? ''
  return spans
    .map(({ words, first, last }) => {
      if (!areMagnitudes(values))
        return `${words} at ${values
          .slice(first, last + 1)
          .map((value) => value.label)
          .join(', ')}`
      if (first === last) return `${words} at ${label(first)}`
      if (first === 0) return `${words} up to ${label(last)}`
      return last === values.length - 1
        ? `${words} from ${label(first)} on`
        : `${words} from ${label(first)} to ${label(last)}`
    })
    .join(', ')
}
