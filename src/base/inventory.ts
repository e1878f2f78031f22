import { plural } from './count.ts'
import { formatNames } from './names.ts'

/** Things of one kind that are to be removed. */
export interface Inventory {
  /** In the singular: `namespace`, `process`. */
  kind: string
  names: readonly string[]
}

/** `2 namespaces`. */
export function countOf({ kind, names }: Inventory): string {
  return plural(names.length, kind, kind.endsWith('s') ? `${kind}es` : `${kind}s`)
}

/** `2 namespaces: a, b`; of many, the first few names. */
export function listOf(inventory: Inventory): string {
  return `${countOf(inventory)}: ${formatNames(inventory.names)}`
}
