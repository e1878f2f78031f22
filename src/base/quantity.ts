import { parseDurationMs } from './duration.ts'
import { Failure } from './errors.ts'
import { excerpt } from './excerpt.ts'

const binary = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 } as const
const exponents: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }

/**
 * The number in a Kubernetes quantity (apimachinery pkg/api/resource): `10k`, `1.5Gi`, `250m`, `1e3`, `-2`; undefined when it is not one.
 */
export function parseQuantity(text: string): number | undefined {
  const match = /^([-+]?(?:\d+(?:\.\d*)?|\.\d+))(?:[eE]([-+]?\d{1,4})|([KMGTPE]i|[numkMGTPE]))?$/.exec(text)
  if (match === null) return undefined
  const [, digits = '', exponent, suffix] = match
  // What the pattern lets through is a number to JavaScript as well.
  if (suffix !== undefined && suffix in binary) return Number(digits) * binary[suffix as keyof typeof binary]
  // Written out and read, 1.1k is 1100 and not 1100.0000000000002.
  return Number(`${digits}e${exponent ?? (suffix === undefined ? 0 : exponents[suffix])}`)
}

/** A quantity as the API has it; 0 where there is none. Throws `Failure('infrastructure')` for what is no quantity. */
export function quantityOf(given: string | number | undefined): number {
  const quantity = parseQuantity(String(given ?? 0))
  if (quantity === undefined)
    throw new Failure('infrastructure', `${excerpt(String(given))} is not a Kubernetes quantity`)
  return quantity
}

/** A number, or what a quantity says; undefined for anything else. There is no 0 below 0. */
export function numberIn(given: unknown): number | undefined {
  const number = typeof given === 'string' ? parseQuantity(given) : given
  return typeof number === 'number' ? number + 0 : undefined
}

/** A number as YAML has it (1.2, core schema); JavaScript has more, such as 0b10. */
const numberForm = /^\s*(?:[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:e[-+]?\d+)?|0x[\da-f]+|0o[0-7]+)\s*$/i

/** Whether it is a number in quotes: text where a number was meant. */
export function isQuotedNumber(given: unknown): given is string {
  return typeof given === 'string' && numberForm.test(given) && Number.isFinite(Number(given))
}

/** Bytes in a Kubernetes quantity such as `32Gi` or `500M`; undefined when it is not one. */
export function parseBytes(text: string): number | undefined {
  const bytes = parseQuantity(text)
  return bytes === undefined || bytes < 0 ? undefined : Math.round(bytes)
}

/** Bytes of an amount that a plan has: `memory` there lets nothing else through. */
export function bytesOf(amount: string): number {
  const bytes = parseBytes(amount)
  if (bytes === undefined) throw new Error(`${amount} is not an amount of memory`)
  return bytes
}

/** Bytes as people read them: `512 B`, `1.7 MiB`, `2.1 GiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  for (const [suffix, factor] of Object.entries(binary).reverse()) {
    if (bytes >= factor) return `${(bytes / factor).toFixed(1)} ${suffix}B`
  }
  return `${bytes} B`
}

/** What a setting's value lies at on an axis: a number, a duration's seconds, an amount's bytes; undefined for a mere name. */
export function magnitudeOf(value: number | string | boolean): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return undefined
  const durationMs = parseDurationMs(value)
  if (durationMs !== undefined) return durationMs / 1000
  return parseQuantity(value.replace(/(?<=\d(?:[KMGTPE]i|[kMGTPE])?)B$|(?<=\d[kM]?)\/s$/, ''))
}
