import { describe, expect, it } from 'vitest'
import type { MetricSample } from '../../measure/metrics.ts'
import { processStart } from '../../measure/metrics.ts'
import { readNetworkProgramming } from '../../measure/network-programming.ts'
import { createKernel } from '../kernel/kernel.ts'
import { startKubeProxy } from './kube-proxy.ts'
import type { SyncIntervals } from './sync-runner.ts'

/** A proxy that starts at 10 s and is told of endpoint changes: when, and what triggered them. */
async function told(intervals: SyncIntervals, changes: { atMs: number; triggeredMs?: number }[]) {
  const kernel = createKernel()
  const timeline = kernel.createTimeline()
  await kernel.clock.sleep(10_000)
  const proxy = startKubeProxy(timeline, 'hollow-0', intervals)
  for (const { atMs, triggeredMs } of changes) timeline.at(atMs, () => proxy.endpoints({ triggeredMs }))
  await kernel.clock.sleep(10_000)
  const page = (samples: MetricSample[]) => {
    const start = { name: processStart, labels: {}, value: proxy.startedMs / 1000 }
    return [{ component: 'kube-proxy', instance: proxy.name, samples: [start, ...samples] } as const]
  }
  const samples = proxy.samples()
  // Before anything was counted.
  const read = readNetworkProgramming({ before: page([]), after: page(samples) })
  const sum = samples.find(({ name }) => name === 'kubeproxy_network_programming_duration_seconds_sum')?.value
  return { ...read, meanMs: (1000 * (sum ?? Number.NaN)) / (read?.latencyMs.count ?? Number.NaN) }
}

describe('a kube-proxy', () => {
  it('should sync when it starts, and count from what triggered a change until the sync that takes it in', async () => {
    const one = await told({ minMs: 0, maxMs: 30_000 }, [{ atMs: 12_300, triggeredMs: 12_000 }])
    expect(one).toMatchObject({ syncs: 2, endpointChanges: 1, endpointChangesPending: 0, latencyMs: { count: 1 } })
    expect(one.meanMs).toBeCloseTo(300)
  })

  it('should take a later change in no sooner than the least interval after the last sync', async () => {
    const both = await told({ minMs: 1000, maxMs: 30_000 }, [
      { atMs: 12_300, triggeredMs: 12_000 },
      { atMs: 12_400, triggeredMs: 12_000 },
    ])
    expect(both).toMatchObject({ syncs: 3, latencyMs: { count: 2 } })
    expect(both.meanMs).toBeCloseTo((300 + 1300) / 2)
  })

  it('should not count changes without a trigger, or with one from before it started', async () => {
    const changes = [{ atMs: 12_000 }, { atMs: 13_000, triggeredMs: 9000 }]
    expect(await told({ minMs: 0, maxMs: 30_000 }, changes)).toMatchObject({
      syncs: 3,
      endpointChanges: 2,
      latencyMs: { count: 0, p50: null },
    })
  })

  it('should say what it has not taken in yet', async () => {
    const changes = [{ atMs: 19_500 }, { atMs: 19_600 }, { atMs: 19_700 }]
    expect(await told({ minMs: 1000, maxMs: 30_000 }, changes)).toMatchObject({ endpointChangesPending: 2 })
  })

  it('should not say how long a sync took, which the model does not know', async () => {
    expect(await told({ minMs: 0, maxMs: 6000 }, [])).toMatchObject({ syncs: 2, syncMs: null })
  })
})
