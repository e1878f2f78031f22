/** What etcd's tool `benchmark` says at its end, with `--precise`. Times in milliseconds. */
export interface ToolReport {
  /** Null when no request succeeded: then the tool says nothing but errors. */
  answered: Answered | null
  /** Requests that failed, by what they failed with. The tool exits with 0 all the same. */
  errors: { message: string; count: number }[]
}

/** The requests that succeeded: nothing here is of those that did not. */
export interface Answered {
  /** Latencies that were counted. */
  count: number
  totalMs: number
  requestsPerSecond: number
  averageMs: number
  stddevMs: number
  fastestMs: number
  slowestMs: number
  /** By percent: 10, 25, 50, 75, 90, 95, 99, 99.9. The tool leaves out those that so few requests do not have. */
  percentilesMs: Readonly<Record<string, number>>
  /** Each bucket holds what took longer than the one before, and no longer than this. */
  histogram: { upToMs: number; count: number }[]
}

/**
 * Reads the standard output of `benchmark put` or `benchmark range` (etcd pkg/report/report.go). Undefined when it is not that: the
 * tool died, or is another version.
 */
export function parseToolOutput(text: string): ToolReport | undefined {
  const errors = [...(sectionOf(text, 'Error distribution') ?? '').matchAll(/^ {2}\[(\d+)\]\t(.*)$/gm)].map(
    ([, count, message = '']) => ({ message, count: Number(count) }),
  )
  const summary = sectionOf(text, 'Summary')
  if (summary === undefined) return errors.length === 0 ? undefined : { answered: null, errors }
  const buckets = [...(sectionOf(text, 'Response time histogram') ?? '').matchAll(/^ {2}(\S+) \[(\d+)\]\t\|/gm)]
  const percents = [...(sectionOf(text, 'Latency distribution') ?? '').matchAll(/^ {2}([\d.]+)% in (\S+) secs\.$/gm)]
  const histogram = buckets.map(([, secs, count]) => ({ upToMs: inMs(secs), count: Number(count) }))
  const answered: Answered = {
    count: histogram.reduce((sum, { count }) => sum + count, 0),
    totalMs: inMs(fieldOf(summary, 'Total')),
    requestsPerSecond: Number(fieldOf(summary, 'Requests/sec') ?? Number.NaN),
    averageMs: inMs(fieldOf(summary, 'Average')),
    stddevMs: inMs(fieldOf(summary, 'Stddev')),
    fastestMs: inMs(fieldOf(summary, 'Fastest')),
    slowestMs: inMs(fieldOf(summary, 'Slowest')),
    percentilesMs: Object.fromEntries(percents.map(([, percent = '', secs]) => [percent, inMs(secs)])),
    histogram,
  }
  const { percentilesMs, histogram: _, ...figures } = answered
  const numbers = [...Object.values(figures), ...Object.values(percentilesMs), ...histogram.map(({ upToMs }) => upToMs)]
  return answered.count > 0 && numbers.every(Number.isFinite) ? { answered, errors } : undefined
}

/** The lines below a title of the tool's, up to the next empty one. */
function sectionOf(text: string, title: string): string | undefined {
  return new RegExp(`^${title}:\\n((?:.+\\n?)*)`, 'm').exec(text)?.[1]
}

/** The figure of a line such as `  Slowest:\t0.0123 secs.` */
function fieldOf(summary: string, name: string): string | undefined {
  return new RegExp(`^ {2}${name}:\\t(\\S+)(?: secs\\.)?$`, 'm').exec(summary)?.[1]
}

function inMs(seconds: string | undefined): number {
  return seconds === undefined ? Number.NaN : Number(seconds) * 1000
}
