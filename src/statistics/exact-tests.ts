import { sumOf } from '../base/sum.ts'

/** With more pairs, or more runs of both arms, all arrangements are too many to look at, and a t interval needs no help. */
const mostPairs = 16
const mostRuns = 60

/** Sums of the same figures in another order differ by their rounding. */
const rounding = 1e-9

/**
 * Two-sided p of the differences' mean being zero, by turning the signs of all of them in every way (Fisher's randomization test; Pitman
 * 1937). The smallest p of n pairs is 2 / 2^n. Null with more than 16 pairs.
 */
export function signFlip(differences: readonly number[]): number | null {
  if (differences.length > mostPairs) return null
  const sizes = differences.map(Math.abs)
  const least = Math.abs(sumOf(differences)) - rounding * sumOf(sizes)
  const countFrom = (index: number, sum: number): number => {
    const size = sizes[index]
    if (size === undefined) return Math.abs(sum) >= least ? 1 : 0
    return countFrom(index + 1, sum + size) + countFrom(index + 1, sum - size)
  }
  return countFrom(0, 0) / 2 ** sizes.length
}

/**
 * Two-sided p of the Mann-Whitney U test, exactly, ties included: of all ways to deal the ranks to the arms, the share whose rank sum is as
 * far from the middle. Infinity is a value like any other: something that never happened. The smallest p of 4 and 4 is 2 / 70. Null with
 * more than 60 runs.
 */
export function mannWhitney(baseline: readonly number[], other: readonly number[]): number | null {
  const pooled = [...baseline, ...other]
  if (pooled.length > mostRuns) return null
  // Twice the mean rank of equals: a whole number.
  const ranks = pooled.map(
    (value) => pooled.filter((one) => one < value).length + pooled.filter((one) => one <= value).length + 1,
  )
  const middle = (baseline.length * sumOf(ranks)) / pooled.length
  const observed = Math.abs(sumOf(ranks.slice(0, baseline.length)) - middle)
  const sums = rankSums(ranks, baseline.length)
  const asFar = [...sums].filter(([sum]) => Math.abs(sum - middle) >= observed - rounding)
  return sumOf(asFar.map(([, ways]) => ways)) / sumOf([...sums.values()])
}

/** In how many ways `count` of the ranks come to each sum. */
function rankSums(ranks: readonly number[], count: number): ReadonlyMap<number, number> {
  const ways = Array.from({ length: count + 1 }, () => new Map<number, number>())
  ways[0]?.set(0, 1)
  for (const rank of ranks) {
    // From many to few, so that no rank is taken twice.
    for (let taken = count; taken > 0; taken--) {
      const into = ways[taken]
      for (const [sum, number] of ways[taken - 1] ?? []) into?.set(sum + rank, (into.get(sum + rank) ?? 0) + number)
    }
  }
  return ways[count] ?? new Map()
}
