/**
 * Divides `total` things by shares that add up to 1, rounded by the largest remainder; of equal remainders the earlier share
 * wins. A quarter, a quarter and a half of 50 namespaces are 13, 12 and 25 (requirements R2).
 */
export function divideByShares(total: number, parts: readonly { share: number }[]): number[] {
  const exact = parts.map(({ share }) => share * total)
  // A share such as 0.07 has no exact binary form: 100 of it are 7.000000000000001.
  const whole = exact.map((value) => Math.floor(value + 1e-9))
  const left = total - whole.reduce((sum, value) => sum + value, 0)
  const winners = exact
    .map((value, index) => ({ index, remainder: value - (whole[index] ?? 0) }))
    .sort((one, other) => other.remainder - one.remainder || one.index - other.index)
    .slice(0, Math.max(0, left))
  for (const { index } of winners) whole[index] = (whole[index] ?? 0) + 1
  return whole
}
