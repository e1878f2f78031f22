import { mean, sampleVariance } from 'simple-statistics'
import { sumOf } from '../base/sum.ts'
import { tailOfT } from './student-t.ts'

/** Where a series goes on at another level. */
export interface ChangePoint {
  /** Of the first value at the new level. */
  index: number
  /** Mean from the change before to this one, and from here to the next. */
  before: number
  after: number
  p: number
}

/**
 * Where a series changes its level: E-divisive (Matteson and James 2014) with Student's t test in place of permutations, then without the
 * changes that are not significant between their neighbours (Fleming et al. 2023), as Apache Otava does it. Otava's sliding window is left
 * out: it is for series of many hundred values.
 */
export function changePoints(
  values: readonly number[],
  { mostP = 0.001, leastChange = 0 }: { mostP?: number; leastChange?: number } = {},
): ChangePoint[] {
  // Weak ones at first: a change may only be significant once another one is known.
  const found = splits(values, Math.min(1, 10 * mostP))
  for (;;) {
    const points = pointsAt(values, found)
    const [weakest] = points.toSorted((one, other) => other.p - one.p)
    const [smallest] = points.toSorted((one, other) => sizeOf(one) - sizeOf(other))
    if (weakest === undefined || smallest === undefined) return []
    const isSignificant = weakest.p <= mostP
    if (isSignificant && sizeOf(smallest) >= leastChange) return points
    found.splice(found.indexOf(isSignificant ? smallest.index : weakest.index), 1)
  }
}

/** By how much the level changes, as a share of the lower one. */
function sizeOf({ before, after }: ChangePoint): number {
  const lower = Math.min(Math.abs(before), Math.abs(after))
  return lower === 0 ? Number.POSITIVE_INFINITY : Math.abs(after - before) / lower
}

/** Divides the series where the two sides are least alike, then its parts, as long as a t test tells them apart; ascending. */
function splits(values: readonly number[], mostP: number): number[] {
  const found: number[] = []
  for (;;) {
    const candidates = segmentsAt(values, found).flatMap(({ start, end }) => leastAlike(values, start, end) ?? [])
    const [best] = candidates.toSorted((one, other) => other.distance - one.distance)
    if (best === undefined) return found
    const { start, end, index } = best
    if (pOf(values.slice(start, index), values.slice(index, end)) > mostP) return found
    found.push(index)
    found.sort((one, other) => one - other)
  }
}

function segmentsAt(values: readonly number[], points: readonly number[]): { start: number; end: number }[] {
  const edges = [0, ...points, values.length]
  return edges.slice(1).map((end, index) => ({ start: edges[index] ?? 0, end }))
}

function pointsAt(values: readonly number[], points: readonly number[]): ChangePoint[] {
  const segments = segmentsAt(values, points).map(({ start, end }) => values.slice(start, end))
  return points.map((index, position) => {
    const [left = [], right = []] = segments.slice(position, position + 2)
    return { index, before: mean(left), after: mean(right), p: pOf(left, right) }
  })
}

/**
 * The split with the largest energy distance between the values from `start` on and those that follow, be they to the end or to some value
 * before it: Otava's Q(tau, kappa).
 */
function leastAlike(values: readonly number[], start: number, end: number) {
  let best: { start: number; end: number; index: number; distance: number } | undefined
  for (let index = start + 1; index < end; index++) {
    const left = values.slice(start, index)
    const n = left.length
    const withinLeft = sumOf(left.map((value, position) => distanceTo(value, left.slice(0, position))))
    let [between, withinRight] = [0, 0]
    for (let last = index; last < end; last++) {
      const value = values[last] ?? 0
      const m = last - index + 1
      between += distanceTo(value, left)
      withinRight += distanceTo(value, values.slice(index, last))
      const perPair = (sum: number, count: number) => (count < 2 ? 0 : (2 * sum) / (count * (count - 1)))
      const apart = (2 * between) / (n * m) - perPair(withinLeft, n) - perPair(withinRight, m)
      const distance = ((n * m) / (n + m)) * apart
      if (best === undefined || distance > best.distance) best = { start, end, index, distance }
    }
  }
  return best
}

function distanceTo(value: number, others: readonly number[]): number {
  return sumOf(others.map((other) => Math.abs(value - other)))
}

/** Two-sided p of Student's t test with a common variance; a side may be a single value. */
function pOf(left: readonly number[], right: readonly number[]): number {
  const df = left.length + right.length - 2
  if (df < 1) return 1
  const squares = sumOf([left, right].map((side) => (side.length < 2 ? 0 : sampleVariance(side) * (side.length - 1))))
  const difference = Math.abs(mean(left) - mean(right))
  const standardError = Math.sqrt((squares / df) * (1 / left.length + 1 / right.length))
  if (standardError === 0) return difference === 0 ? 1 : 0
  return 2 * tailOfT(difference / standardError, df)
}
