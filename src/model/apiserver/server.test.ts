import { describe, expect, it } from 'vitest'
import { createEtcd } from '../etcd/etcd.ts'
import { createKernel } from '../kernel/kernel.ts'
import type { Costs } from '../machine/costs.ts'
import { createProcessor } from '../machine/processor.ts'
import { createServer } from './server.ts'
import { createStore } from './store.ts'

const deliveryMs = 0.01
const readMs = 0.1
const writeMs = 0.3
const price = (apiserverMs: number) => ({ apiserverMs, etcdMs: apiserverMs / 2 })
const costs: Costs = {
  networkMs: 0.1,
  requests: {
    read: price(readMs),
    create: price(0.2),
    patch: price(0.4),
    pod: price(writeMs),
    nodeStatus: price(0.5),
    lease: price(0.6),
  },
  deliveryMs,
  fsyncMs: 1,
  scheduler: { podMs: 1, nodeMs: 0, nodeStatusMs: 0 },
  controllerManager: { actionMs: 1, listedPodMs: 0, nodeStatusMs: 0, leaseMs: 0 },
  kubelet: {
    startMs: 1,
    podStartMs: 1,
    podStopMs: 1,
    changeMsPerPod: 0,
    admitMsPerPod: 0,
    nodeStatusMs: 1,
    deliveryMs: 1,
    idleMsPerSecond: 1,
  },
  orchestrator: { requestMs: 0, eventMs: 0 },
  idleMsPerSecond: {},
}

function benchOf(cores = 2) {
  const kernel = createKernel()
  const timeline = kernel.createTimeline()
  const processor = createProcessor(timeline.nowMs, cores)
  const settings = { quotaBytes: 2 ** 31, snapshotCount: 10_000, apiserverCompactionMs: 0, compaction: null, split: [] }
  const etcd = createEtcd(timeline, processor, costs.fsyncMs, settings)
  const store = createStore({ nowMs: timeline.nowMs, etcdOf: etcd.instanceOf })
  const server = createServer({ timeline, store, etcd, processor, costs, inflight: 600 })
  const counted = () => {
    const page = server.metrics.samples()
    return page.find(({ name, labels }) => name === 'apiserver_request_total' && labels['resource'] === 'leases')?.value
  }
  return { kernel, store, server, processor, counted }
}

const renewal = { verb: 'PUT', resource: 'leases', level: 'node-high', bytes: 100, obsoleteBytes: 100 } as const

describe('requests that are alike', () => {
  it('should cost as much, and count as many, as if each came by itself', async () => {
    const [alone, together] = [benchOf(), benchOf()]
    for (let count = 0; count < 50; count++)
      alone.server.handle({ ...renewal, unseen: true }, () => alone.store.bump('leases'))
    let served = 0
    const taken = together.server.handleAlike(renewal, { count: 50, overMs: 20 }, (count) => {
      served += count
    })
    await Promise.all([alone, together].map(({ kernel }) => kernel.clock.sleep(1000)))
    expect([taken, served]).toEqual([50, 50])
    for (const component of ['kube-apiserver', 'etcd'])
      expect(together.processor.usedMs(component)).toBeCloseTo(alone.processor.usedMs(component))
    expect(together.counted()).toBe(50)
    expect(together.counted()).toBe(alone.counted())
    expect(together.store.version('leases')).toBe(alone.store.version('leases'))
  })

  it('should be served when a slow server gets to them, and be taken only as far as there are seats', async () => {
    const { kernel, server, counted } = benchOf()
    server.slowDown(300)
    let servedAtMs = 0
    const note = () => {
      servedAtMs = kernel.clock.nowMs()
    }
    const taken = server.handleAlike(renewal, { count: 150, overMs: 20 }, note)
    // 600 seats by 40 of 245 shares.
    expect(taken).toBe(98)
    expect(server.handleAlike(renewal, { count: 52, overMs: 20 }, note)).toBe(0)
    await kernel.clock.sleep(1000)
    expect(counted()).toBeUndefined()
    await kernel.clock.sleep(10_000)
    expect(counted()).toBe(98)
    expect(servedAtMs).toBeGreaterThan(4000)
    expect(server.handleAlike(renewal, { count: 52, overMs: 20 }, note)).toBe(52)
  })
})

/** Writes one EndpointSlice that is announced to so many watchers; when it was written and told, and what the server used. */
async function announced(watchers: number) {
  const { kernel, server, processor } = benchOf(32)
  server.addWatchers('endpointslices', watchers)
  const moments: { writtenMs?: number; toldMs?: number } = {}
  const request = { verb: 'PUT', resource: 'endpointslices', level: 'workload-high', bytes: 100 } as const
  server.handle(request, () => {
    moments.writtenMs = kernel.clock.nowMs()
    server.announce('endpointslices', () => {
      moments.toldMs = kernel.clock.nowMs()
    })
  })
  await kernel.clock.sleep(10_000)
  return { ...moments, usedMs: processor.usedMs('kube-apiserver') }
}

describe('a request', () => {
  it.each([
    ['POST', 'pods', 0.3],
    ['POST', 'events', 0.2],
    ['POST', 'configmaps', 0.2],
    ['PATCH', 'services', 0.4],
    ['GET', 'pods', 0.1],
    ['PATCH', 'nodes/status', 0.5],
    ['PUT', 'leases', 0.6],
  ] as const)('should take what a %s of %s takes', async (verb, resource, costMs) => {
    const { kernel, processor, server } = benchOf(1)
    server.handle({ verb, resource, level: 'system', ...(verb !== 'GET' && { bytes: 100 }) }, () => {})
    await kernel.clock.sleep(1000)
    expect(processor.usedMs('kube-apiserver')).toBeCloseTo(costMs, 9)
    expect(processor.usedMs('etcd')).toBeCloseTo(costMs / 2, 9)
  })

  it('should wait for the processor behind all that have seats, whatever their priority level', async () => {
    expect(await answeredAfter(50)).toBeGreaterThan(50 * readMs)
  })

  it('should not wait for those that have no seat yet', async () => {
    expect(await answeredAfter(1000)).toBeLessThan(500 * readMs)
  })

  async function answeredAfter(others: number): Promise<number> {
    const { kernel, server } = benchOf(1)
    const read = { verb: 'GET', resource: 'pods' } as const
    for (let count = 0; count < others; count++) server.handle({ ...read, level: 'workload-high' }, () => {})
    let answeredMs = 0
    server.handle({ ...read, level: 'system' }, () => {
      answeredMs = kernel.clock.nowMs()
    })
    await kernel.clock.sleep(10_000)
    return answeredMs
  }
})

describe('what the store does not keep', () => {
  it('should be told to nobody, at no cost, when nobody watches', async () => {
    const { writtenMs, toldMs, usedMs } = await announced(0)
    expect(writtenMs).toBeGreaterThan(0)
    expect(toldMs).toBeUndefined()
    expect(usedMs).toBeCloseTo(writeMs)
  })

  it('should be told once it is written, and cost the server so much for each who watches', async () => {
    const { writtenMs = 0, toldMs = 0, usedMs } = await announced(5000)
    // 50 ms of work, beside what else there is to do: on all 32 cores at best.
    expect(toldMs - writtenMs).toBeGreaterThan((5000 * deliveryMs) / 33)
    expect(usedMs).toBeCloseTo(writeMs + 5000 * deliveryMs)
  })
})
