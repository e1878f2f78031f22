import { formatDuration } from '../base/duration.ts'
import type { Plan, Threshold } from '../plan/plan.ts'
import { armName } from '../plan/plan.ts'
import { kindOf } from '../plan/section.ts'
import { parseBound } from '../plan/series.ts'
import { baselinePrefix, boundValue } from '../plan/threshold.ts'
import { formatFigure, formatShare } from '../report/format.ts'
import type { RunReading } from '../result/difference.ts'
import type { ArmOutcome, ThresholdOutcome, Verdict } from '../result/result.ts'
import { outcomesOf } from '../result/result.ts'
import type { Reading, Sample } from '../result/sample.ts'
import { hindranceOf, isUpperBound, ratioOf, sampleOf } from '../result/sample.ts'
import { stepKinds } from '../steps/registry.ts'
import { seriesNamed } from '../steps/series-catalogue.ts'
import type { FoundFigure } from './figures.ts'
import { figuresIn, labelsText } from './figures.ts'
import type { Opponent } from './not-worse.ts'
import { corrected, judgeNotWorse } from './not-worse.ts'

/** What a threshold looks at: a stop, or a series. */
type Subject = NonNullable<ThresholdOutcome['bounds']>
type StopSubject = Extract<Subject, { probe: string }>
type SeriesSubject = Extract<Subject, { series: string }>

/** What a threshold keeps of its plan, and its bounds in the unit of what it looks at, or as a plain number for a ratio. */
type Kept = Pick<ThresholdOutcome, 'min' | 'max' | 'id' | 'place' | 'group'>

/** A threshold as it is judged; `each`: labels by which it is judged one by one. */
export type Bounds = (StopSubject & Kept) | (SeriesSubject & Kept & { each?: readonly string[] })

/** The arms of saved results, by their names. */
export type Baselines = ReadonlyMap<string, readonly ArmOutcome[]>

/** The thresholds of a plan as they are judged: one that speaks of every arm, or of every step, once for each. */
export function boundsIn(plan: Pick<Plan, 'thresholds' | 'arms' | 'steps'>): Bounds[] {
  return plan.thresholds.flatMap((threshold) => boundsOf(threshold, plan))
}

/** One threshold of a plan as it is judged. Of those that several arms or steps are held to, each has an id of its own. */
export function boundsOf(threshold: Threshold, plan?: Pick<Plan, 'arms' | 'steps'>): Bounds[] {
  const { probe, stop, series, of, min, max, place, id, where, each, percentile, window, against, notWorse } = threshold
  const isRatio = Array.isArray(of)
  const entry = series === undefined ? undefined : seriesNamed(series)
  const parsed = (value: string | number) =>
    isRatio ? boundValue(value, true) : entry === undefined ? boundValue(value, false) : parseBound(value, entry.unit)
  const [least, most] = [min, max].map((value) => (value === undefined ? undefined : parsed(value)))
  const kept = {
    ...(least !== undefined && { min: least }),
    ...(most !== undefined && { max: most }),
    ...(place !== undefined && { place }),
    ...(against !== undefined && notWorse !== undefined && { against, notWorse, max: 1 + notWorse }),
  }
  // An arm is not set against itself.
  const arms = of === undefined ? [...new Set(plan?.arms.map(armName))].filter((arm) => arm !== against) : [of]
  const steps = threshold.step === undefined ? stepsWith(series, plan) : [threshold.step]
  const isSeveral = arms.length * steps.length > 1 || each !== undefined
  const group = isSeveral ? { group: id ?? groupName(threshold) } : {}
  return arms.flatMap((arm) => {
    const who = [arm].flat().join(':')
    if (probe !== undefined && stop !== undefined) {
      const own =
        id === undefined
          ? [who, probe, stop, ...(against === undefined ? [] : [`against-${against}`])].join('/')
          : [id, ...(isSeveral ? [who] : [])].join('/')
      return [{ probe, stop, of: arm, ...kept, ...group, id: own }]
    }
    if (series === undefined) return []
    const taken = entry?.form === 'value' ? undefined : (percentile ?? 'p99')
    return steps.map((step): Bounds => {
      const parts =
        id === undefined
          ? [
              who,
              step ?? 'arm',
              series,
              ...(taken === undefined ? [] : [taken]),
              ...(against === undefined ? [] : [`against-${against}`]),
            ]
          : [id, ...(arms.length > 1 || of === undefined ? [who] : []), ...(steps.length > 1 ? [step ?? 'arm'] : [])]
      return {
        series,
        of: arm,
        ...(step !== undefined && { step }),
        ...(where !== undefined && { where }),
        ...(taken !== undefined && { percentile: taken }),
        ...(window !== undefined && { windowMs: window }),
        ...kept,
        ...group,
        id: parts.join('/'),
        ...(each !== undefined && { each }),
      }
    })
  })
}

/** The steps that have a series of their own; the whole arm, which has no name, where it is one of any stretch of time. */
function stepsWith(series: string | undefined, plan: Pick<Plan, 'steps'> | undefined): (string | undefined)[] {
  const own = (plan?.steps ?? []).flatMap((step) => {
    const { section } = kindOf(step, stepKinds)
    return section.seriesOf(step.section).some(({ name }) => name === series) ? [step.name] : []
  })
  return own.length === 0 ? [undefined] : own
}

function groupName({ series, stop, probe, percentile }: Threshold): string {
  return [series ?? `${probe} ${stop}`, percentile ?? []].flat().join(' ')
}

/** Judges thresholds over the arms: one outcome each, or one for every combination of its labels. Ids are unique. */
export function judgeAll(
  bounds: readonly Bounds[],
  arms: readonly ArmOutcome[],
  baselines: Baselines = new Map(),
): ThresholdOutcome[] {
  const outcomes = corrected(bounds.flatMap((one) => judgeEach(one, arms, baselines)))
  const seen = new Map<string, number>()
  return outcomes.map((outcome) => {
    const { id } = outcome
    if (id === undefined) return outcome
    const before = seen.get(id) ?? 0
    seen.set(id, before + 1)
    return before === 0 ? outcome : { ...outcome, id: `${id}#${before + 1}` }
  })
}

function judgeEach(bounds: Bounds, arms: readonly ArmOutcome[], baselines: Baselines): ThresholdOutcome[] {
  if (!('series' in bounds)) return [judge(bounds, arms, baselines)]
  const { each, ...alone } = bounds
  if (each === undefined) return [judge(alone, arms, baselines)]
  const combinations = combinationsOf(
    [bounds.of].flat().flatMap((name) => selected(name, alone, arms)),
    each,
  )
  if (combinations.length === 0) return [judge(alone, arms, baselines)]
  return combinations.map((labels) =>
    judge(
      {
        ...alone,
        where: { ...alone.where, ...labels },
        id: [alone.id, ...each.map((name) => labels[name])].filter(Boolean).join('/'),
      },
      arms,
      baselines,
    ),
  )
}

/** What several figures have for these labels; an absent label is empty. */
function combinationsOf(figures: readonly FoundFigure[], names: readonly string[]): Record<string, string>[] {
  const all = figures.map(({ labels }) => Object.fromEntries(names.map((name) => [name, labels[name] ?? ''])))
  const unique = new Map(all.map((labels) => [names.map((name) => labels[name]).join('\n'), labels]))
  return [...unique.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, labels]) => labels)
}

/**
 * Judges one threshold over the arms. The figure is the median over an arm's repetitions, or the ratio of two arms' medians, by the
 * same rule as in every table. A time that is only known to be no longer, because the stop was seen late or the machine was the limit,
 * can meet a maximum, and so can a ratio with it; what depends on how long it really was is inconclusive. A repetition without the figure makes it inconclusive: no data
 * never passes. Of a series that selects several figures each has to hold: the worst of them is told.
 */
export function judge(bounds: Bounds, arms: readonly ArmOutcome[], baselines: Baselines = new Map()): ThresholdOutcome {
  if (bounds.notWorse !== undefined) return judgeAgainst(bounds, arms, baselines)
  return 'series' in bounds ? judgeSeries(bounds, arms) : judgeStop(bounds, arms)
}

/** What an outcome keeps of its threshold beside what it looks at. */
export function keptOf({ min, max, id, place, group }: Kept): Kept {
  return {
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(id !== undefined && { id }),
    ...(place !== undefined && { place }),
    ...(group !== undefined && { group }),
  }
}

function judgeStop(bounds: StopSubject & Kept, arms: readonly ArmOutcome[]): ThresholdOutcome {
  const { probe, stop, of } = bounds
  const names = [of].flat()
  const samples = names.map((name) => sampleOfStop(name, bounds, arms))
  const missing = names.flatMap((name) => missingIn(name, bounds, arms))[0]
  const isRatio = typeof of !== 'string'
  return {
    name: nameOf(`${probe} ${stop}`, bounds, (value) => formatDuration(value)),
    bounds: { probe, stop, of },
    ...keptOf(bounds),
    unit: isRatio ? 'ratio' : 'ms',
    ...held(bounds, { samples, missing, what: stop, unit: 'ms' }),
  }
}

/** Judges whether one arm is worse than another, or than a saved result. */
function judgeAgainst(bounds: Bounds, arms: readonly ArmOutcome[], baselines: Baselines): ThresholdOutcome {
  const { of, against = '', notWorse: margin = 0 } = bounds
  const name = [of].flat()[0] ?? ''
  const isSeries = 'series' in bounds
  const subject = isSeries ? subjectOf(bounds) : `${bounds.probe} ${bounds.stop}`
  const unit = isSeries ? (seriesNamed(bounds.series)?.unit ?? 'count') : 'ms'
  const kept = against.startsWith(baselinePrefix) ? against.slice(baselinePrefix.length) : undefined
  const keptArms = kept === undefined ? undefined : baselines.get(kept)
  const known = bounds.baselineValues ?? (keptArms === undefined ? undefined : valuesIn(name, bounds, keptArms))
  const opponent: Opponent =
    kept === undefined
      ? { kind: 'arm', name: against, figures: runFiguresOf(against, bounds, arms) }
      : { kind: 'baseline', name: against, values: known ?? [] }
  const { min: _, ...ends } = keptOf(bounds)
  const { id, place, group, max: __, min: ___, each: ____, ...rest } = bounds as Bounds & { each?: unknown }
  return {
    name: `${name} ${subject} not worse than ${against} by more than ${formatShare(margin)}`,
    bounds: { ...rest, ...(known !== undefined && { baselineValues: [...known] }) },
    ...ends,
    unit: 'ratio',
    ...judgeNotWorse(name, runFiguresOf(name, bounds, arms), {
      against: opponent,
      margin,
      isLessWorse: unit === 'per second',
    }),
  }
}

/** One figure of every repetition of an arm: of several that a threshold selects, none is told from the others. */
function runFiguresOf(name: string, bounds: Bounds, arms: readonly ArmOutcome[]): RunReading[] {
  if ('series' in bounds) return selected(name, bounds, arms)
  return arms
    .filter((arm) => arm.name === name)
    .flatMap((arm) => {
      const reading = readingOf(arm, bounds.probe, bounds.stop)
      return reading === undefined ? [] : [{ repetition: arm.repetition, reading }]
    })
}

function valuesIn(name: string, bounds: Bounds, arms: readonly ArmOutcome[]): number[] {
  return runFiguresOf(name, bounds, arms).flatMap(({ reading: { value, hindrance } }) =>
    value === null || hindrance !== null ? [] : [value],
  )
}

/** What a verdict is taken from: one arm's sample, or two arms'. */
interface Evidence {
  samples: readonly (Sample | null)[]
  /** What there is no figure of, in words. */
  missing: string | undefined
  what: string
  unit: NonNullable<ReturnType<typeof seriesNamed>>['unit']
}

/** Holds figures to bounds. */
function held(
  {
    of,
    min: least = Number.NEGATIVE_INFINITY,
    max: most = Number.POSITIVE_INFINITY,
  }: Pick<Bounds, 'of' | 'min' | 'max'>,
  { samples, missing, what, unit }: Evidence,
): Pick<ThresholdOutcome, 'verdict' | 'actual' | 'isUpperBound' | 'reason'> {
  const names = [of].flat()
  const [first = null, second = null] = samples
  const isRatio = typeof of !== 'string'
  const actual = isRatio ? ratioIn(first, second, unit) : hasFigure(first) ? first.median : null
  const isAtMost = !isRatio && actual !== null && first !== null && isUpperBound(first) && unit !== 'per second'
  const outcome = (verdict: Verdict, reason?: string) => ({
    verdict,
    actual,
    ...(isAtMost && { isUpperBound: true as const }),
    ...(reason !== undefined && { reason }),
  })
  // Beyond the last bucket of a histogram nothing is known but that it took longer.
  const beyond = first?.least ?? null
  if (!isRatio && first?.median === null && beyond !== null && beyond > most)
    return outcome('fail', `longer than ${formatFigure(beyond, unit)}, where the histogram ends`)
  if (missing !== undefined) return outcome('inconclusive', missing)
  if (actual === null) {
    const decided = isRatio && unit === 'ms' ? decidedByBounds(first, second, { least, most }) : undefined
    if (decided !== undefined) return decided
    const hindered = names.flatMap((name, index) => {
      const hindrance = hindranceOf(samples[index] ?? null)
      return hindrance === null ? [] : [`${name} ${hindrance}`]
    })
    return outcome('inconclusive', hindered.length === 0 ? `${names[1]} has a figure of 0` : hindered.join('; '))
  }
  // A ratio exists of what is known exactly only. A machine at its limit would have done more per second with more time.
  const isAtLeast = !isRatio && unit === 'per second' && first?.hindrance === 'machine-bound'
  const low = isRatio || isAtLeast ? actual : (first?.least ?? actual)
  const high = isAtLeast ? Number.POSITIVE_INFINITY : actual
  if (low >= least && high <= most) return outcome('pass')
  if (high < least || low > most) return outcome('fail')
  const may = isAtLeast
    ? 'it may be higher on a bigger machine'
    : `${what} may have taken as little as ${formatFigure(low, unit)}`
  return outcome('inconclusive', `${names[0]} ${hindranceOf(first)}: ${may}`)
}

/**
 * A ratio of times of which some are upper bounds, where it meets its limits, or misses them, whatever they really were; undefined where that
 * depends on them.
 */
function decidedByBounds(
  first: Sample | null,
  second: Sample | null,
  { least, most }: { least: number; most: number },
): Pick<ThresholdOutcome, 'verdict' | 'actual' | 'isUpperBound' | 'reason'> | undefined {
  const [above, below] = [rangeOf(first), rangeOf(second)]
  if (above === undefined || below === undefined || below.high <= 0) return undefined
  const [low, high] = [above.low / below.high, below.low > 0 ? above.high / below.low : Number.POSITIVE_INFINITY]
  const atLeast = { actual: low, reason: 'it is at least this' }
  if (low >= least && high <= most)
    return Number.isFinite(high)
      ? { verdict: 'pass', actual: high, isUpperBound: true }
      : { verdict: 'pass', ...atLeast }
  if (low > most) return { verdict: 'fail', ...atLeast }
  return high < least ? { verdict: 'fail', actual: high, isUpperBound: true } : undefined
}

/** Between what a time was; undefined where nobody knows. */
function rangeOf(sample: Sample | null): { low: number; high: number } | undefined {
  if (sample === null || sample.median === null) return undefined
  const { median, least } = sample
  if (isUpperBound(sample)) return { low: least ?? 0, high: median }
  return hindranceOf(sample) === null ? { low: median, high: median } : undefined
}

/** Whether a figure is known, exactly or as a bound. */
function hasFigure(sample: Sample | null): sample is Sample {
  return sample !== null && (sample.hindrance === null || isUpperBound(sample))
}

/** How many times as much the first has; times by the rule of every table. */
function ratioIn(first: Sample | null, second: Sample | null, unit: Evidence['unit']): number | null {
  if (unit === 'ms') return ratioOf(first, second)
  if (first?.hindrance !== null || second?.hindrance !== null) return null
  return first.median === null || second.median === null || second.median === 0 ? null : first.median / second.median
}

function judgeSeries(bounds: SeriesSubject & Kept, arms: readonly ArmOutcome[]): ThresholdOutcome {
  const { series, of, step, where, percentile, windowMs } = bounds
  const unit = seriesNamed(series)?.unit ?? 'count'
  const names = [of].flat()
  const isRatio = typeof of !== 'string'
  const found = names.map((name) => selected(name, bounds, arms))
  const subject = subjectOf(bounds)
  const common = {
    name: nameOf(subject, bounds, (value) => formatFigure(value, unit)),
    bounds: {
      series,
      of,
      ...(step !== undefined && { step }),
      ...(where !== undefined && { where }),
      ...(percentile !== undefined && { percentile }),
      ...(windowMs !== undefined && { windowMs }),
    },
    ...keptOf(bounds),
    unit: isRatio ? ('ratio' as const) : unit === 'ratio' ? ('share' as const) : unit,
  }
  const keys = new Map(found.flat().map((figure) => [labelsText(figure.labels), figure.labels]))
  if (keys.size === 0) {
    const reason = names.map((name) => whyNone(name, bounds, arms)).find((why) => why !== undefined)
    return { ...common, verdict: 'inconclusive', actual: null, ...(reason !== undefined && { reason }) }
  }
  const judged = [...keys.keys()].map((key) => {
    const own = found.map((figures) => figures.filter((figure) => labelsText(figure.labels) === key))
    const samples = own.map((figures) => sampleOf(figures.map(({ reading }) => reading)))
    const missing = names.flatMap((name, index) => lackingIn(name, own[index] ?? [], bounds, arms))[0]
    const notes = [...new Set(own.flat().flatMap(({ note }) => note ?? []))]
    return { key, notes, ...held(bounds, { samples, missing, what: series, unit }) }
  })
  const [worst] = judged.toSorted((one, other) => severity(other, bounds) - severity(one, bounds))
  if (worst === undefined) throw new Error('a series without figures was judged')
  const { key, notes, ...outcome } = worst
  const which = judged.length > 1 ? [`the worst of ${judged.length}: ${key || series}`] : []
  const note = [...which, ...notes].join('; ')
  return { ...common, ...outcome, ...(note !== '' && { note }) }
}

/** `fill pod_startup_ms created to Ready p99`: what stands for itself without the name of its label. */
function subjectOf({ step, series, where = {}, percentile }: SeriesSubject): string {
  const labels = Object.entries(where).flatMap(([name, value]) => {
    const text = [value].flat().join(' or ')
    return text === '' ? [] : [name === 'scope' ? `scope ${text}` : text]
  })
  return [step ?? [], series, labels, percentile ?? []].flat().join(' ')
}

/** Orders outcomes: what fails before what is open before what passes, and among the same what is further out. */
function severity({ verdict, actual }: Pick<ThresholdOutcome, 'verdict' | 'actual'>, { max }: Kept): number {
  const rank = { fail: 2, inconclusive: 1, pass: 0 }[verdict]
  const size = actual === null ? 1 : actual / (1 + Math.abs(actual))
  return 4 * rank + (max === undefined ? -size : size)
}

/** The figures of one arm that a threshold speaks of, of all repetitions. */
function selected(name: string, bounds: SeriesSubject, arms: readonly ArmOutcome[]): FoundFigure[] {
  return arms.filter((arm) => arm.name === name).flatMap((arm) => figuresIn(arm, bounds).figures)
}

/** Repetitions that lack a figure: a kind of request that nobody made in one of them is no gap, a page that was not read is. */
function lackingIn(
  name: string,
  own: readonly FoundFigure[],
  bounds: SeriesSubject,
  arms: readonly ArmOutcome[],
): string[] {
  return arms
    .filter((arm) => arm.name === name)
    .flatMap((arm) => {
      const label = `${name} #${arm.repetition}`
      const mine = own.filter(({ repetition }) => repetition === arm.repetition)
      const unknown = mine.find(({ reading }) => reading.value === null)
      if (unknown !== undefined) return [`${label}: ${unknown.why ?? 'there is no figure'}`]
      if (mine.length > 0) return []
      const isCounted = figuresIn(arm, { ...bounds, where: {} }).figures.some(({ reading }) => reading.value !== null)
      return isCounted && own.length > 0 ? [] : [`${label}: ${figuresIn(arm, bounds).why}`]
    })
    .concat(arms.some((arm) => arm.name === name) ? [] : [`${name} did not run`])
}

function whyNone(name: string, bounds: SeriesSubject, arms: readonly ArmOutcome[]): string | undefined {
  const own = arms.filter((arm) => arm.name === name)
  const [first] = own
  return first === undefined ? `${name} did not run` : `${name} #${first.repetition}: ${figuresIn(first, bounds).why}`
}

function sampleOfStop(name: string, { probe, stop }: StopSubject, arms: readonly ArmOutcome[]): Sample | null {
  const repetitions = arms.filter((arm) => arm.name === name)
  return sampleOf(repetitions.flatMap((arm) => readingOf(arm, probe, stop) ?? []))
}

/** A step's time, by its kind's own reading of it. */
function readingOf(arm: ArmOutcome, stepName: string, stop: string): Reading | undefined {
  const step = arm.steps.find(({ name }) => name === stepName)
  if (step === undefined) return undefined
  const kind = kindOf(step, stepKinds)
  const own = outcomesOf(arm, kind)
  return kind.outcome.readingOf(
    own,
    own.findIndex(({ name }) => name === stepName),
    stop,
  )
}

/** What there is no figure of, in words. */
function missingIn(name: string, { probe, stop }: StopSubject, arms: readonly ArmOutcome[]): string[] {
  const repetitions = arms.filter((arm) => arm.name === name)
  if (repetitions.length === 0) return [`${name} did not run`]
  return repetitions.flatMap((arm) => {
    const reading = readingOf(arm, probe, stop)
    const label = `${name} #${arm.repetition}`
    if (reading === undefined)
      return [
        arm.steps.some((step) => step.name === probe)
          ? `${label} ${probe} has no ${stop}`
          : `${label} did not run ${probe}`,
      ]
    return reading.value === null ? [`${label} did not reach ${stop} of ${probe}`] : []
  })
}

/** `tuned rollout available at most 9.00 s` */
function nameOf(
  subject: string,
  { of, min, max }: Pick<Bounds, 'of' | 'min' | 'max'>,
  format: (value: number) => string,
): string {
  const shown = (value: number) => (typeof of === 'string' ? format(value) : `${value}`)
  const whole = typeof of === 'string' ? `${of} ${subject}` : `${subject}, ${of[0]} / ${of[1]}`
  if (min !== undefined && max !== undefined) return `${whole} between ${shown(min)} and ${shown(max)}`
  const end = [min === undefined ? [] : `at least ${shown(min)}`, max === undefined ? [] : `at most ${shown(max)}`]
  return [whole, ...end.flat()].join(' ')
}
