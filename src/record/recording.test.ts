import { describe, expect, it } from 'vitest'
import type { KubeApi } from '../kube/api.ts'
import type { RequestRecord } from '../kube/transport.ts'
import type { ComponentMetrics, Wanted } from '../measure/metrics.ts'
import { seriesOf } from '../measure/series.ts'
import { watchLagOf } from '../measure/watch-lag.ts'
import type { Sample } from '../result/sample-line.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import type { RecordedCluster } from './recording.ts'
import { startRecording } from './recording.ts'
import { watchNoMachine } from './this-machine.ts'

/** A cluster whose etcd grows by a byte a second and whose kubelet comes after five; requests and retries are what the test makes them. */
function fakeCluster() {
  const clock = createVirtualClock(0)
  const listeners = new Set<(record: RequestRecord) => void>()
  const retries = { count: 0, waitedMs: 0 }
  const asked: Wanted[] = []
  let broken: Error | undefined
  const page = (component: 'etcd' | 'kubelet', lines: Record<string, number>): ComponentMetrics => ({
    component,
    instance: component,
    samples: Object.entries({ process_start_time_seconds: 1, ...lines }).map(([name, value]) => ({
      name,
      labels: name.startsWith('rest') ? { verb: 'POST' } : {},
      value,
    })),
  })
  const cluster: RecordedCluster = {
    api: {} as KubeApi,
    clock,
    async scrape(wanted = {}) {
      asked.push(wanted)
      if (broken !== undefined) throw broken
      const seconds = clock.nowMs() / 1000
      const size = { etcd_mvcc_db_total_size_in_bytes: seconds, etcd_mvcc_db_total_size_in_use_in_bytes: seconds }
      const waits = { rest_client_rate_limiter_duration_seconds_count: seconds }
      return [page('etcd', size), ...(seconds >= 5 ? [page('kubelet', waits)] : [])]
    },
    clientRetries: () => ({ ...retries }),
    onRequest(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    processes: () => [],
  }
  const request = (resource: string, latencyMs: number) => {
    for (const listener of listeners) listener({ verb: 'create', resource, status: 201, latencyMs })
  }
  const kept: Sample[] = []
  const keep = (sample: Sample) => kept.push(sample)
  const recording = startRecording({ watchMachine: watchNoMachine, readMachine: null, keep }, { clock })
  return {
    kept,
    clock,
    cluster,
    recording,
    retries,
    request,
    asked,
    listeners,
    breakWith: (error: Error) => (broken = error),
  }
}

describe('startRecording', () => {
  it('should tell of a phase what lies between its two marks, and nothing else', async () => {
    const { clock, cluster, recording, retries, request } = fakeCluster()
    await recording.follow(cluster)
    request('pods', 1)
    retries.count = 1
    await clock.sleep(6000)
    const phase = await recording.begin('probe/up')
    request('pods', 2)
    request('deployments/scale', 3)
    retries.count = 3
    retries.waitedMs = 500
    await clock.sleep(4000)
    const window = await phase.end()
    request('pods', 4)
    expect(window).toMatchObject({
      startMs: 6000,
      endMs: 10_000,
      requests: [
        { resource: 'pods', latenciesMs: [2] },
        { resource: 'deployments/scale', latenciesMs: [3] },
      ],
      retries: { count: 2, waitedMs: 500 },
      watchLag: null,
      nodes: null,
      machine: null,
    })
    expect(recording.window('probe/up')).toBe(window)
    expect(recording.window('probe/down')).toBeUndefined()
    await recording.stop()
  })

  it('should record over the whole arm too, and count who comes later from when it is first read', async () => {
    const { clock, cluster, recording, request } = fakeCluster()
    const whole = await recording.follow(cluster)
    request('pods', 1)
    await clock.sleep(6000)
    await (await recording.begin('observe')).end()
    request('pods', 2)
    await clock.sleep(2000)
    await (await recording.begin('observe again')).end()
    await clock.sleep(2000)
    const window = await whole.end()
    expect(window).toMatchObject({ startMs: 0, endMs: 10_000, requests: [{ latenciesMs: [1, 2] }] })
    const series = seriesOf(window, 'simulated')
    expect(series.find(({ name }) => name === 'kubelet_limiter_requests_total')).toMatchObject({ value: 4, gaps: [] })
    expect(series.find(({ name }) => name === 'etcd_size_bytes')).toMatchObject({ value: 10 })
    await recording.stop()
  })

  it('should not take what is read at the end of a phase for its beginning', async () => {
    const { clock, cluster, recording } = fakeCluster()
    const whole = await recording.follow(cluster)
    await clock.sleep(6000)
    expect(seriesOf(await whole.end(), 'measured').find(({ name }) => name.startsWith('kubelet'))).toMatchObject({
      value: null,
      gaps: ['kubelet: not there before'],
    })
    await recording.stop()
  })

  it('should observe a cluster in three lines', async () => {
    const { clock, cluster, recording } = fakeCluster()
    await recording.follow(cluster)

    const phase = await recording.begin('observe')
    await clock.sleep(5000)
    const series = seriesOf(await phase.end(), 'measured')

    expect(series.find(({ name }) => name === 'etcd_size_bytes')).toMatchObject({ value: 5, evidence: 'measured' })
    await recording.stop()
  })

  it('should note the sizes of etcd every ten seconds for a phase that asks, until it ends', async () => {
    const { clock, cluster, recording, asked } = fakeCluster()
    await recording.follow(cluster)
    const phase = await recording.begin('fill', { etcdSizes: true })
    await clock.sleep(25_000)
    const { etcdSizes } = await phase.end()
    expect(etcdSizes.curveOf('etcd')).toEqual([
      [0, 0],
      [10_000, 10],
      [20_000, 20],
      [25_000, 25],
    ])
    const scrapes = asked.length
    await clock.sleep(60_000)
    expect(asked).toHaveLength(scrapes)
    await recording.stop()
  })

  it.each([
    ['fails', undefined, 'connection refused'],
    ['is left out', 'the arm ended before', 'the arm ended before'],
  ])('should have gaps with the reason when reading pages at the end %s, and all else', async (_, unread, reason) => {
    const { cluster, recording, request, breakWith, kept } = fakeCluster()
    const whole = await recording.follow(cluster)
    request('pods', 1)
    breakWith(new Error('connection refused'))
    const series = seriesOf(await whole.end(unread), 'measured')
    expect(series.find(({ name }) => name === 'etcd_size_bytes')).toMatchObject({
      value: null,
      gaps: [expect.stringContaining(reason)],
    })
    expect(kept).toContainEqual({
      atMs: 0,
      kind: 'gap',
      source: 'pages',
      because: expect.stringContaining(reason),
    })
    expect(series.find(({ name }) => name === 'client_request_latency_ms')).toMatchObject({
      distribution: { count: 1 },
    })
    await recording.stop()
  })

  it('should tell the lag of watches in its own phase with a curve, and in the whole arm, as long as the phase lasts', async () => {
    const { clock, cluster, recording } = fakeCluster()
    const shown: string[] = []
    const api = {
      create: async () => ({}),
      async *list() {
        yield { items: [], resourceVersion: '1' }
      },
      async *watch(_: unknown, signal: AbortSignal) {
        for (;;) {
          await clock.sleep(10, signal)
          for (const write of shown.splice(0)) {
            const object = { metadata: { name: 'canary', resourceVersion: '2' }, data: { write } }
            yield { type: 'MODIFIED', object, atMs: clock.nowMs() }
          }
        }
      },
      patch: async (_: unknown, { body }: { body: { data: { write: string } } }) => void shown.push(body.data.write),
    } as unknown as KubeApi
    const whole = await recording.follow({ ...cluster, api })
    const phase = await recording.begin('fill')
    phase.sampleWatchLag({ metadata: { name: 'canary', namespace: 'n' } })
    await clock.sleep(3500)
    const own = (await phase.end()).watchLag
    expect(own).toMatchObject({ unseen: 0 })
    expect(own?.lagsMs).toHaveLength(3)
    expect(own?.curve).toHaveLength(3)
    await clock.sleep(5000)
    expect((await whole.end()).watchLag).toEqual({ lagsMs: own?.lagsMs, unseen: 0, curve: [] })
    await recording.stop()
    expect(clock.sleepers()).toBe(0)
  })

  it('should hand on why a page was not read, whenever it is not', async () => {
    const { clock, cluster, recording, kept } = fakeCluster()
    const unread = { component: 'etcd', instance: 'etcd-events', samples: [], unread: 'connection refused' } as const
    await recording.follow({ ...cluster, scrape: async () => [unread] })
    const phase = await recording.begin('fill', { etcdSizes: true })
    await clock.sleep(10_500)
    await phase.stop()
    const gap = { kind: 'gap', source: 'etcd-events', because: 'connection refused' }
    expect(kept.filter(({ kind }) => kind === 'gap')).toEqual([0, 0, 10_000].map((atMs) => ({ atMs, ...gap })))
    await recording.stop()
  })

  it('should hand on what happens as it happens: steps, phases, sizes, requests', async () => {
    const { clock, cluster, recording, request, kept } = fakeCluster()
    recording.stepBegan('fill', 'Fill')
    await clock.sleep(500)
    await recording.follow(cluster)
    request('pods', 2)
    const phase = await recording.begin('fill', { etcdSizes: true })
    await clock.sleep(10_500)
    expect(kept.at(-1)).toEqual({
      atMs: 10_500,
      kind: 'etcd-size',
      instance: 'etcd',
      sizeBytes: 10.5,
      inUseBytes: 10.5,
    })
    await phase.end()
    recording.stepEnded('no room')
    request('pods', 2)
    await recording.stop()
    const size = { kind: 'etcd-size', instance: 'etcd' }
    expect(kept).toMatchObject([
      { atMs: 0, kind: 'step', step: 'fill', event: 'began', title: 'Fill' },
      { atMs: 500, ...size, sizeBytes: 0.5 },
      { atMs: 500, kind: 'phase', step: 'arm', event: 'began' },
      { atMs: 500, ...size },
      { atMs: 500, kind: 'phase', step: 'fill', event: 'began' },
      { atMs: 1000, kind: 'requests', verb: 'create', resource: 'pods', status: 201, count: 1 },
      { atMs: 10_500, ...size, sizeBytes: 10.5 },
      { atMs: 11_000, ...size, sizeBytes: 11 },
      { atMs: 11_000, kind: 'phase', step: 'fill', event: 'ended' },
      { atMs: 11_000, kind: 'step', step: 'fill', event: 'failed', error: 'no room' },
      { atMs: 12_000, kind: 'requests', count: 1 },
    ])
  })

  it('should end everything that a phase samples when it is stopped, and forget the cluster', async () => {
    const { clock, cluster, recording, listeners } = fakeCluster()
    await recording.follow(cluster)
    await recording.begin('fill', { etcdSizes: true })
    expect(await recording.stop()).toBeNull()
    expect(listeners.size).toBe(0)
    expect(clock.sleepers()).toBe(0)
  })

  it('should refuse a phase before there is a cluster to record', async () => {
    const { recording } = fakeCluster()
    await expect(recording.begin('fill')).rejects.toThrow('before there was a cluster')
    await recording.stop()
  })
})

describe('watchLagOf', () => {
  it('should have observed nothing where no canary was watched', () => {
    expect(watchLagOf(null)).toEqual({ count: 0, missing: 0, p50: null, p90: null, p99: null, max: null })
  })

  it('should count writes that were never shown as infinitely late', () => {
    expect(watchLagOf({ lagsMs: [5, 7], unseen: 2, curve: [] })).toMatchObject({ count: 2, missing: 2, max: null })
  })
})
