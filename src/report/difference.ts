import { plural } from '../base/count.ts'
import type { Difference } from '../result/difference.ts'
import type { RatioEstimate } from '../statistics/ratio.ts'
import { formatFactor, formatRatio, formatShare, none } from './format.ts'

/**
 * What a difference is in two pieces: how many times as fast the other arm is, or slow, and how well that is known. Of what is no time, how
 * many times as much.
 */
export function differenceText(
  difference: Difference | null,
  of: 'time' | 'amount' = 'time',
): { figure: string; detail: string } {
  switch (difference?.kind) {
    case undefined:
    case 'not-comparable':
      return { figure: none, detail: '' }
    case 'one-run':
      return {
        figure: `${difference.atLeast ? '≥ ' : ''}${sized(difference.ratio, difference.direction, of)}`,
        detail: '',
      }
    case 'shown': {
      const { estimate, direction, atLeast } = difference
      if (estimate === null) {
        const [more, less] = of === 'time' ? ['slower', 'faster'] : ['more', 'less']
        return { figure: direction === 'more' ? more : less, detail: 'by rank alone' }
      }
      const figure = sized(estimate.ratio, direction, of)
      return atLeast
        ? { figure: `≥ ${figure}`, detail: '' }
        : { figure, detail: intervalText(estimate, of === 'time' && estimate.ratio < 1) }
    }
    case 'none-shown':
      if (isTheSame(difference)) return { figure: 'the same', detail: '' }
      return {
        figure: 'none shown',
        detail: difference.estimate === null ? '' : intervalText(difference.estimate, of === 'time'),
      }
  }
}

/** `1.12× slower (1.08 to 1.16)`, on one line. */
export function differenceLine(difference: Difference | null, of: 'time' | 'amount' = 'time'): string {
  const { figure, detail } = differenceText(difference, of)
  return detail === '' ? figure : `${figure} (${detail})`
}

function sized(ratio: number, direction: 'more' | 'less' | null, of: 'time' | 'amount'): string {
  if (direction === null) return '≈ 1×'
  if (of === 'amount') return `${formatRatio(ratio)} as much`
  return direction === 'more' ? `${formatRatio(ratio)} slower` : `${formatRatio(1 / ratio)} faster`
}

/** The ends of the interval, of the ratio as it is told: of how many times as fast unless it is slower. */
function intervalText({ low, high, n }: RatioEstimate, asFast: boolean): string {
  if (low === high) return n === 2 ? 'both alike' : `all ${n} alike`
  const [from, to] = asFast ? [1 / high, 1 / low] : [low, high]
  return `${formatFactor(from)} to ${formatFactor(to)}`
}

/** A figure, as a sentence calls it, and what an experiment says of it. */
export interface NamedDifference {
  label: string
  difference: Difference | null
}

/**
 * Of what no difference is shown, how large one would have had to be, and how many repetitions would show 20 %: sentences to stand below a
 * table.
 */
export function nothingShown(differences: readonly NamedDifference[], arm: string): string[] {
  const found = differences.flatMap(({ label, difference }) =>
    difference?.kind === 'none-shown' && !isTheSame(difference) ? [{ label, ...difference }] : [],
  )
  if (found.length === 0) return []
  const told = found.map(({ label, wouldHaveSeen }) =>
    wouldHaveSeen === null ? label : `${label} (${sizeText(wouldHaveSeen)} or more would have been seen)`,
  )
  const needed = found.flatMap(({ estimate, repetitionsFor20Percent }) =>
    repetitionsFor20Percent !== null && repetitionsFor20Percent > (estimate?.n ?? 0) ? [repetitionsFor20Percent] : [],
  )
  const more = needed.length === 0 ? '' : ` ${plural(Math.max(...needed), 'repetition')} would show 20 %.`
  return [`${arm}: no difference shown in ${told.join(', ')}.${more}`]
}

/** Whether every run of both gave the same figure, as in a simulation that leaves nothing to chance. */
export function isTheSame(difference: Difference): boolean {
  if (difference.kind !== 'none-shown' || difference.estimate === null) return false
  return isExact(difference) && Math.abs(difference.estimate.ratio - 1) < sameWithin
}

const sameWithin = 1e-6

function isExact(difference: Difference): boolean {
  const estimate = 'estimate' in difference ? difference.estimate : null
  return estimate !== null && estimate.low === estimate.high
}

/** A difference as a share: `12 %`; what is more than twice as much as a factor: `3.40×`. */
export function sizeText(share: number): string {
  return share < 1 ? formatShare(share) : formatRatio(1 + share)
}

/** What readers have to know of how often the arms ran. */
export function repetitionsInWords(
  differences: readonly Difference[],
  { repetitions, material, evidence }: { repetitions: number; material: number; evidence: 'measured' | 'simulated' },
): string[] {
  const isOneRun = differences.some(({ kind }) => kind === 'one-run')
  const isRepeated = differences.some(({ kind }) => kind === 'shown' || kind === 'none-shown')
  return [
    ...(isOneRun
      ? [
          'One run each: ratios have no interval, and chance cannot be ruled out. Repeat the run with --repeat 4 (make: REPEAT=4).',
        ]
      : []),
    ...(isRepeated
      ? [
          `${plural(repetitions, 'repetition')} of each arm. Ratios are geometric means over the repetitions, with 95 % intervals; less than ${formatShare(material)} counts as no difference.`,
        ]
      : []),
    ...(evidence === 'simulated' && differences.some(isExact)
      ? ['Where all repetitions of a simulation are the same, chance plays no part: the ratio has no interval.']
      : []),
    // A simulation starts afresh with each arm.
    ...(isRepeated && evidence === 'measured' && repetitions % 2 === 1
      ? ['An odd number of repetitions: machine drift does not cancel out, as it would with an even number.']
      : []),
  ]
}
