import type { Random } from '../base/random.ts'

/** A number from the normal distribution of mean 0 and standard deviation 1 (Box and Muller 1958). */
function normalFrom(random: Random): number {
  const share = () => (random.integer(0, 2 ** 31 - 2) + 1) / 2 ** 31
  return Math.sqrt(-2 * Math.log(share())) * Math.cos(2 * Math.PI * share())
}

/** So many figures around `level`, their logarithms normal with this standard deviation: 0.05 is about 5 %. */
export function noisy(random: Random, count: number, level: number, spread: number): number[] {
  return Array.from({ length: count }, () => level * Math.exp(spread * normalFrom(random)))
}
