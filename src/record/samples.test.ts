import { describe, expect, it } from 'vitest'
import type { Sample } from '../result/sample-line.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import { createSamples } from './samples.ts'

describe('createSamples', () => {
  it('should count moments from the beginning of the arm, on whichever clock they are told', async () => {
    const clock = createVirtualClock(5000)
    const kept: Sample[] = []
    const samples = createSamples((sample) => kept.push(sample), clock)
    await clock.sleep(100)
    samples.tell({ kind: 'step', step: 'fleet', event: 'began' })
    // A simulated cluster's own time begins with it.
    const own = { ...clock, nowMs: () => clock.nowMs() - 5100 }
    samples.follow({ clock: own, clientRetries: () => ({ count: 0, waitedMs: 0 }) })
    await clock.sleep(50)
    samples.tell({ kind: 'step', step: 'fleet', event: 'ended' })
    samples.tell({ kind: 'watch-lag', lagMs: 1 }, 20)
    samples.pods('rollout', [{ name: 'a', uid: 'u', createdMs: 7, readyMs: 8.00049, censored: ['readyMs'] }])
    expect(kept).toEqual([
      { atMs: 100, kind: 'step', step: 'fleet', event: 'began' },
      { atMs: 150, kind: 'step', step: 'fleet', event: 'ended' },
      { atMs: 120, kind: 'watch-lag', lagMs: 1 },
      // Never told before it happened.
      {
        atMs: 150,
        kind: 'pod',
        probe: 'rollout',
        name: 'a',
        uid: 'u',
        createdMs: 107,
        readyMs: 108.001,
        censored: ['readyMs'],
      },
      { atMs: 150, kind: 'pods', probe: 'rollout', count: 1 },
    ])
  })

  it('should tell of requests and of what is tried again by the second, before anything later', async () => {
    const clock = createVirtualClock(0)
    const kept: Sample[] = []
    const retries = { count: 1, waitedMs: 10 }
    const samples = createSamples((sample) => kept.push(sample), clock)
    samples.follow({ clock, clientRetries: () => ({ ...retries }) })
    await clock.sleep(300)
    samples.request({ verb: 'create', resource: 'pods', status: 429, latencyMs: 2 })
    retries.count = 3
    retries.waitedMs = 510
    await clock.sleep(1700)
    samples.tell({ kind: 'step', step: 'fill', event: 'ended' })
    samples.request({ verb: 'create', resource: 'pods', status: 201, latencyMs: 2 })
    samples.end()
    expect(kept).toMatchObject([
      { atMs: 1000, kind: 'requests', status: 429, count: 1 },
      { atMs: 1000, kind: 'retries', count: 2, waitedMs: 500 },
      { atMs: 2000, kind: 'step' },
      { atMs: 3000, kind: 'requests', status: 201, count: 1 },
    ])
    expect(kept).toHaveLength(4)
  })
})
