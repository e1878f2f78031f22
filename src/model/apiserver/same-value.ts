/** Whether two JSON values are the same; what versions share is not looked into. */
export function sameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (Array.isArray(left) !== Array.isArray(right)) return false
  // Compared millions of times: lists of keys would be a fifth of all memory that a run asks for.
  let more = 0
  for (const key in left) {
    if (!Object.hasOwn(right, key)) return false
    if (!sameValue((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key])) return false
    more++
  }
  for (const _ in right) more--
  return more === 0
}
