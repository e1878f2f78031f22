import { describe, expect, it } from 'vitest'
import { ApiError } from '../../kube/api.ts'
import { benchForTests } from '../../testing/model-objects.ts'
import type { Reply, Server, ServerRequest } from '../apiserver/server.ts'
import { createKernel } from '../kernel/kernel.ts'
import { createClient, createLimiterMetrics } from './client.ts'
import type { TokenBucket } from './token-bucket.ts'
import { createTokenBucket, unlimited } from './token-bucket.ts'

const configMap = { metadata: { namespace: 'ns', name: 'a' } }
const ref = { resource: 'configmaps', namespace: 'ns', name: 'a' } as const

/** A client of a server that answers at once, with an error as long as there are any. */
function benchOf({
  bucket = unlimited,
  errors = [] as ApiError[],
}: {
  bucket?: TokenBucket
  errors?: ApiError[]
} = {}) {
  const timeline = createKernel().createTimeline()
  const { store, objects } = benchForTests()
  const handled: { atMs: number; request: ServerRequest }[] = []
  const server = {
    handle(request: ServerRequest, serve: () => unknown, reply?: Reply<unknown>) {
      handled.push({ atMs: timeline.nowMs(), request })
      const error = errors.shift()
      if (error !== undefined) return reply?.(error, undefined)
      const value = serve()
      reply?.(undefined, value)
    },
  } as unknown as Server
  const limiter = createLimiterMetrics()
  const client = createClient({ timeline, server, store, objects, bucket, level: 'workload-high', limiter })
  const samples = () =>
    limiter.samples().map(({ name, labels, value }) => [name.split('_').at(-1), labels['verb'], value])
  return { client, store, handled, samples, clock: timeline.clock, momentsMs: () => handled.map(({ atMs }) => atMs) }
}

describe('a client', () => {
  it('should send what its bucket has tokens for, and the rest as they come', async () => {
    const { client, momentsMs, clock } = benchOf({ bucket: createTokenBucket({ qps: 10, burst: 2 }) })
    for (let count = 0; count < 4; count++) client.send('POST', 'events')
    await clock.sleep(1000)
    expect(momentsMs()).toEqual([0, 0, 100, 200])
  })

  it('should count each request and its wait by verb, and none where there is no limiter (tryThrottleWithInfo)', async () => {
    const limited = benchOf({ bucket: createTokenBucket({ qps: 10, burst: 1 }) })
    for (let count = 0; count < 2; count++) limited.client.send('POST', 'events')
    limited.client.get({ ...ref, name: 'none' }, () => {})
    expect(limited.samples()).toEqual([
      ['count', 'POST', 2],
      ['sum', 'POST', 0.1],
      ['count', 'GET', 1],
      ['sum', 'GET', 0.2],
    ])
    const free = benchOf()
    free.client.send('POST', 'events')
    expect(free.samples()).toEqual([])
  })

  it('should come back when the server says when to, with another token, and ten times at most (rest/request.go)', async () => {
    const busy = () => new ApiError(429, 'TooManyRequests', 'wait', { retryAfterMs: 1000 })
    const told: (number | undefined)[] = []
    const patient = benchOf({ errors: [busy(), busy()] })
    patient.client.send('POST', 'leases', (error) => told.push(error?.status))
    await patient.clock.sleep(60_000)
    expect(patient.momentsMs()).toEqual([0, 1000, 2000])
    expect(told).toEqual([undefined])
    const tired = benchOf({ errors: Array.from({ length: 20 }, busy) })
    tired.client.send('POST', 'leases', (error) => told.push(error?.status))
    await tired.clock.sleep(60_000)
    expect(tired.handled).toHaveLength(11)
    expect(told).toEqual([undefined, 429])
  })

  it('should hand on other refusals at once', () => {
    const { client, handled } = benchOf({ errors: [new ApiError(500, 'InternalError', 'broken')] })
    const told: (number | undefined)[] = []
    client.create('configmaps', configMap, (error) => told.push(error?.status))
    expect(told).toEqual([500])
    expect(handled).toHaveLength(1)
  })

  it('should say what a write adds to etcd and what it makes obsolete there; nobody waits for one without a reply', () => {
    const { client, store, handled } = benchOf()
    const last = () => handled.at(-1)?.request
    client.create('configmaps', configMap, () => {})
    const { bytes = 0 } = last() ?? {}
    expect(bytes).toBeGreaterThan(0)
    expect(last()).not.toMatchObject({ unseen: true })
    client.update('PATCH', ref, 'all but status', (current) => ({ ...current, data: { key: 'x'.repeat(1000) } }))
    expect(last()).toMatchObject({ verb: 'PATCH', obsoleteBytes: bytes, unseen: true })
    client.delete(ref, {}, () => {})
    expect(last()).toMatchObject({ verb: 'DELETE', bytes: 0 })
    expect(last()?.obsoleteBytes).toBeGreaterThan(bytes + 900)
    const version = store.version('leases')
    client.send('PUT', 'leases', () => {})
    expect(store.version('leases')).toBe(version + 1)
    client.send('POST', 'serviceaccounts/token', () => {})
    expect(last()?.bytes).toBeUndefined()
  })
})
