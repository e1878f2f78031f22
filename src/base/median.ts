/** The middle of `values`, the mean of the two middle ones when their number is even; null when there are none. */
export function medianOf(values: readonly number[]): number | null {
  const ascending = values.toSorted((left, right) => left - right)
  const upper = ascending[Math.floor(ascending.length / 2)]
  const lower = ascending[Math.floor((ascending.length - 1) / 2)]
  return upper === undefined || lower === undefined ? null : (lower + upper) / 2
}
