import { mean, sampleVariance } from 'simple-statistics'
import { sumOf } from '../base/sum.ts'

/** How two arms differ in the logarithm of a figure, and how well that is known. */
export interface LogDifference {
  /** Mean of log(other / baseline). */
  mean: number
  standardError: number
  /** Degrees of freedom of the standard error. */
  df: number
  /** Pairs, or the runs of the arm that has fewer. */
  n: number
  /** What would be known with `n` pairs, or `n` runs of each arm. */
  withRepetitions: (n: number, standardDeviation: number) => { standardError: number; df: number }
  /** Of one pair's log ratio, or of one run's logarithm. */
  standardDeviation: number
}

export type Pair = readonly [baseline: number, other: number]

/** What is compared: repetitions of both arms, run after run; or runs that have nothing to do with one another. */
export type Runs =
  | { kind: 'pairs'; pairs: readonly Pair[] }
  | { kind: 'groups'; baseline: readonly number[]; other: readonly number[] }

/**
 * Null with fewer than two pairs, or fewer than two runs of an arm, or where a value has no logarithm. A run's logarithm is taken to have
 * at least the standard deviation `leastDeviation`.
 */
export function logDifferenceOf(runs: Runs, leastDeviation = 0): LogDifference | null {
  const found = runs.kind === 'pairs' ? ofPairs(runs.pairs) : ofGroups(runs.baseline, runs.other)
  if (found === null) return null
  const least = leastDeviation * (runs.kind === 'pairs' ? Math.SQRT2 : 1)
  if (found.standardDeviation >= least) return found
  return { ...found, standardDeviation: least, ...found.withRepetitions(found.n, least) }
}

/** Standard deviation of the logarithms of figures around the mean of their group, over all groups that have more than one; 0 without. */
export function commonDeviation(groups: readonly (readonly number[])[]): number {
  const repeated = groups.filter((values) => values.length > 1 && values.every(hasLogarithm))
  const df = sumOf(repeated.map(({ length }) => length - 1))
  const squares = sumOf(repeated.map((values) => varianceOf(values.map(Math.log)) * (values.length - 1)))
  return df === 0 ? 0 : Math.sqrt(squares / df)
}

function ofPairs(pairs: readonly Pair[]): LogDifference | null {
  const n = pairs.length
  if (n < 2 || !pairs.flat().every(hasLogarithm)) return null
  const logs = pairs.map(([baseline, other]) => Math.log(other / baseline))
  const standardDeviation = Math.sqrt(varianceOf(logs))
  const withRepetitions = (count: number, deviation: number) => ({
    standardError: deviation / Math.sqrt(count),
    df: count - 1,
  })
  return { mean: mean(logs), n, standardDeviation, withRepetitions, ...withRepetitions(n, standardDeviation) }
}

/** By Welch (1947): the arms' variances may differ. */
function ofGroups(baseline: readonly number[], other: readonly number[]): LogDifference | null {
  const groups = [baseline, other].map((values) => values.map(Math.log))
  const [before = [], after = []] = groups
  const n = Math.min(before.length, after.length)
  if (n < 2 || ![...baseline, ...other].every(hasLogarithm)) return null
  const ofMeans = groups.map((logs) => ({ variance: varianceOf(logs) / logs.length, df: logs.length - 1 }))
  const variance = ofMeans.reduce((sum, one) => sum + one.variance, 0)
  const squares = ofMeans.reduce((sum, one) => sum + one.variance ** 2 / one.df, 0)
  return {
    mean: mean(after) - mean(before),
    standardError: Math.sqrt(variance),
    df: squares === 0 ? before.length + after.length - 2 : variance ** 2 / squares,
    n,
    standardDeviation: Math.sqrt((varianceOf(before) + varianceOf(after)) / 2),
    // Welch's degrees of freedom are never fewer.
    withRepetitions: (count, deviation) => ({ standardError: deviation * Math.sqrt(2 / count), df: count - 1 }),
  }
}

/** Sums round, which must not make a spread of values that are all the same, or all in the same ratio. */
const rounding = 1e-12

function varianceOf(logs: readonly number[]): number {
  const variance = sampleVariance(logs)
  return variance < rounding ** 2 ? 0 : variance
}

function hasLogarithm(value: number): boolean {
  return value > 0 && Number.isFinite(value)
}
