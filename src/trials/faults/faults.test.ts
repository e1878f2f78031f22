import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../base/random.ts'
import { isReady } from '../../kube/resources.ts'
import type { WatchStream } from '../../model/apiserver/watch-stream.ts'
import type { FaultSite, RequestFault } from '../../model/fault.ts'
import type { Timeline } from '../../model/kernel/kernel.ts'
import { calibrationSchema } from '../../result/calibration.ts'
import { simulatedTarget } from '../../targets/sim/index.ts'
import { droppedWatches, expiredWatches, silentWatches } from './broken-watches.ts'
import type { DrawFault, DrawnFault } from './fault.ts'
import type { FaultKind } from './index.ts'
import { drawFaults, drawKinds, faultKinds } from './index.ts'
import { lostReplies } from './lost-replies.ts'
import { storms } from './storms.ts'
import { throttling } from './throttling.ts'

const longestMs = 300_000
const request = { verb: 'get', ref: { resource: 'nodes', name: 'a' } } as const
const seeds = Array.from({ length: 40 }, (_, index) => index)

/** What a fault does to a request every ten milliseconds, over more than its windows. */
function strikesOf(draw: DrawFault, seed: number): { atMs: number; fault: RequestFault }[] {
  const fault = draw(createRandom(seed, 'test'))
  const strikes = []
  for (let atMs = 0; atMs < longestMs; atMs += 10) {
    const struck = fault.onRequest?.(request, atMs)
    if (struck !== undefined) strikes.push({ atMs, fault: struck })
  }
  expect(fault.struck()).toBe(strikes.length)
  return strikes
}

/** What becomes of streams, all opened at once; everything that is to happen later happens at once, too. */
function streamsUnder(fault: DrawnFault, { nowMs = 0, forget = () => {} } = {}): (string | undefined)[] {
  fault.begin?.({ store: { forgetHistory: forget } } as unknown as FaultSite)
  const timeline = { nowMs: () => nowMs, after: (_: number, action: () => void) => action() } as unknown as Timeline
  return Array.from({ length: 100 }, () => {
    let told: string | undefined
    const stream: WatchStream = {
      resource: 'pods',
      isOpen: () => true,
      end: (error) => {
        told = error === undefined ? 'ended' : `${error.status} ${error.reason}`
      },
      silence: () => {
        told = 'silent'
      },
    }
    fault.onWatch?.(stream, timeline)
    return told
  })
}

async function openWith(kind: FaultKind, seed: number) {
  const file = join(import.meta.dirname, '..', '..', 'model', 'calibration.json')
  const calibration = calibrationSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  const hardware = { controlPlaneCores: 2, hosts: null, hostMemoryBytes: 2 ** 34 }
  const faults = drawFaults(seed, 1, [kind])
  const target = simulatedTarget({ seed: 1, calibration, hardware, faultsOf: () => faults })
  const { signal } = new AbortController()
  const cluster = await target.open({ arm: { id: 'tuned-1', name: 'tuned', repetition: 1 }, knobs: [], signal })
  return { cluster, struck: () => faults[0]?.struck(), signal }
}

describe('the faults of a seed', () => {
  it('should follow from the seed, and each kind from nothing but the seed', () => {
    const described = (seed: number, kinds: readonly FaultKind[]) =>
      drawFaults(seed, 1, kinds).map(({ description }) => description)
    expect(described(7, faultKinds)).toEqual(described(7, faultKinds))
    expect(described(7, faultKinds)).not.toEqual(described(8, faultKinds))
    expect(described(7, faultKinds.slice(1))).toEqual(described(7, faultKinds).slice(1))
  })

  it('should be none for some seeds, several for others, and of every kind', () => {
    const drawn = Array.from({ length: 400 }, (_, seed) => drawKinds(seed))
    expect(new Set(drawn.flat()).size).toBe(faultKinds.length)
    expect(drawn.filter((kinds) => kinds.length === 0).length).toBeGreaterThan(10)
    expect(drawn.filter((kinds) => kinds.length > 3).length).toBeGreaterThan(10)
  })
})

describe('faults of requests', () => {
  it('should strike within one window only, each request by chance', () => {
    for (const seed of seeds) {
      const strikes = strikesOf(throttling, seed)
      const spanMs = (strikes.at(-1)?.atMs ?? 0) - (strikes[0]?.atMs ?? 0)
      expect(strikes.length).toBeGreaterThan(0)
      expect(spanMs).toBeLessThan(longestMs - 60_000)
      expect(strikes.length).toBeLessThan(spanMs / 10 + 1)
    }
  })

  it('should refuse with 429 and Retry-After when the server throttles', () => {
    const [first] = strikesOf(throttling, 1)
    expect(first?.fault).toMatchObject({ kind: 'refused', error: { status: 429, reason: 'TooManyRequests' } })
    expect(first?.fault.error.retryAfterMs).toBeGreaterThanOrEqual(1000)
  })

  it('should answer 5xx or refuse the connection in a storm, sometimes with the work done', () => {
    const told = new Set(strikesOf(storms, 1).map(({ fault: { kind, error } }) => `${kind} ${error.status}`))
    expect(told).toEqual(new Set(['refused 503', 'refused 0', 'refused 500', 'reply-lost 504']))
  })

  it('should lose most replies after the work is done, and notice some only after the transport has given up', () => {
    const strikes = seeds.flatMap((seed) => strikesOf(lostReplies, seed))
    const lost = strikes.filter(({ fault }) => fault.kind === 'reply-lost').length
    expect(lost).toBeGreaterThan(strikes.length / 2)
    expect(lost).toBeLessThan(strikes.length)
    expect(new Set(strikes.map(({ fault }) => fault.noticedAfterMs))).toEqual(new Set([undefined, 70_000]))
  })

  it('should refuse watches as well', () => {
    const [first] = strikesOf(throttling, 1)
    const told = streamsUnder(throttling(createRandom(1, 'test')), { nowMs: first?.atMs ?? 0 })
    expect(new Set(told)).toContain('429 TooManyRequests')
  })
})

describe('faults of watches', () => {
  it.each<[string, DrawFault, string[]]>([
    ['dropped', droppedWatches, ['ended', '0 ECONNRESET']],
    ['silent', silentWatches, ['silent']],
    ['expired', expiredWatches, ['410 Expired']],
  ])('should leave some streams alone and spoil the others: %s', (_, draw, wanted) => {
    const told = streamsUnder(draw(createRandom(1, 'test')))
    expect(new Set(told)).toEqual(new Set([undefined, ...wanted]))
  })

  it('should forget the history when a watch expires', () => {
    let forgotten = 0
    const told = streamsUnder(expiredWatches(createRandom(1, 'test')), { forget: () => void forgotten++ })
    expect(forgotten).toBe(told.filter((one) => one !== undefined).length)
  })
})

describe('the end of faults', () => {
  it('should let nothing strike any more, of any kind', async () => {
    for (const kind of faultKinds) {
      const { cluster, struck, signal } = await openWith(kind, 1)
      const fleet = { nodes: 3, nodesPerProcess: 50, node: { cpu: 8, memory: '16Gi' } }
      await cluster.startFleet(fleet, signal)
      cluster.endFaults()
      for (let second = 0; second < 100; second++) {
        await cluster.clock.sleep(1000)
        await cluster.api.count({ resource: 'nodes' })
      }
      expect(struck(), kind).toBe(0)
      await cluster[Symbol.asyncDispose]()
    }
  })

  it('should mend etcd that is out of space', async () => {
    const { cluster } = await openWith('no-space', 1)
    await cluster.clock.sleep(60_000)
    cluster.endFaults()
    await cluster.api.create('namespaces', { metadata: { name: 'a' } })
  })

  it('should let go of what a finalizer holds', async () => {
    const { cluster } = await openWith('stuck-finalizers', 1)
    await cluster.api.create('namespaces', { metadata: { name: 'a' } })
    const metadata = { name: 'config', namespace: 'a', labels: { 'scale-test/role': 'workload' } }
    await cluster.api.create('configmaps', { metadata })
    await cluster.clock.sleep(31_000)
    cluster.endFaults()
    const found = await cluster.api.get({ resource: 'configmaps', namespace: 'a', name: 'config' })
    expect(found.metadata.finalizers).toEqual([])
  })

  it('should see dead nodes come back with their pods, or without those that were to go, when the fleet is started again', async () => {
    const { cluster, struck, signal } = await openWith('dying-nodes', 1)
    const fleet = { nodes: 2, nodesPerProcess: 50, node: { cpu: 8, memory: '16Gi' } }
    await cluster.startFleet(fleet, signal)
    await cluster.clock.sleep(1000)
    await cluster.api.create('namespaces', { metadata: { name: 'a' } })
    await cluster.clock.sleep(1000)
    const nodes = ['hollow-0', 'hollow-1']
    for (const nodeName of nodes) {
      for (const name of [`stays-${nodeName}`, `goes-${nodeName}`]) {
        const spec = { nodeName, containers: [{ name: 'a', image: 'pause' }], automountServiceAccountToken: false }
        await cluster.api.create('pods', { metadata: { namespace: 'a', name }, spec })
      }
    }
    await cluster.clock.sleep(120_000)
    expect(struck()).toBeGreaterThan(0)
    for (const nodeName of nodes) {
      const { metadata } = await cluster.api.get({ resource: 'pods', namespace: 'a', name: `goes-${nodeName}` })
      await cluster.api.delete(
        { resource: 'pods', namespace: 'a', name: `goes-${nodeName}` },
        { uid: metadata.uid ?? '' },
      )
    }
    await cluster.clock.sleep(60_000)
    const namesOf = async () => {
      const names: string[] = []
      for await (const { items } of cluster.api.list({ resource: 'pods', namespace: 'a' }))
        names.push(...items.filter(isReady).map(({ metadata }) => metadata.name ?? ''))
      return names.sort()
    }
    expect((await namesOf()).length).toBeGreaterThan(2)
    cluster.endFaults()
    await cluster.startFleet(fleet, signal)
    await cluster.clock.sleep(60_000)
    for await (const { items } of cluster.api.list({ resource: 'nodes' }))
      expect(items.map((node) => [node.metadata.name, isReady(node)])).toEqual(nodes.map((name) => [name, true]))
    expect(await namesOf()).toEqual(nodes.map((name) => `stays-${name}`))
  })
})

describe('faults of a cluster', () => {
  it('should refuse writes, but not reads, when etcd is out of space', async () => {
    const { cluster, struck } = await openWith('no-space', 1)
    await cluster.clock.sleep(60_000)
    const creating = cluster.api.create('namespaces', { metadata: { name: 'a' } })
    await expect(creating).rejects.toThrow('database space exceeded')
    expect(await cluster.api.get({ resource: 'namespaces', name: 'default' })).toBeDefined()
    expect(struck()).toBe(1)
  })

  it('should make requests slow for a while', async () => {
    const { cluster, struck } = await openWith('slow-apiserver', 1)
    const latenciesMs: number[] = []
    for (let second = 0; second < 300; second++) {
      const startMs = cluster.clock.nowMs()
      await cluster.api.get({ resource: 'namespaces', name: 'default' })
      latenciesMs.push(cluster.clock.nowMs() - startMs)
      await cluster.clock.sleep(1000)
    }
    expect(Math.max(...latenciesMs)).toBeGreaterThan(3 * Math.min(...latenciesMs))
    expect(latenciesMs.at(-1)).toBeLessThan(1.5 * Math.min(...latenciesMs))
    expect(struck()).toBe(1)
  })

  it('should take nodes away for good when their kubelets die', async () => {
    const { cluster, struck, signal } = await openWith('dying-nodes', 1)
    await cluster.startFleet({ nodes: 3, nodesPerProcess: 50, node: { cpu: 8, memory: '16Gi' } }, signal)
    await cluster.clock.sleep(180_000)
    const away: string[] = []
    for await (const page of cluster.api.list({ resource: 'nodes' }))
      away.push(...page.items.filter((node) => !isReady(node)).map(({ metadata }) => metadata.name ?? ''))
    expect(away.length).toBe(struck())
    expect(away.length).toBeGreaterThan(0)
  })

  it("should put a finalizer on one of the run's configmaps", async () => {
    const { cluster, struck } = await openWith('stuck-finalizers', 1)
    await cluster.api.create('namespaces', { metadata: { name: 'a' } })
    const metadata = { name: 'config', namespace: 'a', labels: { 'scale-test/role': 'workload' } }
    await cluster.api.create('configmaps', { metadata })
    await cluster.clock.sleep(31_000)
    expect(struck()).toBe(1)
    const found = await cluster.api.get({ resource: 'configmaps', namespace: 'a', name: 'config' })
    expect(found.metadata.finalizers).toEqual(['example.com/stuck'])
  })
})
