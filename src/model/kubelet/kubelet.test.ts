import { describe, expect, it } from 'vitest'
import type { ContainerStarts } from '../../fleet/hollow-node.ts'
import { isApiStatus } from '../../kube/api.ts'
import { isReady } from '../../kube/resources.ts'
import { openModelForTests } from '../../testing/model.ts'
import { requestsUnder } from '../../testing/profiles.ts'
import type { KnobValue } from '../../tuning/knob.ts'
import type { Costs } from '../machine/costs.ts'

interface BenchOptions {
  nodes?: number
  starts?: ContainerStarts
  knobs?: Readonly<Record<string, KnobValue>>
  kubeletCosts?: Partial<Costs['kubelet']>
}

/** A cluster with one node or more, Ready, and what becomes of pods that are bound to it. */
async function benchOf({ nodes = 1, starts, knobs = {}, kubeletCosts = {} }: BenchOptions = {}) {
  const model = openModelForTests({ knobs: requestsUnder('stock', knobs), kubeletCosts })
  const { api, clock, startNodes, store, server } = model
  startNodes(nodes, starts)
  await clock.sleep(5000)
  await api.create('namespaces', { metadata: { name: 'ns' } })
  await clock.sleep(1000)
  const refOf = (name: string) => ({ resource: 'pods', namespace: 'ns', name }) as const
  const look = () => clock.sleep(1)
  const requests = (verb: string, resource: string, subresource = '') => {
    let count = 0
    for (const { name, labels, value } of server.metrics.samples()) {
      const isIt = labels['verb'] === verb && labels['resource'] === resource && labels['subresource'] === subresource
      if (name === 'apiserver_request_total' && isIt) count += value
    }
    return count
  }
  return {
    clock,
    node: () => api.get({ resource: 'nodes', name: 'hollow-0' }),
    /** Kills the kubelet's process. */
    kill: () => model.fleet()?.kill(),
    /** Starts it again. */
    start: () => startNodes(nodes, starts),
    /** How many requests of a kind the apiserver has had. */
    requests,
    /** How many there are in a stretch of time. */
    async requestsIn(durationMs: number, ...kind: Parameters<typeof requests>) {
      const before = requests(...kind)
      await clock.sleep(durationMs)
      return requests(...kind) - before
    },
    /** What a pod's status says from now on, in phases, and its end. */
    phasesOf(name: string) {
      const phases: string[] = []
      store.onChange('pods', ({ type, object }) => {
        if (object.metadata.name !== name) return
        const isReported = object.status?.['startTime'] !== undefined
        const told = type === 'DELETED' ? 'gone' : `${isReported ? '' : 'unreported '}${object.status?.phase}`
        if (phases.at(-1) !== told) phases.push(told)
      })
      return phases
    },
    async create(name: string, spec: object = {}) {
      const containers = [{ name: 'a', image: 'pause' }]
      const whole = { nodeName: 'hollow-0', containers, automountServiceAccountToken: false, ...spec }
      await api.create('pods', { metadata: { namespace: 'ns', name }, spec: whole })
    },
    async untilReady(name: string) {
      while (!isReady(await api.get(refOf(name)))) await look()
      return clock.nowMs()
    },
    async remove(name: string) {
      const { metadata } = await api.get(refOf(name))
      await api.delete(refOf(name), { uid: metadata.uid ?? '' })
    },
    /** As `kubectl delete --force` does. */
    async removeAtOnce(name: string) {
      store.remove('pods', await api.get(refOf(name)))
    },
    async untilGone(name: string) {
      for (;;) {
        try {
          await api.get(refOf(name))
        } catch (error) {
          if (isApiStatus(error, 404)) return clock.nowMs()
          throw error
        }
        await look()
      }
    },
  }
}

describe('a kubelet (review 38)', () => {
  it('should find a pod running as soon as it is, without waiting for a relist', async () => {
    const bench = await benchOf()
    for (let count = 0; count < 5; count++) {
      await bench.clock.sleep(137 * count)
      const startMs = bench.clock.nowMs()
      await bench.create(`pod-${count}`)
      expect((await bench.untilReady(`pod-${count}`)) - startMs).toBeLessThan(100)
    }
  })

  it('should let a pod go only after a relist, which comes at the same part of each second', async () => {
    const bench = await benchOf()
    const parts: number[] = []
    const tookMs: number[] = []
    for (let count = 0; count < 8; count++) {
      await bench.create(`pod-${count}`)
      await bench.untilReady(`pod-${count}`)
      await bench.clock.sleep(3000 + 211 * count)
      const startMs = bench.clock.nowMs()
      await bench.remove(`pod-${count}`)
      const goneMs = await bench.untilGone(`pod-${count}`)
      parts.push(goneMs % 1000)
      tookMs.push(goneMs - startMs)
    }
    expect(Math.max(...parts) - Math.min(...parts)).toBeLessThan(50)
    expect(Math.max(...tookMs)).toBeLessThan(1100)
    expect(Math.max(...tookMs) - Math.min(...tookMs)).toBeGreaterThan(300)
  })

  it('should start containers after the time that the plan gives them', async () => {
    const bench = await benchOf({ starts: { timeMs: 700 } })
    const startMs = bench.clock.nowMs()
    await bench.create('slow')
    expect((await bench.untilReady('slow')) - startMs).toBeGreaterThan(700)
  })

  it.each<[string, object]>([
    ['volumes', { volumes: [{ name: 'config' }] }],
    ['a token', { automountServiceAccountToken: true }],
  ])(
    'should look for volumes 300 ms after a pod with %s has come, and not before (WaitForAttachAndMount)',
    async (_, spec) => {
      const bench = await benchOf()
      const startMs = bench.clock.nowMs()
      await bench.create('mounting', spec)
      const tookMs = (await bench.untilReady('mounting')) - startMs
      expect(tookMs).toBeGreaterThan(300)
      expect(tookMs).toBeLessThan(400)
    },
  )

  it('should hear of its pods the later the more there are, which it compares with what it knew each time', async () => {
    const bench = await benchOf({ kubeletCosts: { changeMsPerPod: 10, admitMsPerPod: 0 } })
    for (let count = 0; count < 30; count++) await bench.create(`pod-${count}`)
    await bench.clock.sleep(60_000)
    const startMs = bench.clock.nowMs()
    await bench.create('one-more')
    const tookMs = (await bench.untilReady('one-more')) - startMs
    expect(tookMs).toBeGreaterThan(300)
    expect(tookMs).toBeLessThan(400)
  })

  it('should take the longer to admit a pod the more there are', async () => {
    const bench = await benchOf({ kubeletCosts: { changeMsPerPod: 0, admitMsPerPod: 10 } })
    for (let count = 0; count < 30; count++) await bench.create(`pod-${count}`)
    await bench.clock.sleep(60_000)
    const startMs = bench.clock.nowMs()
    await bench.create('one-more')
    expect((await bench.untilReady('one-more')) - startMs).toBeGreaterThan(300)
    await bench.clock.sleep(60_000)
    const stopMs = bench.clock.nowMs()
    await bench.remove('one-more')
    expect((await bench.untilGone('one-more')) - stopMs).toBeLessThan(1100)
  })

  it('should end a pod that is deleted before its containers run', async () => {
    const bench = await benchOf({ starts: { timeMs: 5000 } })
    await bench.create('early')
    await bench.clock.sleep(1000)
    const startMs = bench.clock.nowMs()
    await bench.remove('early')
    expect((await bench.untilGone('early')) - startMs).toBeLessThan(7000)
  })

  it('should start so many containers at a time as the plan says, on each node for itself', async () => {
    const bench = await benchOf({ nodes: 2, starts: { timeMs: 1000, parallel: 2 } })
    const startMs = bench.clock.nowMs()
    const pods = ['a', 'b', 'c', 'd', 'e']
    for (const name of pods) await bench.create(name)
    for (const name of pods) await bench.create(`other-${name}`, { nodeName: 'hollow-1' })
    const seconds: number[] = []
    for (const name of pods.flatMap((one) => [one, `other-${one}`]))
      seconds.push(Math.floor(((await bench.untilReady(name)) - startMs) / 1000))
    expect(seconds).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3])
  })

  it('should not start a container of a pod that is deleted while it waits for its turn, and let that pod go at once', async () => {
    const bench = await benchOf({ starts: { timeMs: 20_000, parallel: 1 } })
    const phases = bench.phasesOf('waits')
    const startMs = bench.clock.nowMs()
    for (const name of ['first', 'waits', 'next']) await bench.create(name)
    await bench.clock.sleep(1000)
    await bench.remove('waits')
    expect((await bench.untilGone('waits')) - startMs).toBeLessThan(4000)
    expect(phases).not.toContain('Running')
    // Its turn goes to the next one.
    const readyMs = await bench.untilReady('next')
    expect(readyMs - startMs).toBeGreaterThan(40_000)
    expect(readyMs - startMs).toBeLessThan(41_000)
  })

  it('should give the turn of a pod that is removed at once to the next one', async () => {
    const bench = await benchOf({ starts: { timeMs: 20_000, parallel: 1 } })
    const startMs = bench.clock.nowMs()
    for (const name of ['first', 'removed', 'next']) await bench.create(name)
    await bench.clock.sleep(1000)
    await bench.removeAtOnce('removed')
    expect((await bench.untilReady('next')) - startMs).toBeLessThan(41_000)
  })

  it('should report a pod as Pending when it has seen it, Running when its containers are, and ended before it lets it go', async () => {
    const bench = await benchOf({ starts: { timeMs: 500 } })
    const phases = bench.phasesOf('a')
    await bench.create('a')
    await bench.untilReady('a')
    await bench.clock.sleep(3000)
    await bench.remove('a')
    await bench.untilGone('a')
    expect(phases).toEqual(['unreported Pending', 'Pending', 'Running', 'Succeeded', 'gone'])
  })

  it('should take a GET and a PATCH for each status that it writes (syncPod)', async () => {
    const bench = await benchOf({ starts: { timeMs: 500 } })
    await bench.create('a')
    await bench.clock.sleep(2000)
    // Pending, with a sandbox, and Running.
    expect(bench.requests('PATCH', 'pods', 'status')).toBe(3)
    expect(bench.requests('GET', 'pods')).toBe(3)
  })

  it('should find a pod running the later the more pods are still to be admitted (syncLoopIteration)', async () => {
    const runningAfterMs = async (admitMsPerPod: number) => {
      const bench = await benchOf({ kubeletCosts: { changeMsPerPod: 0, admitMsPerPod } })
      for (let count = 0; count < 40; count++) await bench.create(`pod-${count}`)
      const startMs = bench.clock.nowMs()
      return (await bench.untilReady('pod-20')) - startMs
    }
    // Those after it take half a second to be admitted at least.
    expect(await runningAfterMs(1)).toBeGreaterThan((await runningAfterMs(0)) + 300)
  })

  it('should get a token for each pod that mounts one, and for no other', async () => {
    const bench = await benchOf()
    for (const name of ['one', 'two']) await bench.create(name, { automountServiceAccountToken: true })
    await bench.create('without')
    for (const name of ['one', 'two', 'without']) await bench.untilReady(name)
    expect(bench.requests('POST', 'serviceaccounts', 'token')).toBe(2)
  })

  it('should make all its pods wait for one bucket (kubeAPIQPS, kubeAPIBurst)', async () => {
    const readyAfterMs = async (qps: number) => {
      const bench = await benchOf({ knobs: { 'kubelet.kubeAPIQPS': qps, 'kubelet.kubeAPIBurst': qps } })
      const startMs = bench.clock.nowMs()
      for (let count = 0; count < 20; count++) await bench.create(`pod-${count}`)
      let readyMs = 0
      for (let count = 0; count < 20; count++) readyMs = Math.max(readyMs, await bench.untilReady(`pod-${count}`))
      return readyMs - startMs
    }
    // A GET and a PATCH for each of 20 at least: 5 requests at once, and 35 at 5 a second.
    expect(await readyAfterMs(5)).toBeGreaterThan(7000)
    expect(await readyAfterMs(500)).toBeLessThan(1000)
  })

  it('should register a node that is not Ready and has a taint, and report it Ready a moment later', async () => {
    const { api, clock, startNodes } = openModelForTests()
    startNodes(1)
    const ref = { resource: 'nodes', name: 'hollow-0' } as const
    const found = async () => await api.get(ref).catch(() => undefined)
    let node = await found()
    while (node === undefined) {
      await clock.sleep(5)
      node = await found()
    }
    expect(isReady(node)).toBe(false)
    expect(node.spec?.taints).toEqual([{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }])
    await clock.sleep(1000)
    node = await api.get(ref)
    expect(isReady(node)).toBe(true)
    expect(node.spec?.taints ?? []).toEqual([])
    expect(node.status?.allocatable).toMatchObject({ cpu: '8', memory: '16Gi', pods: '110' })
  })

  it('should renew its lease every 10 s, up to 4 % later', async () => {
    const bench = await benchOf()
    const renewals = await bench.requestsIn(1_000_000, 'PUT', 'leases')
    expect(renewals).toBeGreaterThanOrEqual(96)
    expect(renewals).toBeLessThanOrEqual(100)
  })

  it.each<[string, Readonly<Record<string, KnobValue>>, number, number]>([
    // Looked at every 10 s, up to 4 % later; the first of these reports comes up to half of its period sooner or later.
    ['every 5 minutes', {}, 18, 21],
    [
      'as often as it is looked at when nodeStatusUpdateFrequency is set',
      { 'kubelet.nodeStatusUpdateFrequency': '10s' },
      570,
      602,
    ],
  ])('should report a node that has not changed %s', async (_, knobs, least, most) => {
    const bench = await benchOf({ knobs })
    const reports = await bench.requestsIn(6_000_000, 'PATCH', 'nodes', 'status')
    expect(reports).toBeGreaterThanOrEqual(least)
    expect(reports).toBeLessThanOrEqual(most)
  })

  it('should spread the first of these reports over half a period before and after its time (calculateDelay)', async () => {
    const bench = await benchOf({ nodes: 40 })
    expect(await bench.requestsIn(140_000, 'PATCH', 'nodes', 'status')).toBe(0)
    const early = await bench.requestsIn(160_000, 'PATCH', 'nodes', 'status')
    expect(early).toBeGreaterThan(10)
    expect(early).toBeLessThan(30)
  })

  it('should ask for nothing any more once its process is killed, and leave its pods as they are', async () => {
    const bench = await benchOf()
    await bench.create('a')
    await bench.untilReady('a')
    bench.kill()
    const phases = bench.phasesOf('a')
    await bench.remove('a')
    expect(await bench.requestsIn(30_000, 'PUT', 'leases')).toBe(0)
    expect(phases).toEqual(['Running'])
  })

  it('should start no containers of a pod that is deleted while its volumes are mounted', async () => {
    const bench = await benchOf({ starts: { timeMs: 10_000 } })
    const phases = bench.phasesOf('early')
    await bench.create('early', { volumes: [{ name: 'config' }] })
    await bench.clock.sleep(100)
    const startMs = bench.clock.nowMs()
    await bench.remove('early')
    expect((await bench.untilGone('early')) - startMs).toBeLessThan(3000)
    expect(phases).not.toContain('Running')
  })

  it('should take over the node and the pods of the one before it when it is started again', async () => {
    const bench = await benchOf()
    for (const name of ['stays', 'goes']) await bench.create(name)
    for (const name of ['stays', 'goes']) await bench.untilReady(name)
    bench.kill()
    await bench.remove('goes')
    await bench.clock.sleep(60_000)
    expect(isReady(await bench.node())).toBe(false)
    const phases = bench.phasesOf('goes')
    bench.start()
    await bench.untilGone('goes')
    // It is not started once more.
    expect(phases).not.toContain('Running')
    await bench.clock.sleep(5000)
    expect(isReady(await bench.node())).toBe(true)
    expect(await bench.untilReady('stays')).toBe(bench.clock.nowMs())
  })
})
