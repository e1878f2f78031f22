import { sumOf } from '../base/sum.ts'

/**
 * Divides `total` things by shares that add up to 1, rounded by the largest remainder; of equal remainders the earlier share
 * wins. A quarter, a quarter and a half of 50 namespaces are 13, 12 and 25.
 */
export function divideByShares(total: number, parts: readonly { share: number }[]): number[] {
  const divided = parts.map(({ share }) => {
    const exact = share * total
    // A share such as 0.07 has no exact binary form: 100 of it are 7.000000000000001.
    const whole = Math.floor(exact + 1e-9)
    return { whole, remainder: exact - whole }
  })
  const left = total - sumOf(divided.map(({ whole }) => whole))
  // Sorting keeps the order of equals.
  const byRemainder = divided.toSorted((one, other) => other.remainder - one.remainder)
  const winners = new Set(byRemainder.slice(0, Math.max(0, left)))
  return divided.map((part) => part.whole + (winners.has(part) ? 1 : 0))
}
