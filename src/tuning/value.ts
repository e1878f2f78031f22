import { formatCount } from '../base/count.ts'
import { parseDurationMs, writeDuration } from '../base/duration.ts'
import { formatChoice } from '../base/names.ts'
import { numberIn } from '../base/quantity.ts'

/**
 * A knob's value in the one spelling that is compared, shown and handed to components: numbers as numbers, durations in one unit (`90s`),
 * everything else as text.
 */
export type KnobValue = number | string | boolean

/** What values a knob takes. */
export type KnobType =
  | { kind: 'whole number'; min: number; max: number }
  /** A flag that Go reads as a float32, negative ones included. */
  | { kind: 'float' }
  | { kind: 'duration'; minMs: number }
  | { kind: 'bytes' }
  /** `what` describes the words where there are too many to list. */
  | { kind: 'word'; words: readonly string[]; what?: string }
  /** `group/resource`, with commas between them. */
  | { kind: 'resources' }
  /** etcd's --auto-compaction-retention: revisions, hours or a period, by its mode. */
  | { kind: 'retention' }
  | { kind: 'switch' }

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
      return isKept ? shortestFloat32(number) : undefined
    }
    case 'duration': {
      const durationMs = durationIn(given)
      return durationMs === undefined || durationMs < type.minMs ? undefined : writeDuration(durationMs)
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
  }
}

/** What a type takes, to go on after "takes". */
export function describeType(type: KnobType): string {
  switch (type.kind) {
    case 'whole number':
      return `a whole number from ${formatCount(type.min)} to ${formatCount(type.max)}`
    case 'float':
      return 'a number that a float32 can hold'
    case 'duration':
      return `a duration with a unit, such as 10s or 1m30s${type.minMs === 0 ? '' : `, of at least ${writeDuration(type.minMs)}`}`
    case 'bytes':
      return 'an amount of bytes, such as 8Gi'
    case 'word':
      return type.what ?? formatChoice(type.words)
    case 'resources':
      return 'resources as group/resource, with commas between them, such as /pods,coordination.k8s.io/leases'
    case 'retention':
      return `a number of revisions, or a period of at least ${writeDuration(shortestRetentionMs)}, such as 1h`
    case 'switch':
      return 'true or false'
  }
}

/** Where a value lies on an axis: a number, seconds, bytes; undefined for a mere name. */
export function magnitudeOfValue(type: KnobType, value: KnobValue): number | undefined {
  if (typeof value === 'number') return value
  if (type.kind !== 'duration' && type.kind !== 'retention') return undefined
  return numberIn(value) ?? durationIn(value)
}

/** Whether two values that were read are the same: lists are whatever their order. */
export function sameValue(type: KnobType, left: KnobValue, right: KnobValue): boolean {
  if (type.kind !== 'resources') return left === right
  const sorted = (value: KnobValue) => String(value).split(',').sort().join(',')
  return sorted(left) === sorted(right)
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
