import type { LogDifference } from './log-difference.ts'
import { usualConfidence } from './ratio.ts'
import { quantileOfT } from './student-t.ts'

/** A difference that is there should be found this often. */
const power = 0.8
const mostRepetitions = 1000
/** The standard normal quantile of 1 - `power`. */
const z = -0.8416

/**
 * How large a difference has to be to be shown in 8 of 10 experiments like this one, as a share (0.12 is 12 %): the minimum detectable
 * difference of the NIST/SEMATECH e-Handbook, 7.2.2.2, with this experiment's own spread.
 */
export function smallestSeen({ standardError, df }: LogDifference): number {
  return Math.expm1(standardError * quantilesOf(df))
}

/**
 * How many repetitions show a difference of a share (0.2 is 20 %) in at least 8 of 10 experiments; null for more than 1000. An even number,
 * so that drift cancels. Few runs often show less spread than there is, so the spread is taken at its upper 80 % confidence limit (Browne
 * 1995, On the use of a pilot sample for sample size determination).
 */
export function repetitionsToShow(
  share: number,
  { df, standardDeviation, withRepetitions }: LogDifference,
): number | null {
  const most = standardDeviation * Math.sqrt(df / chiSquared(df))
  const isShownBy = (n: number) => {
    const then = withRepetitions(n, most)
    return then.standardError * quantilesOf(then.df) <= Math.log1p(share)
  }
  if (!isShownBy(mostRepetitions)) return null
  let [tooFew, enough] = [0, mostRepetitions]
  while (enough - tooFew > 2) {
    const middle = 2 * Math.round((tooFew + enough) / 4)
    if (isShownBy(middle)) enough = middle
    else tooFew = middle
  }
  return enough
}

function quantilesOf(df: number): number {
  return quantileOfT(1 - (1 - usualConfidence) / 2, df) + quantileOfT(power, df)
}

/** The value that a chi-squared variable falls short of in 2 of 10 cases (Wilson and Hilferty 1931). */
function chiSquared(df: number): number {
  const share = 2 / (9 * df)
  return df * (1 - share + z * Math.sqrt(share)) ** 3
}
