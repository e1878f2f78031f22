import { describe, expect, it } from 'vitest'
import type { KubeApi } from '../kube/api.ts'
import { ApiError } from '../kube/api.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import { createNodeStates } from './node-states.ts'

/** An API whose watch on nodes shows what the test tells it, and breaks when told so. */
function fakeNodes(names: readonly string[]) {
  const clock = createVirtualClock(0)
  const conditions = new Map(names.map((name) => [name, true]))
  const waiting: ((event: object | Error) => void)[] = []
  const node = (name: string) => ({
    metadata: { name, resourceVersion: '1' },
    status: { conditions: [{ type: 'Ready', status: conditions.get(name) === true ? 'True' : 'False' }] },
  })
  const api = {
    async *list() {
      yield { items: [...conditions.keys()].map(node), resourceVersion: '1' }
    },
    async *watch(_: unknown, signal: AbortSignal) {
      for (;;) {
        const event = await new Promise<object | Error>((resolve, reject) => {
          waiting.push(resolve)
          signal.addEventListener('abort', () => reject(signal.reason))
        })
        if (event instanceof Error) throw event
        yield event
      }
    },
  } as unknown as KubeApi
  const settle = () => clock.sleep(1)
  const fail = (error: Error) => waiting.pop()?.(error)
  return {
    cluster: { api, clock },
    settle,
    fail,
    async set(name: string, isReady: boolean) {
      conditions.set(name, isReady)
      waiting.pop()?.({ type: 'MODIFIED', object: node(name), atMs: clock.nowMs() })
      await settle()
    },
  }
}

describe('createNodeStates', () => {
  it('should count how often nodes of the fleet ceased to be Ready, over all and since a mark', async () => {
    const { cluster, set, settle } = fakeNodes(['a', 'b', 'stranger'])
    const nodes = createNodeStates()
    let changes = 0
    const failed = nodes.watch(cluster, () => changes++)
    failed.catch(() => {})
    const whole = nodes.mark()
    await settle()
    expect({ changes, ready: nodes.ready(), since: nodes.allReadySinceMs() }).toMatchObject({
      ready: 3,
      since: undefined,
    })
    nodes.expect(['a', 'b'])
    expect(nodes.ready()).toBe(2)
    expect(nodes.allReadySinceMs()).toBeGreaterThanOrEqual(0)

    await set('a', false)
    await set('a', true)
    const later = nodes.mark()
    await set('b', false)
    await set('stranger', false)
    expect(whole()).toEqual({ flaps: 2, notReady: 1 })
    expect(later()).toEqual({ flaps: 1, notReady: 1 })
    expect(nodes.flaps()).toEqual({ count: 2, nodes: ['a', 'b'], notReadyAtEnd: ['b'] })
    await nodes.stop()
  })

  it('should have a gap, and let nobody take the nodes for Ready, once their watch has failed for good (fault 25)', async () => {
    const { cluster, settle, fail } = fakeNodes(['a'])
    const nodes = createNodeStates()
    const failed = nodes.watch(cluster, () => {})
    failed.catch(() => {})
    await settle()
    nodes.expect(['a'])
    const end = nodes.mark()
    fail(new ApiError(403, 'Forbidden', 'nodes is forbidden'))
    await expect(failed).rejects.toThrow('nodes is forbidden')
    expect(end()).toEqual({ unread: 'nodes were not watched to the end: nodes is forbidden' })
    await expect(nodes.lookAgain(new AbortController().signal)).rejects.toMatchObject({
      kind: 'inconclusive',
      message: expect.stringContaining('nodes is forbidden'),
    })
    await nodes.stop()
  })

  it('should tell when nodes become Ready and cease to be, each once', async () => {
    const { cluster, set, settle, fail } = fakeNodes(['a'])
    const told: object[] = []
    const nodes = createNodeStates((sample) => told.push(sample))
    nodes.watch(cluster, () => {}).catch(() => {})
    await settle()
    await set('a', true)
    await set('a', false)
    await set('a', false)
    await set('a', true)
    const node = { kind: 'node', node: 'a', exact: false }
    expect(told).toMatchObject([
      { ...node, ready: true },
      { ...node, ready: false },
      { ...node, ready: true },
    ])
    fail(new ApiError(0, 'ECONNRESET', 'the connection was reset'))
    await settle()
    expect(told.at(-1)).toEqual({
      kind: 'gap',
      source: 'nodes',
      because: 'their watch was interrupted: ECONNRESET',
    })
    fail(new ApiError(403, 'Forbidden', 'nodes is forbidden'))
    await settle()
    expect(told.at(-1)).toEqual({
      kind: 'gap',
      source: 'nodes',
      because: 'nodes were not watched to the end: nodes is forbidden',
    })
    await nodes.stop()
  })

  it('should tell of nothing before there is a fleet', () => {
    const nodes = createNodeStates()
    expect(nodes.mark()()).toBeNull()
    expect(nodes.flaps()).toEqual({ count: 0, nodes: [], notReadyAtEnd: [] })
  })
})
