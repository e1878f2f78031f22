import { withEntities } from '../base/entities.ts'
import { printable } from '../base/printable.ts'

/** Text that is markup already and goes into a document as it stands. */
export interface Markup {
  readonly markup: string
}

/** What a template accepts: text is escaped, markup is not, lists are joined, nothing is left out. */
export type Content = string | number | Markup | null | undefined | false | readonly Content[]

/** Takes text as markup: only for what this program has made itself. */
export function raw(text: string): Markup {
  return { markup: text }
}

/** Template tag for HTML and XML: whatever is interpolated is escaped unless it is markup itself. */
export function markup(literals: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return raw(literals.map((literal, index) => literal + flatten(values[index])).join(''))
}

function flatten(value: Content): string {
  if (value === null || value === undefined || value === false) return ''
  if (typeof value === 'string') return withEntities(printable(value))
  if (typeof value === 'number') return String(value)
  return 'markup' in value ? value.markup : value.map(flatten).join('')
}
