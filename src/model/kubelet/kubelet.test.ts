import { describe, expect, it } from 'vitest'
import { isApiStatus } from '../../kube/api.ts'
import { isReady } from '../../kube/resources.ts'
import { openModelForTests } from '../testing.ts'

/** A cluster with one node, Ready, and what becomes of pods that are bound to it. */
async function benchOf({ containerStartDelayMs = 0 } = {}) {
  const { api, clock, startNodes } = openModelForTests()
  startNodes(1, containerStartDelayMs)
  await clock.sleep(5000)
  await api.create('namespaces', { metadata: { name: 'ns' } })
  await clock.sleep(1000)
  const refOf = (name: string) => ({ resource: 'pods', namespace: 'ns', name }) as const
  const look = () => clock.sleep(1)
  return {
    clock,
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

describe('a kubelet', () => {
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

  it('should start containers after the delay that the plan gives them, and wait for volumes', async () => {
    const slow = await benchOf({ containerStartDelayMs: 700 })
    const startMs = slow.clock.nowMs()
    await slow.create('slow')
    expect((await slow.untilReady('slow')) - startMs).toBeGreaterThan(700)
    const quick = await benchOf()
    const mountMs = quick.clock.nowMs()
    await quick.create('mounting', { volumes: [{ name: 'config' }] })
    const tookMs = (await quick.untilReady('mounting')) - mountMs
    expect(tookMs).toBeGreaterThan(300)
    expect(tookMs).toBeLessThan(400)
  })

  it('should end a pod that is deleted before its containers run', async () => {
    const bench = await benchOf({ containerStartDelayMs: 5000 })
    await bench.create('early')
    await bench.clock.sleep(1000)
    const startMs = bench.clock.nowMs()
    await bench.remove('early')
    expect((await bench.untilGone('early')) - startMs).toBeLessThan(7000)
  })
})
