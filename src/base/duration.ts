const unitsNs: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
/** What durations are written in, the largest that there is one of. */
const units = ['s', 'ms', 'us', 'ns']
const whole = /^\+?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/
const part = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g

/** What a Go time.Duration holds: 292 years. */
const longestNs = 2n ** 63n - 1n
/** Nobody writes more; what is longer is not even looked at. */
const longestText = 100

/**
 * Milliseconds in a duration as Go's time.ParseDuration reads it: `250ms`, `1m30s`, `1.5h`, `100us`, and `0`, the only one without a
 * unit; undefined for anything else, for negative ones, and for more than Go can hold.
 */
export function parseDurationMs(text: string): number | undefined {
  if (text.length > longestText || !whole.test(text)) return undefined
  let totalNs = 0n
  for (const [, digits = '', decimals = '', unit = ''] of text.matchAll(part)) {
    const unitNs = unitsNs[unit] as bigint
    totalNs += BigInt(digits) * unitNs + (BigInt(decimals) * unitNs) / 10n ** BigInt(decimals.length)
  }
  // Beyond 104 days nanoseconds are rounded: a number holds no more digits.
  return totalNs > longestNs ? undefined : Number(totalNs) / 1e6
}

/** A duration in one unit, as `parseDurationMs` reads it: `90s`, `1.5s`, `250ms`, `100us`. Equal durations are written alike. */
export function writeDuration(durationMs: number): string {
  const nanoseconds = BigInt(Math.round(durationMs * 1e6))
  const unit = units.find((name) => nanoseconds >= (unitsNs[name] as bigint)) ?? 's'
  const unitNs = unitsNs[unit] as bigint
  const rest = String(nanoseconds % unitNs).padStart(String(unitNs).length - 1, '0')
  return `${nanoseconds / unitNs}.${rest}`.replace(/\.?0*$/, '') + unit
}

/** A duration as people read it: `850 ms`, `79.7 s`, `4 m 12 s`, `25 h 30 m`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 999.5) return `${Math.round(durationMs)} ms`
  if (durationMs < 179_950) return `${(durationMs / 1000).toFixed(durationMs < 9995 ? 2 : 1)} s`
  const seconds = Math.round(durationMs / 1000)
  const minutes = Math.floor(seconds / 60)
  return minutes < 24 * 60 ? `${minutes} m ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} m`
}
