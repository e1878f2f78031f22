import { describe, expect, it } from 'vitest'
import type { ComponentMetrics } from '../../measure/metrics.ts'
import { processStart } from '../../measure/metrics.ts'
import { createVirtualClock } from '../../testing/virtual-clock.ts'
import { latencyBetween, latencyOf, timed } from './latency.ts'

describe('latencyOf', () => {
  it('should keep the sign of samples', () => {
    expect(latencyOf([3, -2, -1])).toEqual({ count: 3, mean: 0, p50: -1, p90: 3, p99: 3, max: 3 })
  })

  it('should know nothing when there are no samples', () => {
    expect(latencyOf([])).toEqual({ count: 0, mean: null, p50: null, p90: null, p99: null, max: null })
  })
})

describe('latencyBetween', () => {
  const metric = 'etcd_disk_wal_fsync_duration_seconds'
  const scrape = (upToOneMs: number, all: number, sumSeconds: number): ComponentMetrics[] => [
    {
      component: 'etcd',
      instance: 'etcd',
      samples: [
        { name: processStart, labels: {}, value: 1 },
        { name: `${metric}_bucket`, labels: { le: '0.001' }, value: upToOneMs },
        { name: `${metric}_bucket`, labels: { le: '+Inf' }, value: all },
        { name: `${metric}_count`, labels: {}, value: all },
        { name: `${metric}_sum`, labels: {}, value: sumSeconds },
      ],
    },
  ]

  it('should tell of what was observed in between only, in milliseconds', () => {
    const latency = latencyBetween(scrape(10, 10, 1), scrape(19, 20, 1.025), 'etcd', metric)
    expect(latency).toMatchObject({ count: 10, p99: null, max: null })
    expect(latency.mean).toBeCloseTo(2.5)
    expect(latency.p90).toBeCloseTo(1)
  })

  it('should fail with the reason when it was not read both times', () => {
    const [etcd] = scrape(10, 10, 1)
    const unread = etcd === undefined ? [] : [{ ...etcd, samples: [], unread: 'connection refused' }]
    expect(() => latencyBetween(scrape(10, 10, 1), unread, 'etcd', metric)).toThrow(/afterwards: connection refused/)
  })

  it('should have no mean when nothing was observed', () => {
    expect(latencyBetween(scrape(10, 10, 1), scrape(10, 10, 1), 'etcd', metric)).toMatchObject({ count: 0, mean: null })
  })
})

describe('timed', () => {
  it('should take the time on the clock that is passed in', async () => {
    const clock = createVirtualClock()
    expect(await timed(clock, () => clock.sleep(1234))).toBe(1234)
  })
})
