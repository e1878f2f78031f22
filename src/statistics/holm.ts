/**
 * Which of several hypotheses are rejected if no more than a share `alpha` of such families may hold one false rejection (Holm 1979): the
 * smallest p is held against alpha / n, the next one against alpha / (n - 1), and so on until one is too large. In the order given.
 */
export function holm(pValues: readonly number[], alpha = 0.05): boolean[] {
  const ascending = pValues.map((p, index) => ({ p, index })).toSorted((one, other) => one.p - other.p)
  const firstKept = ascending.findIndex(({ p }, position) => p > alpha / (pValues.length - position))
  const rejected = new Set(ascending.slice(0, firstKept === -1 ? undefined : firstKept).map(({ index }) => index))
  return pValues.map((_, index) => rejected.has(index))
}
