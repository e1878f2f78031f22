import { formatCount } from './count.ts'
import { excerpt } from './excerpt.ts'
import { similarTo } from './similar.ts'

/** The first few names, and how many more there are: `a, b and 3 more`. */
export function formatNames(names: readonly string[], most = 8): string {
  const shown = names.slice(0, most).join(', ')
  return names.length <= most ? shown : `${shown} and ${formatCount(names.length - most)} more`
}

/** Names to choose from: `a, b or c`; more than `most` of them are not listed. */
export function formatChoice(names: readonly string[], most = names.length): string {
  return names.length > most ? formatNames(names, most) : joined(names, 'or')
}

/** All of several phrases: `a, b and c`. */
export function formatList(phrases: readonly string[]): string {
  return joined(phrases, 'and')
}

function joined(items: readonly string[], word: 'and' | 'or'): string {
  return [items.slice(0, -1).join(', '), ...items.slice(-1)].filter((part) => part !== '').join(` ${word} `)
}

/** `; did you mean tuned?` where a name is close to others, and nothing where it is not. */
export function didYouMean(name: string, candidates: readonly string[]): string {
  const close = similarTo(name, candidates).slice(0, 3)
  return close.length === 0 ? '' : `; did you mean ${formatChoice(close.map((candidate) => excerpt(candidate)))}?`
}
