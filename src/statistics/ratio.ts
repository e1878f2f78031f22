import type { LogDifference, Pair, Runs } from './log-difference.ts'
import { logDifferenceOf } from './log-difference.ts'
import { quantileOfT, tailOfT } from './student-t.ts'

/** How many times as much another arm's figure is as the baseline's: of times, more than 1 is slower. */
export interface RatioEstimate {
  /** Geometric mean. */
  ratio: number
  /** Ends of the confidence interval; both are `ratio` where nothing varies. */
  low: number
  high: number
  /** 0.95 */
  confidence: number
  /** Pairs, or the runs of the arm that has fewer. */
  n: number
}

export const usualConfidence = 0.95

/**
 * exp(mean of the log ratios), with Student's t interval over the pairs. Null with fewer than two pairs, or a value that is not above
 * zero.
 */
export function ratioOfPairs(pairs: readonly Pair[], confidence = usualConfidence): RatioEstimate | null {
  return estimateOf(logDifferenceOf({ kind: 'pairs', pairs }), confidence)
}

/** The same of runs that share no repetition, as across results: Welch's t interval for the difference of mean logarithms. */
export function ratioOfGroups(
  baseline: readonly number[],
  other: readonly number[],
  confidence = usualConfidence,
): RatioEstimate | null {
  return estimateOf(logDifferenceOf({ kind: 'groups', baseline, other }), confidence)
}

/** The ratio that a difference of logarithms stands for; null for null. */
export function estimateOf(difference: LogDifference | null, confidence = usualConfidence): RatioEstimate | null {
  if (difference === null) return null
  const { mean, standardError, df, n } = difference
  const half = standardError * quantileOfT(1 - (1 - confidence) / 2, df)
  return { ratio: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half), confidence, n }
}

/** What is known of whether an arm is worse than the baseline by more than a margin. */
export interface NotWorse {
  /** pass: it is not. fail: it is. inconclusive: it may be. */
  verdict: 'pass' | 'fail' | 'inconclusive'
  /** Geometric mean. */
  ratio: number
  /** It is below this, with a confidence of 95 %. */
  bound: number
  /** How likely so low a ratio would be if the arm were worse by just the margin. */
  p: number
}

/**
 * Whether `other` is more than `baseline` by no more than `margin` (0.05 is 5 %), by one-sided t tests with 95 % confidence. Null where
 * there are too few runs, or a value is not above zero.
 */
export function notWorse(runs: Runs, margin: number): NotWorse | null {
  const difference = logDifferenceOf(runs)
  if (difference === null) return null
  const { mean, standardError, df } = difference
  const limit = Math.log1p(margin)
  const half = standardError * quantileOfT(usualConfidence, df)
  const verdict = mean + half < limit ? 'pass' : mean - half > limit ? 'fail' : 'inconclusive'
  const isAbove = mean < limit ? 0 : 1
  const p = standardError === 0 ? isAbove : tailOfT((limit - mean) / standardError, df)
  return { verdict, ratio: Math.exp(mean), bound: Math.exp(mean + half), p }
}
