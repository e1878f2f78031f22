import { describe, expect, it } from 'vitest'
import { histogramsOf, observedBetween } from './histogram.ts'
import { parsePrometheusText } from './prometheus.ts'

const page = (fast: number, slow: number, beyond: number) =>
  parsePrometheusText(`
latency_seconds_bucket{verb="POST",le="0.1"} ${fast}
latency_seconds_bucket{verb="POST",le="0.5"} ${fast + slow}
latency_seconds_bucket{verb="POST",le="+Inf"} ${fast + slow + beyond}
latency_seconds_bucket{verb="WATCH",le="+Inf"} 7
latency_seconds_sum{verb="POST"} 1
latency_seconds_count{verb="POST"} ${fast + slow + beyond}
`)
const read = (samples: ReturnType<typeof page>) =>
  histogramsOf(samples, 'latency_seconds', ({ verb }) => (verb === 'WATCH' ? undefined : verb)).get('POST') ?? new Map()

describe('observedBetween', () => {
  it('should interpolate percentiles within their buckets, of what came after the first reading only', () => {
    const observed = observedBetween(read(page(1000, 0, 0)), read(page(1080, 20, 0)))
    expect(observed).toMatchObject({ count: 100, p50: 62.5, max: null })
    expect(observed.p90).toBeCloseTo(300)
    expect(observed.p99).toBeCloseTo(480)
  })

  it('should not know a percentile beyond the last bound', () => {
    expect(observedBetween(undefined, read(page(90, 0, 10)))).toMatchObject({ count: 100, p90: 100, p99: null })
  })

  it('should know nothing when nothing was observed', () => {
    expect(observedBetween(read(page(5, 5, 5)), read(page(5, 5, 5)))).toMatchObject({ count: 0, p50: null, p99: null })
  })
})

describe('histogramsOf', () => {
  it('should add up series of the same key and leave out those without one', () => {
    const both = [...page(1, 2, 3), ...page(10, 20, 30)]
    const histograms = histogramsOf(both, 'latency_seconds', ({ verb }) => (verb === 'WATCH' ? undefined : 'all'))
    expect([...histograms.keys()]).toEqual(['all'])
    expect(histograms.get('all')).toEqual(
      new Map([
        [0.1, 11],
        [0.5, 33],
        [Number.POSITIVE_INFINITY, 66],
      ]),
    )
  })
})
