const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const
const pattern = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/

/** Timers of the machine cannot be set further ahead: 24 days. */
const longestMs = 2 ** 31 - 1

/** Milliseconds in `250ms`, `10s`, `1.5m` or `2h`; undefined when the unit is missing or unknown, or beyond 24 days. */
export function parseDurationMs(text: string): number | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const durationMs = Number(match[1]) * unitsMs[match[2] as keyof typeof unitsMs]
  return durationMs <= longestMs ? durationMs : undefined
}

/** A duration as people read it: `850 ms`, `79.7 s`, `4 m 12 s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`
  if (durationMs < 180_000) return `${(durationMs / 1000).toFixed(durationMs < 10_000 ? 2 : 1)} s`
  const seconds = Math.round(durationMs / 1000)
  return `${Math.floor(seconds / 60)} m ${seconds % 60} s`
}
