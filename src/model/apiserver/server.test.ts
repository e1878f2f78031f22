import { describe, expect, it } from 'vitest'
import { createEtcd } from '../etcd/etcd.ts'
import { createKernel } from '../kernel/kernel.ts'
import type { Costs } from '../machine/costs.ts'
import { createProcessor } from '../machine/processor.ts'
import { createServer } from './server.ts'
import { createStore } from './store.ts'

const deliveryMs = 0.01
const costs: Costs = {
  networkMs: 0.1,
  apiserver: { readMs: 0.1, writeMs: 0.2, bareWriteMs: 0.15, nodeStatusMs: 0.2, leaseMs: 0.1, deliveryMs },
  etcd: { fsyncMs: 1, writeMs: 0.1, readMs: 0.1 },
  scheduler: { podMs: 1 },
  controllerManager: { actionMs: 1 },
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
  idleMsPerSecond: {},
}

/** A server of so many cores. */
function serverOf(cores: number) {
  const kernel = createKernel()
  const timeline = kernel.createTimeline()
  const processor = createProcessor(timeline.nowMs, cores)
  const settings = { quotaBytes: 2 ** 31, snapshotCount: 10_000, apiserverCompactionMs: 0, compaction: null, split: [] }
  const etcd = createEtcd(timeline, processor, costs.etcd, settings)
  const store = createStore({ nowMs: timeline.nowMs, etcdOf: etcd.instanceOf })
  const server = createServer({ timeline, store, etcd, processor, costs, inflight: 600 })
  return { kernel, timeline, processor, server }
}

/** Writes one EndpointSlice that is announced to so many watchers; when it was written and told, and what the server used. */
async function announced(watchers: number) {
  const { kernel, timeline, processor, server } = serverOf(32)
  server.addWatchers('endpointslices', watchers)
  const moments: { writtenMs?: number; toldMs?: number } = {}
  const request = { verb: 'PUT', resource: 'endpointslices', level: 'workload-high', bytes: 100 } as const
  server.handle(request, () => {
    moments.writtenMs = timeline.nowMs()
    server.announce('endpointslices', () => {
      moments.toldMs = timeline.nowMs()
    })
  })
  await kernel.clock.sleep(10_000)
  return { ...moments, usedMs: processor.usedMs('kube-apiserver') }
}

describe('a request', () => {
  it.each([
    ['pods', costs.apiserver.writeMs],
    ['events', costs.apiserver.bareWriteMs],
    ['configmaps', costs.apiserver.bareWriteMs],
  ])('should take what a write of %s takes', async (resource, costMs) => {
    const { kernel, processor, server } = serverOf(1)
    server.handle({ verb: 'POST', resource, level: 'system', bytes: 100 }, () => {})
    await kernel.clock.sleep(1000)
    expect(processor.usedMs('kube-apiserver')).toBeCloseTo(costMs, 9)
  })

  it('should wait for the processor behind all that have seats, whatever their priority level', async () => {
    const { kernel, timeline, server } = serverOf(1)
    for (let count = 0; count < 50; count++)
      server.handle({ verb: 'GET', resource: 'pods', level: 'workload-high' }, () => {})
    let answeredMs = 0
    server.handle({ verb: 'GET', resource: 'pods', level: 'system' }, () => {
      answeredMs = timeline.nowMs()
    })
    await kernel.clock.sleep(10_000)
    expect(answeredMs).toBeGreaterThan(50 * costs.apiserver.readMs)
  })

  it('should not wait for those that have no seat yet', async () => {
    const { kernel, timeline, server } = serverOf(1)
    for (let count = 0; count < 1000; count++)
      server.handle({ verb: 'GET', resource: 'pods', level: 'workload-high' }, () => {})
    let answeredMs = 0
    server.handle({ verb: 'GET', resource: 'pods', level: 'system' }, () => {
      answeredMs = timeline.nowMs()
    })
    await kernel.clock.sleep(10_000)
    expect(answeredMs).toBeLessThan(500 * costs.apiserver.readMs)
  })
})

describe('what the store does not keep', () => {
  it('should be told to nobody, at no cost, when nobody watches', async () => {
    const { writtenMs, toldMs, usedMs } = await announced(0)
    expect(writtenMs).toBeGreaterThan(0)
    expect(toldMs).toBeUndefined()
    expect(usedMs).toBeCloseTo(costs.apiserver.writeMs)
  })

  it('should be told once it is written, and cost the server so much for each who watches', async () => {
    const { writtenMs = 0, toldMs = 0, usedMs } = await announced(5000)
    // 50 ms of work, beside what else there is to do: on all 32 cores at best.
    expect(toldMs - writtenMs).toBeGreaterThan((5000 * deliveryMs) / 33)
    expect(usedMs).toBeCloseTo(costs.apiserver.writeMs + 5000 * deliveryMs)
  })
})
