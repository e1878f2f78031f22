import { excerpt } from './excerpt.ts'

/** How a value looks in a message: `5`, `"fast"`, `a map`; what lists and maps hold is nobody's business. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return JSON.stringify(excerpt(value))
  if (typeof value !== 'object' || value === null) return String(value)
  return Array.isArray(value) ? 'a list' : 'a map'
}
