import { medianOf } from '../base/median.ts'
import { mannWhitney, signFlip } from '../statistics/exact-tests.ts'
import type { LogDifference, Runs } from '../statistics/log-difference.ts'
import { logDifferenceOf } from '../statistics/log-difference.ts'
import { repetitionsToShow, smallestSeen } from '../statistics/power.ts'
import type { RatioEstimate } from '../statistics/ratio.ts'
import { estimateOf } from '../statistics/ratio.ts'
import type { Reading } from './sample.ts'
import { hindranceOf, sampleOf } from './sample.ts'

/** One run's figure. */
export interface RunReading {
  repetition: number
  reading: Reading
}

/** What is known of how another arm's figure differs from the baseline's. Ratios are other / baseline: of times, more than 1 is slower. */
export type Difference = ShownDifference | NoneShown | OneRun | { kind: 'not-comparable'; reason: string }

/** More than is material, and more than chance accounts for. */
interface ShownDifference {
  kind: 'shown'
  direction: 'more' | 'less'
  /** Null where only the order of the runs is known, as some were not reached. */
  estimate: RatioEstimate | null
  /** Some runs are upper bounds: the difference is at least the estimate's. */
  atLeast: boolean
  /** Of the exact test; null with too few or very many runs, where the interval alone decides. */
  p: number | null
  test: 'sign-flip' | 'mann-whitney' | null
}

/** Not that there is none. */
interface NoneShown {
  kind: 'none-shown'
  /** Null where only the order of the runs is known. */
  estimate: RatioEstimate | null
  /** The least difference that would have been shown in 8 of 10 experiments like this one: 0.12 is 12 %. */
  wouldHaveSeen: number | null
  /** How many repetitions would show 20 % in 8 of 10 experiments; null for more than 1000, or where nobody knows. */
  repetitionsFor20Percent: number | null
}

/** An arm ran once, so nobody knows what is chance. */
interface OneRun {
  kind: 'one-run'
  /** Of the medians. */
  ratio: number
  /** Where every run of one arm is beyond those of the other, by more than is material, and than the clock tells apart. */
  direction: 'more' | 'less' | null
  /** A run is an upper bound: the difference is at least this. */
  atLeast: boolean
}

/** What counts as a difference. */
export interface DifferenceRule {
  /** Less than this share (0.05 is 5 %) is of no interest, however sure. */
  material: number
  /** repetition: the arms took turns, so that a repetition's runs belong together. none: the runs are of unlike results. */
  pairing: 'repetition' | 'none'
  /** Figures closer than this are not told apart, in their own unit; 0 unless given. Of times: `clockResolutionMs`. */
  resolution?: number
  /** With how many others it is made: the interval is so wide that all of them hold together (Bonferroni). 1 unless given. */
  comparisons?: number
  /**
   * Standard deviation of the logarithm of one run's figure, where others tell: a few repetitions that are alike by luck do not make the
   * interval narrower. 0 unless given.
   */
  leastDeviation?: number
}

/** A p above this is chance. */
const alpha = 0.05
/** The fewest with which the tests can have a p below `alpha`. */
const leastPairs = 6
const leastPerArm = 4

/**
 * Whether an arm's figure differs from the baseline's: the one rule for tables, `worse`, what-if and comparisons of results
 * (docs/statistics.md). A difference is shown if the confidence interval of the ratio is clear of 1, the ratio is material, and the exact
 * test, where there are runs enough for it, has a p of at most 0.05. Upper bounds are compared only if one direction is beyond doubt all
 * the same.
 */
export function differenceOf(
  baseline: readonly RunReading[],
  other: readonly RunReading[],
  rule: DifferenceRule,
): Difference {
  const { resolution = 0 } = rule
  const matched = matchedRuns(baseline, other, rule)
  const reason = reasonAgainst(matched, resolution)
  if ([...matched.baseline, ...matched.other].some(({ hindrance }) => hindrance === 'unfinished-start'))
    return notComparable(reason)
  const limits = mapRuns(matched, (reading) => limitsOf(reading, resolution))
  if ([...limits.baseline, ...limits.other].every(({ least, most }) => least === most))
    return (
      differenceAmong(
        mapRuns(limits, ({ most }) => most),
        rule,
      ) ?? notComparable(reason)
    )
  // Each arm may have been anywhere within its limits: as near to the other one as they let it.
  const nearest = {
    more: { ...mapRuns(limits, ({ least }) => least), baseline: limits.baseline.map(({ most }) => most) },
    less: { ...mapRuns(limits, ({ most }) => most), baseline: limits.baseline.map(({ least }) => least) },
  }
  for (const direction of ['more', 'less'] as const) {
    const found = differenceAmong(nearest[direction], rule)
    if (found !== null && 'direction' in found && found.direction === direction) return { ...found, atLeast: true }
  }
  return notComparable(reason)
}

/** Whether a difference is one in this direction, be it of a single run. */
export function isDifference(difference: Difference, direction: 'more' | 'less'): boolean {
  return 'direction' in difference && difference.direction === direction
}

/** Within what a figure was: at a point, unless it is an upper bound or too small for the clock. */
function limitsOf({ value, least, hindrance }: Reading, resolution: number): { least: number; most: number } {
  const most = value ?? Number.POSITIVE_INFINITY
  if (hindrance === 'machine-bound' || hindrance === 'seen-late') return { least, most }
  return most < resolution ? { least: 0, most: resolution } : { least: most, most }
}

/** Judges figures that are known exactly, Infinity being one that was never reached; null where there is no saying. */
function differenceAmong(values: Matched<number>, rule: DifferenceRule): ShownDifference | NoneShown | OneRun | null {
  const { baseline, other, arePairs } = values
  const n = Math.min(baseline.length, other.length)
  const [before, after] = [medianOf(baseline), medianOf(other)]
  if (before === null || after === null) return null
  if (n < 2) {
    const ratio = after / before
    if (!(ratio > 0) || !Number.isFinite(ratio)) return null
    const isApart = Math.min(...other) > Math.max(...baseline) || Math.max(...other) < Math.min(...baseline)
    const direction = isApart ? directionOf(ratio, before, after, rule) : null
    return { kind: 'one-run', ratio, direction, atLeast: false }
  }
  const pairs = arePairs ? baseline.map((one, index) => [one, other[index] ?? 0] as const) : []
  const runs: Runs = arePairs ? { kind: 'pairs', pairs } : { kind: 'groups', baseline, other }
  const known = logDifferenceOf(runs, rule.leastDeviation)
  if (known === null && n < leastPerArm) return null
  const estimate = estimateOf(known, 1 - alpha / (rule.comparisons ?? 1))
  const isClear = estimate === null || estimate.low > 1 || estimate.high < 1
  const direction = directionOf(estimate?.ratio ?? after / before, before, after, rule)
  const { test, p } = exactTest(values, known)
  if (isClear && direction !== null && (p === null || p <= alpha))
    return { kind: 'shown', direction, estimate, atLeast: false, p, test }
  return {
    kind: 'none-shown',
    estimate,
    wouldHaveSeen: known === null ? null : Math.max(rule.material, smallestSeen(known)),
    repetitionsFor20Percent: known === null ? null : repetitionsToShow(0.2, known),
  }
}

/** Null where a difference is of no interest, or the clock does not tell it. */
function directionOf(
  ratio: number,
  before: number,
  after: number,
  { material, resolution = 0 }: DifferenceRule,
): 'more' | 'less' | null {
  if (Math.abs(after - before) <= resolution) return null
  if (ratio > 1 + material) return 'more'
  return ratio < 1 / (1 + material) ? 'less' : null
}

function exactTest(
  { baseline, other, arePairs }: Matched<number>,
  known: LogDifference | null,
): Pick<ShownDifference, 'test' | 'p'> {
  if (arePairs && known !== null) {
    // Ranks of all runs would take what repetitions differ in for chance.
    if (baseline.length < leastPairs) return { test: null, p: null }
    const p = signFlip(baseline.map((one, index) => Math.log((other[index] ?? 0) / one)))
    return { test: p === null ? null : 'sign-flip', p }
  }
  if (Math.min(baseline.length, other.length) < leastPerArm) return { test: null, p: null }
  const p = mannWhitney(baseline, other)
  return { test: p === null ? null : 'mann-whitney', p }
}

/** What keeps either arm from being compared, as a sentence. */
function reasonAgainst({ baseline, other }: Matched, resolution: number): string {
  const [first, second] = [baseline, other].map((readings) => hindranceOf(sampleOf(readings), resolution))
  if (first !== null && first === second) return `each ${first}`
  if (first !== null) return `the baseline ${first}`
  return second === null ? 'one of them is zero' : `it ${second}`
}

function notComparable(reason: string): Difference {
  return { kind: 'not-comparable', reason }
}

function mapRuns<From, To>(runs: Matched<From>, change: (value: From) => To): Matched<To> {
  return { ...runs, baseline: runs.baseline.map(change), other: runs.other.map(change) }
}

interface Matched<Value = Reading> {
  baseline: readonly Value[]
  other: readonly Value[]
  /** The n-th runs of both belong together. */
  arePairs: boolean
}

/** The repetitions that both arms have, in the same order; all runs where they share fewer than two. */
function matchedRuns(
  baseline: readonly RunReading[],
  other: readonly RunReading[],
  { pairing }: DifferenceRule,
): Matched {
  const pairs =
    pairing === 'none'
      ? []
      : baseline.flatMap((one) => {
          const match = other.find(({ repetition }) => repetition === one.repetition)
          return match === undefined ? [] : [[one.reading, match.reading] as const]
        })
  if (pairs.length > 1)
    return { baseline: pairs.map(([one]) => one), other: pairs.map(([, match]) => match), arePairs: true }
  const readings = (runs: readonly RunReading[]) => runs.map(({ reading }) => reading)
  return { baseline: readings(baseline), other: readings(other), arePairs: false }
}
