import { formatDuration } from '../base/duration.ts'
import { magnitudeOf } from '../base/quantity.ts'
import { readingOfNodesReady } from '../result/fleet.ts'
import type { ArmOutcome } from '../result/result.ts'
import type { Sample } from '../result/sample.ts'
import { alike, comparable, sampleOf } from '../result/sample.ts'
import type { Binding } from './comparison.ts'
import { noClientLimit, timeRows } from './comparison.ts'
import { formatListed, formatRatio, formatShare } from './format.ts'
import type { Floor, StepReport } from './step-view.ts'
import type { ReportView } from './view.ts'

/** What the values of one setting make of every time that was taken. */
export interface WhatIfView {
  /** What every other report shows of the run. */
  report: ReportView
  /** A knob's id, or the path of a field of the plan. */
  varied: string
  /** The arm of the plan that all else is from. */
  profile: string
  values: TriedValue[]
  /** How often each value ran, at least; where one ran once, nobody knows what is chance. */
  runs: number
  /** The cluster coming up, then each step. */
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
  /** One figure per value. */
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
  /** No value differs from another by more than chance, or by more than a few percent. */
  isFlat: boolean
  /** What the setting makes of it and how much, in words; null where a value has no figure to compare. */
  change: string | null
}

export interface EffectCell {
  sample: Sample | null
  /** The first value that differs from the best one by no more than chance or a few percent, unless all do. */
  best: boolean
  /** `kubelet/KubeClient`; null when no client limit accounts for the time, undefined where that is not known. */
  boundBy: string | null | undefined
}

/** Works out what a run that varies one setting shows of it; null for every other run. */
export function whatIfViewOf(report: ReportView): WhatIfView | null {
  const { result, steps } = report
  const { whatIf } = result
  if (whatIf === undefined) return null
  const arms = whatIf.values.map(({ arm }) => arm)
  const values = whatIf.values.map(({ value }) => ({ label: formatListed(value), magnitude: magnitudeOf(value) }))
  const setUps = steps.filter(({ isSetUp }) => isSetUp)
  const groups = [
    clusterGroup(result.arms, setUps, arms, values),
    ...steps.filter((step) => !setUps.includes(step)).map((step) => stepGroup(report, step, arms, values)),
  ]
  return {
    report,
    varied: whatIf.varied,
    profile: whatIf.basedOn,
    values,
    runs: Math.min(...arms.map((name) => result.arms.filter((arm) => arm.name === name).length)),
    groups: groups.filter(({ effects }) => effects.length > 0),
  }
}

/** Whether the values lie on an axis, and are no mere names. */
function areMagnitudes(values: readonly TriedValue[]): boolean {
  return values.every(({ magnitude }) => magnitude !== undefined)
}

function clusterGroup(
  outcomes: readonly ArmOutcome[],
  setUps: readonly StepReport[],
  arms: string[],
  values: TriedValue[],
): EffectGroup {
  const samples = arms.map((name) =>
    sampleOf(outcomes.filter((arm) => arm.name === name).flatMap((arm) => readingOfNodesReady(arm) ?? [])),
  )
  return {
    name: 'cluster',
    title: 'the cluster',
    effects: [effectOf('nodes Ready', values, samples), ...setUps.flatMap((step) => effectsOf(step, arms, values))],
    floors: [],
  }
}

function stepGroup({ armNames }: ReportView, step: StepReport, arms: string[], values: TriedValue[]): EffectGroup {
  const floors = step.floors.map(({ limiter, ms }) => ({
    limiter,
    ms: arms.map((arm) => ms[armNames.indexOf(arm)] ?? null),
  }))
  return {
    name: step.name,
    title: step.title,
    effects: effectsOf(step, arms, values),
    floors: floors.filter(({ ms }) => ms.some((floorMs) => floorMs !== null)),
  }
}

/** The most important times of a step. */
function effectsOf({ figures }: StepReport, arms: string[], values: TriedValue[]): Effect[] {
  const times = timeRows(figures).filter(({ importance }) => importance === 'headline')
  return times.map(({ label, cells, bindingIn }) => {
    const samples = arms.map((name) => cells.find(({ arm }) => arm === name)?.measured ?? null)
    return effectOf(label, values, samples, arms.map(bindingIn))
  })
}

function effectOf(
  label: string,
  values: TriedValue[],
  samples: (Sample | null)[],
  bindings: (Binding | undefined)[] = [],
): Effect {
  const tried = samples.flatMap((sample, index) => {
    const medianMs = comparable(sample)
    return sample === null || medianMs === null ? [] : [{ ...sample, medianMs, index }]
  })
  const isRepeated = tried.every(({ runs }) => runs > 1)
  const areAlike = alikeAmong(tried)
  const isFlat = tried.length === values.length && everyPair(tried, areAlike)
  const [least] = tried.toSorted((one, other) => one.medianMs - other.medianMs)
  const best =
    isFlat || !isRepeated || least === undefined ? undefined : tried.find((one) => areAlike(one, least))?.index
  return {
    label,
    cells: samples.map((sample, index) => ({ sample, best: index === best, boundBy: bindings[index]?.boundBy })),
    isFlat,
    bounds: boundsInWords(values, bindings),
    change: tried.length === values.length ? changeInWords(values, tried, isRepeated) : null,
  }
}

/** What the repetitions of one value gave, with a median that may be compared. */
interface Tried extends Sample {
  medianMs: number
  /** The value's place. */
  index: number
}

/** Differences below this make the figures look the same. */
const tiny = 0.01

function isWithin(share: number, one: number, other: number): boolean {
  return Math.abs(one - other) <= share * Math.min(one, other)
}

/** Whether what repetitions gave overlaps: then the difference may be chance. */
function overlap(one: Tried, other: Tried): boolean {
  const isRepeated = one.runs > 1 && other.runs > 1
  return isRepeated && leastOf(one) <= mostOf(other) && leastOf(other) <= mostOf(one)
}

function leastOf({ min, medianMs }: Tried): number {
  return min ?? medianMs
}

function mostOf({ max, medianMs }: Tried): number {
  return max ?? medianMs
}

type Compare = (one: Tried, other: Tried) => boolean

/**
 * Whether two of these times may differ by chance: their repetitions overlap, or they are no further apart than repetitions of any value
 * are from its median, above and below together, taken as a time or as a share of it, whichever is less. The ranges of few repetitions are
 * apart now and then, and of many values some are.
 */
function chanceAmong(tried: readonly Tried[]): Compare {
  const most = (deviationMs: (one: Tried) => number) => ({
    ms: Math.max(...tried.map(deviationMs)),
    // Where nothing differs, the median may be 0.
    share: Math.max(...tried.map((one) => (deviationMs(one) === 0 ? 0 : deviationMs(one) / one.medianMs))),
  })
  const above = most((one) => mostOf(one) - one.medianMs)
  const below = most((one) => one.medianMs - leastOf(one))
  return (one, other) => {
    const share = above.share + below.share
    const chanceMs = Math.min(above.ms + below.ms, share * Math.max(one.medianMs, other.medianMs))
    return overlap(one, other) || Math.abs(one.medianMs - other.medianMs) <= chanceMs
  }
}

/** Whether two of these times differ by chance only, or by less than anybody cares for. */
function alikeAmong(tried: readonly Tried[]): Compare {
  const isChance = chanceAmong(tried)
  return (one, other) => isChance(one, other) || isWithin(alike, one.medianMs, other.medianMs)
}

/** The repetitions of both gave the same, by luck or not. */
function areTheSame(one: Tried, other: Tried): boolean {
  return (
    isWithin(tiny, one.medianMs, other.medianMs) &&
    isWithin(tiny, leastOf(one), leastOf(other)) &&
    isWithin(tiny, mostOf(one), mostOf(other))
  )
}

function pairsOf(tried: readonly Tried[]): [Tried, Tried][] {
  return tried.flatMap((one, index) => tried.slice(index + 1).map((other): [Tried, Tried] => [one, other]))
}

function everyPair(tried: readonly Tried[], holds: Compare): boolean {
  return pairsOf(tried).every(([one, other]) => holds(one, other))
}

/**
 * What the setting makes of a time, and how much: `33.8× faster at 500 than at 5, within chance from 200 on`. Nothing is called faster
 * or slower unless every repetition of one value is beyond every repetition of the other, and by more than repetitions of any value differ.
 */
function changeInWords(values: TriedValue[], tried: readonly Tried[], isRepeated: boolean): string {
  if (everyPair(tried, areTheSame)) return 'the same at every value'
  const spread = `${formatDuration(Math.min(...tried.map(leastOf)))} to ${formatDuration(Math.max(...tried.map(mostOf)))}`
  if (!isRepeated) return spread
  const areAlike = alikeAmong(tried)
  const closeness = (some: readonly Tried[]) =>
    everyPair(some, chanceAmong(tried)) ? 'within chance' : `within ${formatShare(alike)}`
  if (everyPair(tried, areAlike)) return `${closeness(tried)}: ${spread}`
  const [widest] = pairsOf(tried)
    .filter(([one, other]) => !areAlike(one, other))
    .toSorted((left, right) => factorOf(right) - factorOf(left))
  if (widest === undefined) return spread
  const [earlier, later] = widest
  const direction = later.medianMs < earlier.medianMs ? 'faster' : 'slower'
  const factor = factorOf(widest)
  const size = Number.isFinite(factor) ? `${formatRatio(factor)} ${direction}` : direction
  const said = `${size} at ${labelOf(values, later)} than at ${labelOf(values, earlier)}`
  if (!areMagnitudes(values)) return said
  const first = tried.findIndex((_, index) => everyPair(tried.slice(index), areAlike))
  return `${said}, ${settledFrom(values, tried, first, closeness(tried.slice(first)))}`
}

/** How many times as long the slower one took. */
function factorOf([one, other]: readonly [Tried, Tried]): number {
  return Math.max(one.medianMs, other.medianMs) / Math.min(one.medianMs, other.medianMs)
}

function labelOf(values: TriedValue[], { index }: Tried): string {
  return values[index]?.label ?? ''
}

/** From where on a value makes no difference to the next ones: from the `first` that is as good as all that follow. */
function settledFrom(values: TriedValue[], tried: readonly Tried[], first: number, closeness: string): string {
  const from = tried[first]
  const [before, last] = tried.slice(-2)
  if (from !== undefined && first < tried.length - 1) return `${closeness} from ${labelOf(values, from)} on`
  if (before === undefined || last === undefined) return ''
  return `still ${last.medianMs < before.medianMs ? 'improving' : 'getting worse'} at ${labelOf(values, last)}`
}

/**
 * Neighbouring values with the same bound are one phrase: `bound by the kubelet’s limit up to 50, no client limit from 100 on`.
 */
function boundsInWords(values: TriedValue[], bindings: (Binding | undefined)[]): string | null {
  if (bindings.every((binding) => binding === undefined)) return null
  const spans: { words: string; first: number; last: number }[] = []
  for (const [index, binding] of bindings.entries()) {
    const words = binding?.words ?? notKnown
    const span = spans.at(-1)
    if (span?.words === words) span.last = index
    else spans.push({ words, first: index, last: index })
  }
  const [only, ...more] = spans
  if (only !== undefined && more.length === 0)
    return only.words === noClientLimit ? 'not limited by a client' : `bound by ${only.words}`
  const label = (index: number) => values[index]?.label ?? ''
  const told = spans.map(({ words, first, last }) => {
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
  return `${only?.words === notKnown ? 'what bounds it is ' : 'bound by '}${told.join(', ')}`
}

const notKnown = 'not known'
