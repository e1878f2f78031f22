import { formatRatio, formatShare } from '../report/format.ts'
import type { RunReading } from '../result/difference.ts'
import type { ThresholdOutcome, Verdict } from '../result/result.ts'
import { holm } from '../statistics/holm.ts'
import type { Runs } from '../statistics/log-difference.ts'
import { notWorse } from '../statistics/ratio.ts'

/** What an arm is set against. */
export type Opponent =
  | { kind: 'arm'; name: string; figures: readonly RunReading[] }
  /** The figures of a saved result. */
  | { kind: 'baseline'; name: string; values: readonly number[] }

type Judged = Pick<ThresholdOutcome, 'verdict' | 'actual' | 'reason' | 'note' | 'p'>

/**
 * Whether an arm is worse than another by more than `margin` (0.05 is 5 %), by a one-sided bound with 95 % confidence. Arms of one run are paired
 * by repetition. Only what is known exactly is compared; `isLessWorse`: of a rate less is worse.
 */
export function judgeNotWorse(
  name: string,
  figures: readonly RunReading[],
  { against, margin, isLessWorse }: { against: Opponent; margin: number; isLessWorse: boolean },
): Judged {
  const open = (reason: string): Judged => ({ verdict: 'inconclusive', actual: null, reason })
  if (isSeveral(figures) || (against.kind === 'arm' && isSeveral(against.figures)))
    return open('it selects several figures of one run: narrow it down with where, or judge each')
  const own = knownOf(figures)
  const other =
    against.kind === 'arm' ? knownOf(against.figures) : new Map(against.values.map((value, index) => [index, value]))
  if (own.size < figures.length || own.size === 0) return open(`not every figure of ${name} is known exactly`)
  if (other.size === 0 || (against.kind === 'arm' && other.size < against.figures.length))
    return open(`not every figure of ${against.name} is known exactly`)
  const turned = (value: number) => (isLessWorse ? 1 / value : value)
  const runs: Runs =
    against.kind === 'arm'
      ? {
          kind: 'pairs',
          pairs: [...own].flatMap(([repetition, value]) => {
            const beside = other.get(repetition)
            return beside === undefined ? [] : [[turned(beside), turned(value)] as const]
          }),
        }
      : { kind: 'groups', baseline: [...other.values()].map(turned), other: [...own.values()].map(turned) }
  const found = notWorse(runs, margin)
  if (found === null) return open('needs at least two runs of each, and figures above 0: repeat it (--repeat 4)')
  const { verdict, ratio, bound, p } = found
  const note = `${runs.kind === 'pairs' ? `${runs.pairs.length} pairs` : `${own.size} runs against ${other.size}`}; below ${formatRatio(bound)} with 95 % confidence`
  const reason =
    verdict === 'inconclusive'
      ? { reason: `may be worse by more than ${formatShare(margin)}: more repetitions would tell` }
      : {}
  return { verdict, actual: ratio, p, note, ...reason }
}

function isSeveral(figures: readonly RunReading[]): boolean {
  return new Set(figures.map(({ repetition }) => repetition)).size < figures.length
}

function knownOf(figures: readonly RunReading[]): Map<number, number> {
  return new Map(
    figures.flatMap(({ repetition, reading: { value, hindrance } }) =>
      value === null || hindrance !== null ? [] : [[repetition, value] as const],
    ),
  )
}

/**
 * The same outcomes, several comparisons held to account together (Holm): of many that ask whether something is worse, some would say so, or
 * say that it is not, by chance.
 */
export function corrected(outcomes: readonly ThresholdOutcome[]): ThresholdOutcome[] {
  const compared = outcomes.filter(({ p }) => p !== undefined)
  if (compared.length < 2) return [...outcomes]
  const of = (verdict: Verdict, share: (p: number) => number) => {
    const shown = holm(compared.map(({ p = 1 }) => share(p)))
    return new Map(compared.map((outcome, index) => [outcome, outcome.verdict === verdict && shown[index] !== true]))
  }
  const [passes, fails] = [of('pass', (p) => p), of('fail', (p) => 1 - p)]
  return outcomes.map((outcome) => {
    if (passes.get(outcome) !== true && fails.get(outcome) !== true) return outcome
    const reason = `shown on its own, but not among ${compared.length} comparisons (Holm): more repetitions would tell`
    return { ...outcome, verdict: 'inconclusive', reason }
  })
}
