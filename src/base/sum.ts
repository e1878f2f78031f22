/** The sum of numbers. */
export function sumOf(values: Iterable<number>): number {
  let sum = 0
  for (const value of values) sum += value
  return sum
}

/** Counts `amount` more under a key; what has not been counted yet is none. */
export function countMore<Key>(counts: Map<Key, number>, key: Key, amount = 1): void {
  counts.set(key, amount + (counts.get(key) ?? 0))
}
