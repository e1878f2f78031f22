import { formatCount, plural } from '../base/count.ts'
import type { ThresholdOutcome } from '../result/result.ts'
import { formatActual, formatRatio, formatShare } from './format.ts'

/** Those of one threshold that are met, where it has several outcomes: what they are counted as. */
export interface MetTogether {
  group: string
  /** `41 met`, `41 met of 43` */
  count: string
  /** The furthest of their figures towards the limit; undefined where there is none. */
  furthest: string | undefined
  /** How far that one is from the limit. */
  margin: string
}

/** A line of a list of thresholds. */
export type ThresholdLine = { outcome: ThresholdOutcome } | { met: MetTogether }

/**
 * Thresholds as lists show them: first what is missed, then what is inconclusive, then what is met, with one line for each threshold that
 * has several outcomes; otherwise in the order of the plan.
 */
export function thresholdLines(outcomes: readonly ThresholdOutcome[]): ThresholdLine[] {
  const groups = Map.groupBy(outcomes, (outcome) => keyOf(outcome) ?? outcome)
  const lines = [...groups.values()].flatMap((all): ThresholdLine[] => {
    const met = all.filter(({ verdict }) => verdict === 'pass')
    const [first] = met
    if (first?.group === undefined || met.length === 1) return all.map((outcome) => ({ outcome }))
    const open = all.filter(({ verdict }) => verdict !== 'pass')
    const of = open.length === 0 ? '' : ` of ${formatCount(all.length)}`
    const together = { group: first.group, count: `${formatCount(met.length)}${of} met`, ...furthestOf(met) }
    return [...open.map((outcome) => ({ outcome })), { met: together }]
  })
  return lines.toSorted((one, other) => ranks[verdictOf(one)] - ranks[verdictOf(other)])
}

const ranks = { fail: 0, inconclusive: 1, pass: 2 } as const

/** Of one outcome, or of several that are met. */
export function verdictOf(line: ThresholdLine): ThresholdOutcome['verdict'] {
  return 'met' in line ? 'pass' : line.outcome.verdict
}

/** How many thresholds lines stand for that are met: `41 thresholds met`. */
export function metText(outcomes: readonly ThresholdOutcome[]): string {
  const met = outcomes.filter(({ verdict }) => verdict === 'pass').length
  if (met === 2 && outcomes.length === 2) return 'both thresholds met'
  const all = met === outcomes.length && met > 1 ? 'all ' : ''
  return met === 1 && outcomes.length === 1 ? 'the only threshold is met' : `${all}${plural(met, 'threshold')} met`
}

/** How far a figure is from its limit, the nearer one of two: `44 % below`, `12 % over`, `13.8× the limit`; empty where there is no figure. */
export function marginText({
  actual,
  min,
  max,
  verdict,
}: Pick<ThresholdOutcome, 'actual' | 'min' | 'max' | 'verdict'>): string {
  if (actual === null || verdict === 'inconclusive') return ''
  const limits = [min, max].flatMap((limit) => (limit === undefined || limit === 0 ? [] : [limit]))
  const [limit] = limits.toSorted((one, other) => Math.abs(actual - one) - Math.abs(actual - other))
  if (limit === undefined) return ''
  const ratio = actual / limit
  if (ratio >= 2) return `${formatRatio(ratio)} the limit`
  return ratio === 1 ? 'at the limit' : `${formatShare(Math.abs(ratio - 1))} ${ratio > 1 ? 'above' : 'below'}`
}

/** Thresholds of two files may be called the same. */
function keyOf({ group, place }: ThresholdOutcome): string | undefined {
  return group === undefined ? undefined : [group, place?.file, place?.line].join('\n')
}

function furthestOf(met: readonly ThresholdOutcome[]): Pick<MetTogether, 'furthest' | 'margin'> {
  const known = met.filter(({ actual }) => actual !== null)
  const isAtMost = known.every(({ max }) => max !== undefined)
  const [furthest] = known.toSorted((one, other) => ((other.actual ?? 0) - (one.actual ?? 0)) * (isAtMost ? 1 : -1))
  return furthest === undefined
    ? { furthest: undefined, margin: '' }
    : { furthest: formatActual(furthest), margin: marginText(furthest) }
}

/** What is said below a threshold: why it is not met, and of what its figure was taken. */
export function remarksOn({ reason, note }: Pick<ThresholdOutcome, 'reason' | 'note'>): string[] {
  return [reason, note].filter((text) => text !== undefined)
}
