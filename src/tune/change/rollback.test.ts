import { describe, expect, it } from 'vitest'
import { hostForTests } from '../../testing/tuned-hosts.ts'
import { createVirtualClock } from '../../testing/virtual-clock.ts'
import { nothingExpected } from '../hosts/wanted.ts'
import type { Undone } from './host.ts'
import type { HostPlan } from './plan.ts'
import { armedOf, renewing } from './renewing.ts'
import type { Restorable } from './rollback.ts'
import { restoreHosts } from './rollback.ts'

const run = 'tune-1a2b3c4d'
const manifest = '/etc/kubernetes/manifests/etcd.yaml'

/** Hosts whose static pods are members of one etcd; each restarts some time after its manifest has changed. */
function membersForTests({ restartMs = 8_000, undone = [{ outcome: 'restored', what: manifest }] as Undone[] } = {}) {
  const clock = createVirtualClock()
  /** When each member that restarts is down: once it is restored, until it has restarted. */
  const down: { name: string; fromMs: number; toMs: number }[] = []
  const memberOn = (name: string, ownMs = restartMs): Restorable => {
    let pid = 1
    let backMs = 0
    const isBack = () => clock.nowMs() >= backMs
    const on = {
      ...hostForTests(name).on,
      async restore() {
        if (pid > 1) return []
        backMs = clock.nowMs() + ownMs
        down.push({ name, fromMs: clock.nowMs(), toMs: backMs })
        pid++
        return undone
      },
      async live() {
        // The kubelet takes some time to see it.
        const isOld = !isBack() && clock.nowMs() < backMs - ownMs / 2
        const processes = [{ pid: isOld ? pid - 1 : pid, nice: 0, ioPriority: '', args: ['etcd'] }]
        return { processes, unit: undefined, health: isOld || isBack() ? 200 : 503 }
      },
    }
    return { on, etcd: { manifest } }
  }
  const restore = (places: Restorable[]) =>
    restoreHosts(places, { run, record: () => {}, healthMs: 60_000, clock, onProgress: () => {} })
  return { memberOn, restore, down, clock }
}

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

  it('should be left as they are when a restored member does not come back; hosts without one are restored', async () => {
    const { memberOn, restore, down } = membersForTests()
    const [third, second] = [memberOn('cp-3', 600_000), memberOn('cp-2')]
    const node = { ...memberOn('node-1'), etcd: undefined }
    const { left } = await restore([third, second, node])
    expect(left).toEqual([
      'cp-3: etcd is not well after it was restored: it has not restarted',
      'cp-2: left as it is, because the members of etcd would lose their quorum: cp-3: etcd is not well after it was restored: it has not restarted',
    ])
    expect(down.map(({ name }) => name)).toEqual(['cp-3', 'node-1'])
  })

  it.each<[string, Undone[]]>([
    ['a kernel setting', [{ outcome: 'restored', what: '/proc/sys/net/netfilter/nf_conntrack_max' }]],
    ['a file that somebody else has changed since', [{ outcome: 'drift', what: manifest }]],
    [
      'a file, after a reboot',
      [
        { outcome: 'restored', what: manifest },
        { outcome: 'rebooted', what: manifest },
      ],
    ],
  ])('should not be waited for where nothing restarts: %s', async (_, undone) => {
    const { memberOn, restore, clock } = membersForTests({ restartMs: Number.POSITIVE_INFINITY, undone })
    const startMs = clock.nowMs()
    await restore([memberOn('cp-2'), memberOn('cp-1')])
    expect(clock.nowMs()).toBe(startMs)
  })
})

describe('timers of hosts with members of etcd', () => {
  const planOf = (name: string, component: 'etcd' | 'kubelet'): HostPlan => {
    const change = { path: manifest, old: { path: manifest, content: null, sum: 'absent' }, content: '', restart: '' }
    return {
      on: hostForTests(name).on,
      wanted: [{ component, running: { manifest }, changes: [change], expected: nothingExpected }],
    }
  }

  it('should run out one after the other, however long ago the hosts were changed', async () => {
    const clock = createVirtualClock()
    const deadManMs = 120_000
    const plans = [planOf('cp-1', 'etcd'), planOf('node-1', 'kubelet'), planOf('cp-2', 'etcd'), planOf('cp-3', 'etcd')]
    const armed = armedOf(plans, deadManMs)
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
    expect([node, second, third]).toEqual([first, first + 30_000, first + 60_000])
  })
})
