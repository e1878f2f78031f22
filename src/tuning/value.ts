import { formatCount } from '../base/count.ts'
import { parseDurationMs, writeDuration } from '../base/duration.ts'
import { formatChoice } from '../base/names.ts'
import { numberIn } from '../base/quantity.ts'
import { withSortedKeys } from '../base/sorted-keys.ts'
import { isFields } from '../kube/status.ts'

/**
 * A knob's value in the one spelling that is compared, shown and handed to components: numbers as numbers, durations in one unit (`90s`),
 * everything else as text.
 */
export type KnobValue = number | string | boolean

/** What values a knob takes. */
export type KnobType =
  | { kind: 'whole number'; min: number; max: number }
  /** A number that Go reads as a float32, negative ones included where there is no `min`. */
  | { kind: 'float'; min?: number; max?: number }
  /** `orZero`: 0s as well, which stands for something else. */
  | { kind: 'duration'; minMs: number; orZero?: boolean }
  | { kind: 'bytes' }
  /** `what` describes the words where there are too many to list. */
  | { kind: 'word'; words: readonly string[]; what?: string }
  /** `group/resource`, with commas between them. */
  | { kind: 'resources' }
  /** etcd's --auto-compaction-retention: revisions, hours or a period, by its mode. */
  | { kind: 'retention' }
  | { kind: 'switch' }
  /** Any text of one line; a whole number is taken as it is written. */
  | { kind: 'text' }
  /**
   * Items with commas between them, in a plan also as a list; their order does not matter. `form` is that of an item, `what` says it. Its
   * component puts those of `added` to any that it is given.
   */
  | { kind: 'list'; form?: string; what?: string; added?: readonly string[] }
  /** A list or a map of a configuration file, kept as JSON. */
  | { kind: 'structure'; of: 'list' | 'map' }

/** The largest number of a Go int32, in which most whole numbers are kept. */
export const largestInt32 = 2 ** 31 - 1
const largestFloat32 = 3.4028234663852886e38

/**
 * What a knob of this type makes of a value, be it written in a plan, given on the command line or told by a component; undefined for
 * one that it does not take.
 */
export function readValue(type: KnobType, given: unknown): KnobValue | undefined {
  switch (type.kind) {
    case 'whole number': {
      const number = numberIn(given)
      return number !== undefined && Number.isSafeInteger(number) && number >= type.min && number <= type.max
        ? number
        : undefined
    }
    case 'float': {
      const number = numberIn(given)
      // What is too small for a float32 would be 0 there, which means something else.
      const isKept =
        number !== undefined && Math.abs(number) <= largestFloat32 && (number === 0 || Math.fround(number) !== 0)
      const { min = -largestFloat32, max = largestFloat32 } = type
      return isKept && number >= min && number <= max ? shortestFloat32(number) : undefined
    }
    case 'duration': {
      const durationMs = durationIn(given)
      const isRight =
        durationMs !== undefined && (durationMs >= type.minMs || (durationMs === 0 && type.orZero === true))
      return isRight ? writeDuration(durationMs) : undefined
    }
    case 'bytes': {
      const bytes = numberIn(typeof given === 'string' ? given.replace(/(?<=[KMGTPE]i?|k)B$/, '') : given)
      return bytes !== undefined && Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined
    }
    case 'word':
      return typeof given === 'string' && type.words.includes(given) ? given : undefined
    case 'resources':
      return typeof given === 'string' ? resourcesIn(given) : undefined
    case 'retention': {
      const number = numberIn(given)
      if (number !== undefined) return Number.isSafeInteger(number) && number >= 0 ? String(number) : undefined
      const durationMs = durationIn(given)
      return durationMs === undefined || durationMs < shortestRetentionMs ? undefined : writeDuration(durationMs)
    }
    case 'switch':
      if (typeof given === 'boolean') return given
      return given === 'true' || given === 'false' ? given === 'true' : undefined
    case 'text':
      return lineIn(given)
    case 'list': {
      const items = Array.isArray(given) ? given : bareItems(given)
      const lines = items?.map(lineIn)
      const form = new RegExp(`^(?:${type.form ?? '[^,]*'})$`)
      return lines?.every((line) => line !== undefined && form.test(line)) === true ? lines.join(',') : undefined
    }
    case 'structure': {
      const value = typeof given === 'string' ? jsonIn(given) : given
      const isRight = type.of === 'list' ? Array.isArray(value) : isFields(value)
      return isRight && isJson(value) ? JSON.stringify(withSortedKeys(value)) : undefined
    }
  }
}

/** What a type takes, to go on after "takes". */
export function describeType(type: KnobType): string {
  switch (type.kind) {
    case 'whole number':
      return `a whole number from ${formatCount(type.min)} to ${formatCount(type.max)}`
    case 'float':
      return type.min === undefined ? 'a number that a float32 can hold' : `a number from ${type.min} to ${type.max}`
    case 'duration':
      return `${type.orZero === true ? '0s, or ' : ''}a duration with a unit, such as 10s or 1m30s${type.minMs === 0 ? '' : `, of at least ${writeDuration(type.minMs)}`}`
    case 'bytes':
      return 'a size in bytes, such as 8Gi'
    case 'word':
      return type.what ?? formatChoice(type.words)
    case 'resources':
      return 'resources as group/resource, separated by commas, such as /pods,coordination.k8s.io/leases'
    case 'retention':
      return `a number of revisions, or a period of at least ${writeDuration(shortestRetentionMs)}, such as 1h`
    case 'switch':
      return 'true or false'
    case 'text':
      return 'one line of text, in quotes if it looks like a number'
    case 'list':
      return type.what ?? 'a list of items without commas, or items separated by commas'
    case 'structure':
      return `a ${type.of} of values that JSON can hold exactly`
  }
}

/** Where a value lies on an axis: a number, seconds, bytes; undefined for a mere name. */
export function magnitudeOfValue(type: KnobType, value: KnobValue): number | undefined {
  if (typeof value === 'number') return value
  if (type.kind !== 'duration' && type.kind !== 'retention') return undefined
  return numberIn(value) ?? durationIn(value)
}

/**
 * Whether a component's value is the one that was asked for: lists are whatever their order, and what a component adds to a structure by
 * its own defaults does not count.
 */
export function isValueAsked(type: KnobType, effective: KnobValue, asked: KnobValue): boolean {
  if (type.kind === 'structure') return holds(jsonIn(String(effective)), jsonIn(String(asked)))
  if (type.kind !== 'resources' && type.kind !== 'list') return effective === asked
  const itemsOf = (value: KnobValue) => (value === '' ? [] : String(value).split(','))
  const wanted = itemsOf(asked)
  const added = type.kind === 'list' ? (type.added ?? []) : []
  const found = itemsOf(effective).filter((item) => wanted.includes(item) || !added.includes(item))
  return found.sort().join(',') === wanted.sort().join(',')
}

/** Whether all that `asked` says is so in `whole`. */
function holds(whole: unknown, asked: unknown): boolean {
  if (Array.isArray(asked))
    return Array.isArray(whole) && whole.length === asked.length && asked.every((item, at) => holds(whole[at], item))
  if (!isFields(asked)) return whole === asked
  return isFields(whole) && Object.entries(asked).every(([name, value]) => holds(whole[name], value))
}

/** Whether JSON keeps all of a value: of a number that is none, or of a date, it would make something else. */
function isJson(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isJson)
  if (typeof value === 'number')
    return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
  if (isFields(value)) return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isJson)
  return value === null || typeof value === 'string' || typeof value === 'boolean'
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** A scalar as one line of text. */
function lineIn(given: unknown): string | undefined {
  // Of 1.30, YAML leaves 1.3.
  if (typeof given === 'number') return Number.isSafeInteger(given) ? String(given) : undefined
  if (typeof given === 'boolean') return String(given)
  return typeof given === 'string' && !/\p{Cc}/u.test(given) ? given : undefined
}

/** What stands between commas, as a flag has it; `/flagz` puts brackets around it. */
function bareItems(given: unknown): string[] | undefined {
  const line = lineIn(given)?.replace(/^\[(.*)\]$/, '$1')
  return line === undefined ? undefined : line === '' ? [] : line.split(',')
}

/** etcd looks ten times in each period, at once where that is less than it can tell (v3compactor/periodic.go). */
const shortestRetentionMs = 1000

function durationIn(given: unknown): number | undefined {
  return typeof given === 'string' ? parseDurationMs(given) : given === 0 ? 0 : undefined
}

/** As Go writes a float32: with no more digits than tell it from its neighbours. */
function shortestFloat32(number: number): number {
  const kept = Math.fround(number)
  for (let digits = 1; digits < 9; digits++) {
    const shorter = Number(kept.toPrecision(digits))
    if (Math.fround(shorter) === kept) return shorter
  }
  return Number(kept.toPrecision(9))
}

/** kube-apiserver splits at commas, and each part at its slash (apiserver pkg/server/options/etcd.go). */
function resourcesIn(text: string): string | undefined {
  if (text.trim() === '') return ''
  const resources = text.split(',').map((resource) => resource.trim())
  const isRight = resources.every((resource) => /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?\/[a-z0-9]+$/.test(resource))
  return isRight && new Set(resources).size === resources.length ? resources.join(',') : undefined
}
