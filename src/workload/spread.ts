import type { Random } from '../base/random.ts'
import { sumOf } from '../base/sum.ts'

/**
 * `total` things in proportion to `weights`, whole numbers of which at least one is above 0, by the largest remainder; of
 * equal remainders the earlier wins. Whole numbers throughout, so that the sum is exact.
 */
export function inProportion(total: number, weights: readonly number[]): number[] {
  const sum = sumOf(weights)
  const counts = weights.map((weight) => Math.floor((total * weight) / sum))
  const winners = weights
    .map((weight, index) => ({ index, remainder: (total * weight) % sum }))
    .sort((one, other) => other.remainder - one.remainder || one.index - other.index)
    .slice(0, total - sumOf(counts))
  for (const { index } of winners) counts[index] = (counts[index] ?? 0) + 1
  return counts
}

/** `total` things thrown at random, where `weights` say how big a target each place is: whole numbers, not all 0. */
export function atRandom(total: number, weights: readonly number[], random: Random): number[] {
  const places = weights.flatMap((weight, place) => new Array<number>(weight).fill(place))
  const counts = weights.map(() => 0)
  for (let thrown = 0; thrown < total; thrown++) {
    const place = places[random.integer(0, places.length - 1)] ?? 0
    counts[place] = (counts[place] ?? 0) + 1
  }
  return counts
}

/** Which of `length` things are among `total` drawn at random: as many `true` as there are to draw, at most all. */
export function drawn(total: number, length: number, random: Random): boolean[] {
  let missing = Math.min(total, length)
  return Array.from({ length }, (_, index) => {
    // Each is taken with the chance that what is missing has among what is left, which ends at exactly `total`.
    const isDrawn = random.integer(1, length - index) <= missing
    if (isDrawn) missing--
    return isDrawn
  })
}
