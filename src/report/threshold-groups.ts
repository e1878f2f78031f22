import { formatCount } from '../base/count.ts'
import type { ThresholdOutcome } from '../result/result.ts'
import { formatActual } from './format.ts'

/** Those of one threshold that are met, where it has several outcomes: what they are counted as. */
export interface MetTogether {
  group: string
  /** `41 met`, `41 met of 43` */
  count: string
  /** The furthest of their figures towards the limit; undefined where there is none. */
  furthest: string | undefined
}

/** A line of a list of thresholds. */
export type ThresholdLine = { outcome: ThresholdOutcome } | { met: MetTogether }

/**
 * Thresholds as lists show them: what is missed or inconclusive in full, what is met in one line for each threshold that has several
 * outcomes, and everything in the order of the plan.
 */
export function thresholdLines(outcomes: readonly ThresholdOutcome[]): ThresholdLine[] {
  const groups = Map.groupBy(outcomes, (outcome) => keyOf(outcome) ?? outcome)
  return [...groups.values()].flatMap((all): ThresholdLine[] => {
    const met = all.filter(({ verdict }) => verdict === 'pass')
    const [first] = met
    if (first?.group === undefined || met.length === 1) return all.map((outcome) => ({ outcome }))
    const open = all.filter(({ verdict }) => verdict !== 'pass')
    const of = open.length === 0 ? '' : ` of ${formatCount(all.length)}`
    const together = { group: first.group, count: `${formatCount(met.length)} met${of}`, furthest: furthestOf(met) }
    return [...open.map((outcome) => ({ outcome })), { met: together }]
  })
}

/** Thresholds of two files may be called the same. */
function keyOf({ group, place }: ThresholdOutcome): string | undefined {
  return group === undefined ? undefined : [group, place?.file, place?.line].join('\n')
}

function furthestOf(met: readonly ThresholdOutcome[]): string | undefined {
  const known = met.filter(({ actual }) => actual !== null)
  const isAtMost = known.every(({ max }) => max !== undefined)
  const [furthest] = known.toSorted((one, other) => ((other.actual ?? 0) - (one.actual ?? 0)) * (isAtMost ? 1 : -1))
  return furthest === undefined ? undefined : formatActual(furthest)
}

/** What is said below a threshold: why it is not met, and of what its figure was taken. */
export function remarksOn({ reason, note }: Pick<ThresholdOutcome, 'reason' | 'note'>): string[] {
  return [reason, note].filter((text) => text !== undefined)
}
