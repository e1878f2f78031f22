import { describe, expect, it } from 'vitest'
import type { KubeApi, WatchEvent } from '../kube/api.ts'
import type { ConfigMap } from '../kube/resources.ts'
import type { Told } from '../result/sample-line.ts'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import { sampleWatchLag } from './watch-lag.ts'

const canary = { metadata: { name: 'canary', namespace: 'large-01' } }

/** One object and one watch that shows a write so late after its answer; undefined: never. */
function apiWith(clock: ReturnType<typeof createVirtualClock>, lagMs: (write: number) => number | undefined) {
  const events: WatchEvent<ConfigMap>[] = []
  let wake = () => {}
  let version = 1
  const show = async (event: ConfigMap, afterMs: number) => {
    await clock.sleep(afterMs)
    events.push({ type: 'MODIFIED', object: event, atMs: clock.nowMs() })
    wake()
  }
  return {
    create: async () => canary,
    async patch(_: unknown, { body }: { body: { data: { write: string } } }) {
      await clock.sleep(3)
      const { data } = body
      const after = lagMs(Number(data.write))
      if (after !== undefined)
        void show({ metadata: { ...canary.metadata, uid: 'u', resourceVersion: `${++version}` }, data }, after)
    },
    async *list() {
      yield { items: [], resourceVersion: '1' }
    },
    async *watch(_: unknown, signal: AbortSignal) {
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      while (!signal.aborted) {
        yield* events.splice(0)
        await Promise.race([
          aborted,
          new Promise<void>((resolve) => {
            wake = resolve
          }),
        ])
      }
    },
  } as unknown as KubeApi
}

function listener() {
  const told: object[] = []
  return { told, tell: (sample: Told, atMs?: number) => void told.push({ atMs, ...sample }) }
}

describe('sampleWatchLag', () => {
  it('should tell how long after the answer a watch showed each write', async () => {
    const clock = createVirtualClock(0)
    const { told, tell } = listener()
    const lag = sampleWatchLag({ api: apiWith(clock, (write) => 10 * write), clock, tell }, canary)
    await clock.sleep(4500)
    const { lagsMs, unseen, curve } = await lag.stop()
    expect({ lagsMs, unseen }).toEqual({ lagsMs: [10, 20, 30, 40], unseen: 0 })
    expect(curve.map(([, lagMs]) => lagMs)).toEqual([10, 20, 30, 40])
    // A write every second, which takes 3 ms.
    expect(told).toEqual(
      [10, 20, 30, 40].map((lagMs, index) => ({ atMs: 1003 * (index + 1) + lagMs, kind: 'watch-lag', lagMs })),
    )
    expect(clock.sleepers()).toBe(0)
  })

  it('should count writes that no watch showed', async () => {
    const clock = createVirtualClock(0)
    const api = apiWith(clock, (write) => (write % 2 === 0 ? undefined : 5))
    const { told, tell } = listener()
    const lag = sampleWatchLag({ api, clock, tell }, canary)
    await clock.sleep(4500)
    expect(await lag.stop()).toMatchObject({ lagsMs: [5, 5], unseen: 2 })
    expect(told.at(-1)).toMatchObject({
      kind: 'gap',
      source: 'watch-lag',
      because: '2 writes of the canary were not shown until it ended',
    })
  })

  it('should go on when a write fails', async () => {
    const clock = createVirtualClock(0)
    const working = apiWith(clock, () => 5)
    let tries = 0
    const patch = (...request: Parameters<KubeApi['patch']>) =>
      ++tries === 2 ? Promise.reject(new Error('the server is too busy')) : working.patch(...request)
    const lag = sampleWatchLag({ api: { ...working, patch } as KubeApi, clock, tell: () => {} }, canary)
    await clock.sleep(4500)
    expect(await lag.stop()).toMatchObject({ lagsMs: [5, 5, 5], unseen: 0 })
  })
})
