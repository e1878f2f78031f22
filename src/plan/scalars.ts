import { z } from 'zod'
import { formatCount } from '../base/count.ts'
import { parseDurationMs } from '../base/duration.ts'
import { isQuotedNumber, numberIn, parseBytes } from '../base/quantity.ts'
import { shown } from '../base/shown.ts'
import { mostObjects } from './limits.ts'

/** What one value of a plan is. */
interface Scalar<T> {
  /** What is expected, to go on after "expected". */
  what: string
  examples: readonly (string | number)[]
  /** How it looks to an editor; `read` has the last word. */
  form: Readonly<Record<string, unknown>>
  /** Undefined for what it is not. */
  read: (value: unknown) => T | undefined
}

function scalar<T>({ what, examples, form, read }: Scalar<T>) {
  const expected = examples.length === 0 ? what : `${what}, such as ${examples.join(' or ')}`
  return z
    .unknown()
    .meta({ ...form, description: expected, examples })
    .transform((value, context) => {
      const parsed = read(value)
      if (parsed !== undefined) return parsed
      // What is a number without its quotes is one to JavaScript.
      const isQuoted = isQuotedNumber(value) && read(Number(value)) !== undefined
      const hint = isQuoted ? '; write it without quotes' : ''
      context.addIssue({ code: 'custom', message: `expected ${expected}, found ${shown(value)}${hint}` })
      return z.NEVER
    })
}

const quantityForm = /^\+?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+|[KMGTPE]i|[numkMGTPE])$/
const durationForm = /^\+?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/

/** A whole number, also as a quantity: `10k`. Every one has a maximum, so that nothing is laid out that no machine can hold. */
export function wholeNumber(min: number, max: number) {
  return scalar({
    what: `a whole number from ${formatCount(min)} to ${formatCount(max)}`,
    examples: [],
    form: { type: ['integer', 'string'], minimum: min, maximum: max, pattern: quantityForm.source },
    read: (value) => {
      const number = isQuotedNumber(value) ? undefined : numberIn(value)
      return number !== undefined && Number.isInteger(number) && number >= min && number <= max ? number : undefined
    },
  })
}

/** At least one. */
export const count = (max = mostObjects) => wholeNumber(1, max)
/** None, too. */
export const countOrNone = (max = mostObjects) => wholeNumber(0, max)

/** Timers of the machine cannot be set much further ahead than 24 days. */
const longestHours = 24 * 24
const longestMs = longestHours * 3_600_000

const durationAbove = (what: string, leastMs: number) =>
  scalar({
    what: `a duration ${what} with its unit`,
    examples: ['10s', '1m30s'],
    form: { type: 'string', pattern: durationForm.source },
    read: (value) => {
      const durationMs = typeof value === 'string' ? parseDurationMs(value) : undefined
      return durationMs === undefined || durationMs < leastMs || durationMs > longestMs ? undefined : durationMs
    },
  })

/** Milliseconds in a Go duration. */
export const durationMs = durationAbove(`of at most ${longestHours}h`, 0)
/** How long something may take. */
export const timeLimitMs = durationAbove(`of 1ms to ${longestHours}h`, 1)

const largestBytes = 2 ** 60

/** A Kubernetes quantity of bytes; written with the unit's B as well, as in 32GiB, which Kubernetes itself does not take. */
export const memory = scalar({
  what: 'an amount of memory with a unit',
  examples: ['32Gi'],
  form: { type: 'string', pattern: /^\d+(\.\d+)?([KMGTPE]i|[kMGTPE])B?$/.source },
  read: (value) => {
    if (typeof value !== 'string' || !/(?:[KMGTPE]i?|k)B?$/.test(value)) return undefined
    const quantity = value.replace(/B$/, '')
    const bytes = parseBytes(quantity)
    return bytes !== undefined && bytes > 0 && bytes <= largestBytes ? quantity : undefined
  },
})

/** Bytes. */
export const bytes = scalar({
  what: 'a size with a unit',
  examples: ['4KiB', '1.5GB'],
  form: { type: 'string', pattern: /^\d+(\.\d+)?(([KMGTPE]i|[kMGTPE])B?|B)$/.source },
  read: (value) => {
    if (typeof value !== 'string' || !/[KMGTPE]i?B?$|kB?$|B$/.test(value)) return undefined
    const parsed = parseBytes(value.replace(/B$/, ''))
    return parsed === undefined || parsed > largestBytes ? undefined : parsed
  },
})

/** So many a second: `200/s`, or the number alone, as Kubernetes writes its own rates. */
export const perSecond = scalar({
  what: 'a rate from 0.001/s to 1,000,000/s',
  examples: ['200/s', 200],
  form: { type: ['number', 'string'], minimum: 0.001, maximum: 1e6, pattern: /^\d+(\.\d+)?[kM]?\/s$/.source },
  read: (value) => {
    if (typeof value === 'string' && !value.endsWith('/s')) return undefined
    const rate = numberIn(typeof value === 'string' ? value.slice(0, -2) : value)
    return rate !== undefined && rate >= 0.001 && rate <= 1e6 ? rate : undefined
  },
})

/** A share from 0 to 1, written in percent: `5%`. */
export const percentage = scalar({
  what: 'a percentage from 0% to 100%',
  examples: ['5%'],
  form: { type: 'string', pattern: /^\d+(\.\d+)? ?%$/.source },
  read: (value) => {
    const [, digits] = /^(\d{1,3}(?:\.\d+)?) ?%$/.exec(String(value)) ?? []
    const percent = Number(digits)
    return percent <= 100 ? percent / 100 : undefined
  },
})

/** A share from 0 to 1. */
export const share = scalar({
  what: 'a share from 0 to 1',
  examples: [0.25, '1/3'],
  form: { type: ['number', 'string'] },
  read: (value) => {
    const [, dividend, divisor] = /^(\d{1,6}) ?\/ ?(\d{1,6})$/.exec(String(value)) ?? []
    // Both are digits.
    const parsed = dividend === undefined || divisor === undefined ? value : Number(dividend) / Number(divisor)
    return typeof parsed === 'number' && parsed >= 0 && parsed <= 1 ? parsed : undefined
  },
})
