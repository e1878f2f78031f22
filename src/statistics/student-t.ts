import { gammaln } from 'simple-statistics'

/** Where neither a sum nor a search changes a figure that anybody reads. */
const tolerance = 1e-12
const mostTerms = 500

/** P(T > t) for Student's t with `df` degrees of freedom, which need not be whole: DLMF 8.17 by way of the incomplete beta function. */
export function tailOfT(t: number, df: number): number {
  if (t === 0) return 0.5
  const beyond = 0.5 * incompleteBeta(df / (df + t * t), df / 2, 0.5)
  return t > 0 ? beyond : 1 - beyond
}

/** The t that a share of `probability`, from 0.5 up to below 1, lies below. */
export function quantileOfT(probability: number, df: number): number {
  if (!Number.isInteger(df)) return searchedQuantile(probability, df)
  const key = `${probability} ${df}`
  const known = knownQuantiles.get(key) ?? searchedQuantile(probability, df)
  knownQuantiles.set(key, known)
  return known
}

/** Of whole degrees of freedom, which a search for a number of repetitions asks for again and again. */
const knownQuantiles = new Map<string, number>()

/** Found by halving: simple-statistics has no distribution of t. */
function searchedQuantile(probability: number, df: number): number {
  const tail = 1 - probability
  let [low, high] = [0, 1]
  while (tailOfT(high, df) > tail) [low, high] = [high, 2 * high]
  while (high - low > 1e-9 * high) {
    const middle = (low + high) / 2
    if (tailOfT(middle, df) > tail) low = middle
    else high = middle
  }
  return high
}

/** The regularized incomplete beta function I_x(a, b), by the continued fraction of DLMF 8.17.22. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  // The fraction converges quickly on one side only; I_x(a, b) = 1 - I_(1-x)(b, a) is DLMF 8.17.4.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const logFactor = gammaln(a + b) - gammaln(a) - gammaln(b) + a * Math.log(x) + b * Math.log1p(-x)
  return (Math.exp(logFactor) / a) * continuedFraction(x, a, b)
}

/** 1 / (1 + d1/(1 + d2/(1 + ...))), by Lentz's method as modified by Thompson and Barnett (1986). */
function continuedFraction(x: number, a: number, b: number): number {
  const apart = (value: number) =>
    Math.abs(value) < Number.MIN_VALUE / tolerance ? Number.MIN_VALUE / tolerance : value
  let numerator = 1
  let denominator = 1 / apart(1 - ((a + b) * x) / (a + 1))
  let value = denominator
  for (let m = 1; m < mostTerms; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    let change = 1
    for (const term of [even, odd]) {
      denominator = 1 / apart(1 + term * denominator)
      numerator = apart(1 + term / numerator)
      change = denominator * numerator
      value *= change
    }
    if (Math.abs(change - 1) < tolerance) break
  }
  return value
}
