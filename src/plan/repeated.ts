import { excerpt } from '../base/excerpt.ts'
import type { SchemaProblem } from '../base/schema-problems.ts'

/** Every item whose key another one has had before it. */
export function repeated<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  pathOf: (index: number) => SchemaProblem['path'],
  message: (key: string) => string,
): SchemaProblem[] {
  const seen = new Set<string>()
  return items.flatMap((item, index) => {
    const key = keyOf(item)
    if (seen.has(key)) return [{ path: pathOf(index), message: message(excerpt(key)) }]
    seen.add(key)
    return []
  })
}
