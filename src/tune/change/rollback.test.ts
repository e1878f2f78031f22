import { describe, expect, it } from 'vitest'
import { Failure } from '../../base/errors.ts'
import { hostForTests } from '../../testing/tuned-hosts.ts'
import { createVirtualClock } from '../../testing/virtual-clock.ts'
import type { Undone } from './host.ts'
import type { Restorable } from './quorum.ts'
import { renewing, staggered } from './renewing.ts'
import { restoreHosts } from './rollback.ts'

const run = 'tune-1a2b3c4d'
const manifest = '/etc/kubernetes/manifests/etcd.yaml'

interface Member {
  /** How long it is down once it is restored; for ever where it does not come back. */
  downMs?: number
  undone?: Undone[]
  isUnit?: boolean
}

/** Hosts whose etcds are members of one; each restarts some time after its file has changed. */
function membersForTests() {
  const clock = createVirtualClock()
  /** When each member that restarts is down: once it is restored, until it has restarted. */
  const down: { name: string; fromMs: number; toMs: number }[] = []
  /** What was renewed or disarmed, and when. */
  const timers: { name: string; what: 'renewed' | 'disarmed'; atMs: number }[] = []
  const ill = new Set<string>()
  /** Those that ssh does not reach. */
  const unasked = new Set<string>()
  /** Those that nobody reaches any more, neither over ssh nor other members. */
  const gone = new Set<string>()
  const memberOn = (name: string, { downMs = 8_000, undone, isUnit = false }: Member = {}): Restorable => {
    const peers = ['cp-1', 'cp-2', 'cp-3'].map((one) => `${one}=https://${one}:2380`)
    const flags = [`--initial-cluster=${peers.join(',')}`, `--initial-advertise-peer-urls=https://${name}:2380`]
    const what = isUnit ? '/etc/systemd/system/etcd.service.d/90-scale-test.conf' : manifest
    const outcome = undone ?? [{ outcome: 'restored', what } as const]
    let restoredMs: number | undefined
    const on = {
      ...hostForTests(name).on,
      holds: async () => restoredMs === undefined,
      renew: async () => void timers.push({ name, what: 'renewed', atMs: clock.nowMs() }),
      disarm: async () => void timers.push({ name, what: 'disarmed', atMs: clock.nowMs() }),
      async restore() {
        if (restoredMs !== undefined) return []
        restoredMs = clock.nowMs()
        ill.delete(name)
        down.push({ name, fromMs: restoredMs, toMs: restoredMs + downMs })
        return outcome
      },
      reaches: async (url: string) => [...gone].every((one) => url !== `https://${one}:2380`),
      async live() {
        if (unasked.has(name) || gone.has(name)) throw new Failure('infrastructure', `${name} cannot be reached`)
        const sinceMs = restoredMs === undefined || downMs === 0 ? undefined : clock.nowMs() - restoredMs
        // A kubelet takes some time to see it.
        const isOld = sinceMs === undefined || sinceMs < Math.min(downMs, 8_000) / 2
        const isWell = !ill.has(name) && (isOld || sinceMs >= downMs)
        const processes = [{ pid: isOld ? 1 : 2, nice: 0, ioPriority: '', args: ['etcd', ...flags] }]
        return { processes, unit: undefined, health: isWell ? 200 : 503 }
      },
    }
    return { on, etcd: isUnit ? { unit: 'etcd.service' } : { manifest } }
  }
  const restore = (places: Restorable[], peers = places) =>
    restoreHosts(places, {
      ...{ run, healthMs: 60_000, deadManMs: 40_000, clock, peers },
      ...{ record: () => {}, onProgress: () => {} },
    })
  return { memberOn, restore, down, timers, ill, unasked, gone, clock }
}

const quorum = 'so that etcd keeps its quorum'

describe('hosts with members of etcd', () => {
  it('should be restored one after the other, each once the one before is well again', async () => {
    const { memberOn, restore, down } = membersForTests()
    const places = ['cp-3', 'cp-2', 'cp-1'].map((name) => memberOn(name))
    const { left, restored } = await restore(places)
    expect(left).toEqual([])
    expect(restored.size).toBe(3)
    expect(down.map(({ name }) => name)).toEqual(['cp-3', 'cp-2', 'cp-1'])
    for (const [index, { fromMs }] of down.entries())
      expect(fromMs).toBeGreaterThanOrEqual(index === 0 ? 0 : (down[index - 1]?.toMs ?? Number.NaN))
    const again = await restore(places)
    expect(again.left).toEqual([])
    expect(again.untouched.size).toBe(3)
    expect(down).toHaveLength(3)
  })

  it('should be left as they are, their timers off, while a restored member does not come back; others are restored', async () => {
    const { memberOn, restore, down, timers } = membersForTests()
    const [third, second] = [memberOn('cp-3', { downMs: Number.POSITIVE_INFINITY }), memberOn('cp-2')]
    const node = { ...memberOn('node-1'), etcd: undefined }
    const places = [third, second, node]
    const notRestored = `cp-2: left as it is, ${quorum}: on cp-3, its health URL answers 503`
    expect((await restore(places)).left).toEqual([
      'cp-3: etcd is not well after it was restored: its health URL answers 503',
      notRestored,
    ])
    expect(down.map(({ name }) => name)).toEqual(['cp-3', 'node-1'])
    expect(timers.filter(({ what }) => what === 'disarmed').map(({ name }) => name)).toEqual(['cp-2'])
    // Nothing is left to restore on the one that is ill.
    expect((await restore(places)).left).toEqual([notRestored])
    expect(down.map(({ name }) => name)).toEqual(['cp-3', 'node-1'])
  })

  it('should be restored, and before all others, when they are the ones that are ill', async () => {
    const { memberOn, restore, down, ill } = membersForTests()
    ill.add('cp-1')
    const { left } = await restore([memberOn('cp-3'), memberOn('cp-2'), memberOn('cp-1')])
    expect(left).toEqual([])
    expect(down.map(({ name }) => name)).toEqual(['cp-1', 'cp-3', 'cp-2'])
  })

  it('should not be restored while one is ill that the run has not changed', async () => {
    const { memberOn, restore, down, ill } = membersForTests()
    const [first, second] = [memberOn('cp-1'), memberOn('cp-2')]
    ill.add('cp-2')
    const { left } = await restore([first], [first, second])
    expect(left).toEqual([`cp-1: left as it is, ${quorum}: on cp-2, its health URL answers 503`])
    expect(down).toEqual([])
  })

  it('should not be restored while one is gone, and be restored while one only cannot be asked', async () => {
    const { memberOn, restore, down, unasked, gone } = membersForTests()
    const [first, second, third] = [memberOn('cp-1'), memberOn('cp-2'), memberOn('cp-3')]
    gone.add('cp-2')
    const { left } = await restore([first], [first, second, third])
    expect(left).toEqual([
      `cp-1: left as it is, ${quorum}: cp-2 cannot be asked, and nobody answers at https://cp-2:2380`,
    ])
    expect(down).toEqual([])
    gone.clear()
    unasked.add('cp-2')
    expect((await restore([first], [first, second, third])).left).toEqual([])
    expect(down.map(({ name }) => name)).toEqual(['cp-1'])
  })

  it('should not be restored by their timers while others are restored here', async () => {
    const { memberOn, restore, timers, clock } = membersForTests()
    const startMs = clock.nowMs()
    await restore(['cp-3', 'cp-2', 'cp-1'].map((name) => memberOn(name, { downMs: 30_000 })))
    const renewed = timers.filter(({ name, what }) => name === 'cp-1' && what === 'renewed').map(({ atMs }) => atMs)
    expect(renewed[0]).toBe(startMs)
    expect(clock.nowMs() - startMs).toBeGreaterThan(80_000)
    expect(Math.max(...renewed.map((atMs, index) => atMs - (renewed[index - 1] ?? startMs)))).toBeLessThan(40_000)
  })

  it.each<[string, Member]>([
    ['a kernel setting', { undone: [{ outcome: 'restored', what: '/proc/sys/net/netfilter/nf_conntrack_max' }] }],
    ['a file that somebody else has changed since', { undone: [{ outcome: 'drift', what: manifest }] }],
    [
      'the drop-in of a unit, after a reboot',
      {
        isUnit: true,
        undone: [
          { outcome: 'restored', what: '/etc/systemd/system/etcd.service.d/90-scale-test.conf' },
          { outcome: 'rebooted', what: '/etc/systemd/system/etcd.service.d/90-scale-test.conf' },
        ],
      },
    ],
  ])('should not be waited for where nothing restarts: %s', async (_, member) => {
    const { memberOn, restore, clock } = membersForTests()
    const startMs = clock.nowMs()
    await restore([memberOn('cp-2', { ...member, downMs: 0 }), memberOn('cp-1', { ...member, downMs: 0 })])
    expect(clock.nowMs()).toBe(startMs)
  })

  it('should be well where a kubelet never took the manifest that is gone again', async () => {
    const { memberOn, restore } = membersForTests()
    const { left } = await restore([memberOn('cp-2', { downMs: 0 }), memberOn('cp-1')])
    expect(left).toEqual([])
  })
})

describe('timers of hosts with members of etcd', () => {
  it('should run out one after the other, however long ago the hosts were changed', async () => {
    const clock = createVirtualClock()
    const deadManMs = 120_000
    const places = ['cp-1', 'node-1', 'cp-2', 'cp-3'].map((name) => ({ on: hostForTests(name).on }))
    const armed = staggered(places, ({ on }) => on.name !== 'node-1', deadManMs)
    const outMs = new Map<string, number>()
    const renewal = renewing([], run, deadManMs, clock)
    for (const { on, deadManMs: own } of armed) {
      const renew = async (_: string, seconds: number) => void outMs.set(on.name, clock.nowMs() + seconds * 1000)
      renewal.add({ on: { ...on, renew }, deadManMs: own })
      await clock.sleep(17_000)
    }
    await clock.sleep(100_000)
    await renewal.stop()
    const [first = 0, node, second, third] = ['cp-1', 'node-1', 'cp-2', 'cp-3'].map((name) => outMs.get(name))
    expect([node, second, third]).toEqual([first, first + 60_000, first + 120_000])
  })
})
