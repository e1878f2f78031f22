import { plural } from '../base/count.ts'
import type { Difference } from '../result/difference.ts'
import type { RatioEstimate } from '../statistics/ratio.ts'
import { formatFactor, formatRatio, formatShare, none } from './format.ts'

/** What a difference is in two pieces: how many times as fast the other arm is, or slow, and how well that is known. */
export function differenceText(difference: Difference | null): { figure: string; detail: string } {
  switch (difference?.kind) {
    case undefined:
    case 'not-comparable':
      return { figure: none, detail: '' }
    case 'one-run':
      return {
        figure: `${difference.atLeast ? '≥ ' : ''}${speedup(difference.ratio, difference.direction)}`,
        detail: '',
      }
    case 'shown': {
      const { estimate, direction, atLeast } = difference
      if (estimate === null) return { figure: direction === 'more' ? 'slower' : 'faster', detail: 'by rank alone' }
      const figure = speedup(estimate.ratio, direction)
      return atLeast ? { figure: `≥ ${figure}`, detail: '' } : { figure, detail: intervalText(estimate) }
    }
    case 'none-shown':
      return {
        figure: 'none shown',
        detail: difference.estimate === null ? '' : intervalText(difference.estimate, true),
      }
  }
}

/** `1.12× slower (1.08 to 1.16)`, on one line. */
export function differenceLine(difference: Difference | null): string {
  const { figure, detail } = differenceText(difference)
  return detail === '' ? figure : `${figure} (${detail})`
}

function speedup(ratio: number, direction: 'more' | 'less' | null): string {
  if (direction === null) return '≈ 1×'
  return direction === 'more' ? `${formatRatio(ratio)} slower` : formatRatio(1 / ratio)
}

/** The ends of the interval, of the ratio as it is told: of how many times as fast unless it is slower. */
function intervalText({ ratio, low, high, n }: RatioEstimate, asFast = ratio < 1): string {
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
    difference?.kind === 'none-shown' ? [{ label, ...difference }] : [],
  )
  if (found.length === 0) return []
  const told = found.map(({ label, wouldHaveSeen }) =>
    wouldHaveSeen === null ? label : `${label} (would have seen ${sizeText(wouldHaveSeen)} or more)`,
  )
  const needed = found.flatMap(({ estimate, repetitionsFor20Percent }) =>
    repetitionsFor20Percent !== null && repetitionsFor20Percent > (estimate?.n ?? 0) ? [repetitionsFor20Percent] : [],
  )
  const more = needed.length === 0 ? '' : ` ${plural(Math.max(...needed), 'repetition')} would show 20 %.`
  return [`${arm}: no difference shown in ${told.join(', ')}.${more}`]
}

function isExact(difference: Difference): boolean {
  const estimate = 'estimate' in difference ? difference.estimate : null
  return estimate !== null && estimate.low === estimate.high
}

/** `12 %`, and what is more than twice as much as a factor: `3.40×`. */
function sizeText(share: number): string {
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
      ? ['One run each: ratios have no interval, and what is chance is not known. REPEAT=4 repeats the run.']
      : []),
    ...(isRepeated
      ? [
          `${plural(repetitions, 'repetition')} of each arm. Ratios are geometric means over the repetitions, with 95 % intervals; less than ${formatShare(material)} counts as no difference.`,
        ]
      : []),
    ...(evidence === 'simulated' && differences.some(isExact)
      ? [
          'Where repetitions are alike, the simulation leaves nothing to chance: the ratio has no interval, and is the model’s.',
        ]
      : []),
    // A simulation starts afresh with each arm.
    ...(isRepeated && evidence === 'measured' && repetitions % 2 === 1
      ? ['An odd number of repetitions: drift of the machine does not cancel, as it does with an even number.']
      : []),
  ]
}
