import { formatCount } from './count.ts'
import { excerpt } from './excerpt.ts'
import { similarTo } from './similar.ts'

/** The first few names, and how many more there are: `a, b and 3 more`. */
export function formatNames(names: readonly string[], most = 8, between = ', '): string {
  const shown = names.slice(0, most).join(between)
  return names.length <= most ? shown : `${shown} and ${formatCount(names.length - most)} more`
}

/** `; did you mean tuned?` where a name is close to others, and nothing where it is not. */
export function didYouMean(name: string, candidates: readonly string[]): string {
  const close = similarTo(name, candidates).slice(0, 3)
  return close.length === 0 ? '' : `; did you mean ${close.map((candidate) => excerpt(candidate)).join(' or ')}?`
}
