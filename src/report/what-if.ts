import { formatDuration } from '../base/duration.ts'
import { magnitudeOf } from '../base/quantity.ts'
import type { RunReading } from '../result/difference.ts'
import { isDifference } from '../result/difference.ts'
import type { Result } from '../result/result.ts'
import type { Sample } from '../result/sample.ts'
import { comparable, sampleOf } from '../result/sample.ts'
import { commonDeviation } from '../statistics/log-difference.ts'
import type { Binding } from './comparison.ts'
import { noClientLimit, timeRows, timesDiffer } from './comparison.ts'
import { formatListed, formatRatio, formatShare } from './format.ts'
import type { Floor, StepReport } from './step-view.ts'
import type { ReportView } from './view.ts'
import type { WhatIfHeadline } from './what-if-headline.ts'
import { whatIfHeadline } from './what-if-headline.ts'
import { runsOfNodesReady } from './worse.ts'

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
  /** Which value is enough; undefined where nobody can say. */
  headline: WhatIfHeadline | undefined
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
    clusterGroup(result, setUps, arms, values),
    ...steps.filter((step) => !setUps.includes(step)).map((step) => stepGroup(report, step, arms, values)),
  ]
  const view = {
    varied: whatIf.varied,
    values,
    runs: Math.min(...arms.map((name) => result.arms.filter((arm) => arm.name === name).length)),
    groups: groups.filter(({ effects }) => effects.length > 0),
  }
  return { ...view, report, profile: whatIf.basedOn, headline: whatIfHeadline(view, result) }
}

/** Whether the values lie on an axis, and are no mere names. */
function areMagnitudes(values: readonly TriedValue[]): boolean {
  return values.every(({ magnitude }) => magnitude !== undefined)
}

function clusterGroup(
  { arms: outcomes, material }: Result,
  setUps: readonly StepReport[],
  arms: string[],
  values: TriedValue[],
): EffectGroup {
  const runs = arms.map((name) => runsOfNodesReady(outcomes, name))
  return {
    name: 'cluster',
    title: 'the cluster',
    effects: [
      effectOf({ label: 'nodes Ready', values, runs, material }),
      ...setUps.flatMap((step) => effectsOf(step, arms, values, material)),
    ],
    floors: [],
  }
}

function stepGroup(
  { armNames, result }: ReportView,
  step: StepReport,
  arms: string[],
  values: TriedValue[],
): EffectGroup {
  const floors = step.floors.map(({ limiter, ms }) => ({
    limiter,
    ms: arms.map((arm) => ms[armNames.indexOf(arm)] ?? null),
  }))
  return {
    name: step.name,
    title: step.title,
    effects: effectsOf(step, arms, values, result.material),
    floors: floors.filter(({ ms }) => ms.some((floorMs) => floorMs !== null)),
  }
}

/** The most important times of a step. */
function effectsOf({ figures }: StepReport, arms: string[], values: TriedValue[], material: number): Effect[] {
  const times = timeRows(figures).filter(({ importance }) => importance === 'headline')
  return times.map(({ label, cells, bindingIn }) => {
    const runs = arms.map((name) => cells.find(({ arm }) => arm === name)?.readings ?? [])
    return effectOf({ label, values, runs, material, bindings: arms.map(bindingIn) })
  })
}

interface Effected {
  label: string
  values: TriedValue[]
  /** One list per value. */
  runs: readonly (readonly RunReading[])[]
  material: number
  bindings?: (Binding | undefined)[]
}

function effectOf({ label, values, runs, material, bindings = [] }: Effected): Effect {
  const samples = runs.map((own) => sampleOf(own.map(({ reading }) => reading)))
  const tried = samples.flatMap((sample, index) => {
    const medianMs = comparable(sample)
    return sample === null || medianMs === null ? [] : [{ ...sample, medianMs, index, readings: runs[index] ?? [] }]
  })
  const rule = {
    material,
    comparisons: Math.max(1, tried.length - 1),
    leastDeviation: commonDeviation(
      tried.map(({ readings }) => readings.flatMap(({ reading }) => reading.value ?? [])),
    ),
  }
  const isRepeated = tried.every(({ readings }) => readings.length > 1)
  const areAlike = alikeBy(rule)
  const isFlat = tried.length === values.length && everyPair(tried, areAlike)
  const [least] = tried.toSorted((one, other) => one.medianMs - other.medianMs)
  const best =
    isFlat || !isRepeated || least === undefined ? undefined : tried.find((one) => areAlike(one, least))?.index
  return {
    label,
    cells: samples.map((sample, index) => ({ sample, best: index === best, boundBy: bindings[index]?.boundBy })),
    isFlat,
    bounds: boundsInWords(values, bindings),
    change: tried.length === values.length ? changeInWords(values, tried, isRepeated, rule) : null,
  }
}

/** What the repetitions of one value gave, with a median that may be compared. */
interface Tried extends Sample {
  medianMs: number
  /** The value's place. */
  index: number
  readings: readonly RunReading[]
}

/** Differences below this make the figures look the same. */
const tiny = 0.01

function isWithin(share: number, one: number, other: number): boolean {
  return Math.abs(one - other) <= share * Math.min(one, other)
}

function leastOf({ min, medianMs }: Tried): number {
  return min ?? medianMs
}

function mostOf({ max, medianMs }: Tried): number {
  return max ?? medianMs
}

type Compare = (one: Tried, other: Tried) => boolean
interface Rule {
  material: number
  /** How many values each is set against: of many some differ by chance. */
  comparisons: number
  /** What repetitions of all values differ by. */
  leastDeviation: number
}

/** Whether no difference between two of these times is shown, by chance or because it is of no interest. */
function alikeBy(rule: Rule): Compare {
  return (one, other) => {
    const difference = timesDiffer(one.readings, other.readings, rule)
    return !isDifference(difference, 'more') && !isDifference(difference, 'less')
  }
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
 * or slower unless `differenceOf` shows it.
 */
function changeInWords(values: TriedValue[], tried: readonly Tried[], isRepeated: boolean, rule: Rule): string {
  if (everyPair(tried, areTheSame)) return 'the same at every value'
  const spread = `${formatDuration(Math.min(...tried.map(leastOf)))} to ${formatDuration(Math.max(...tried.map(mostOf)))}`
  if (!isRepeated) return spread
  const areAlike = alikeBy(rule)
  const isChance = alikeBy({ ...rule, material: 0 })
  const closeness = (some: readonly Tried[]) =>
    everyPair(some, isChance) ? 'within chance' : `within ${formatShare(rule.material)}`
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
