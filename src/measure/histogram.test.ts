import { describe, expect, it } from 'vitest'
import { isHistogram, observed, observedBy } from './histogram.ts'
import { parsePrometheusText } from './prometheus.ts'

const buckets = (fast: number, slow: number, beyond: number) =>
  parsePrometheusText(`
latency_seconds_bucket{verb="POST",le="0.1"} ${fast}
latency_seconds_bucket{verb="POST",le="0.5"} ${fast + slow}
latency_seconds_bucket{verb="POST",le="+Inf"} ${fast + slow + beyond}
latency_seconds_bucket{verb="WATCH",le="+Inf"} 7
`)
const posts = (fast: number, slow: number, beyond: number) =>
  observedBy(buckets(fast, slow, beyond), ({ verb }) => (verb === 'WATCH' ? undefined : verb)).get('POST')

describe('observedBy', () => {
  it('should interpolate percentiles within their buckets', () => {
    const latencyMs = posts(80, 20, 0)
    expect(latencyMs).toMatchObject({ count: 100, p50: 62.5, max: null })
    expect(latencyMs?.p90).toBeCloseTo(300)
    expect(latencyMs?.p99).toBeCloseTo(480)
  })

  it('should not know a percentile beyond the last bound', () => {
    expect(posts(90, 0, 10)).toMatchObject({ count: 100, p90: 100, p99: null })
  })

  it('should know nothing when nothing was observed', () => {
    expect(posts(0, 0, 0)).toMatchObject({ count: 0, p50: null, p99: null })
    expect(observed([])).toMatchObject({ count: 0, p50: null, p99: null })
  })

  it('should add up series of the same key and leave out those without one', () => {
    const both = [...buckets(1, 2, 3), ...buckets(10, 20, 30)]
    const keyed = observedBy(both, ({ verb }) => (verb === 'WATCH' ? undefined : 'all'))
    expect([...keyed]).toMatchObject([['all', { count: 66 }]])
    expect(keyed.get('all')?.p50).toBeCloseTo(500)
  })

  it('should take the bounds that two versions of a component have in common', () => {
    const coarse = parsePrometheusText('l_bucket{le="1"} 10\nl_bucket{le="+Inf"} 10\n')
    const fine = parsePrometheusText('l_bucket{le="0.001"} 10\nl_bucket{le="1"} 10\nl_bucket{le="+Inf"} 10\n')
    expect(observed([...coarse, ...fine])).toMatchObject({ count: 20, p50: 500 })
  })
})

describe('isHistogram', () => {
  it.each([
    ['l_bucket{le="1"} 1\nl_bucket{le="+Inf"} 2', true],
    ['l_bucket{le="+Inf",a="x"} 2\nl_bucket{a="y",le="+Inf"} 0', true],
    ['l_bucket{le="1"} 3\nl_bucket{le="+Inf"} 2', false],
    ['l_bucket{le="1"} 1', false],
    ['l_bucket{le="1"} 1\nl_bucket{le="1.0"} 1\nl_bucket{le="+Inf"} 2', false],
    ['l_bucket{le="often"} 1\nl_bucket{le="+Inf"} 2', false],
    ['l_bucket{} 1\nl_bucket{le="+Inf"} 2', false],
  ])('should say of %j: %j', (page, is) => {
    expect(isHistogram(parsePrometheusText(page))).toBe(is)
  })
})
