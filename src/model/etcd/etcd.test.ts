import { describe, expect, it } from 'vitest'
import { createKernel } from '../kernel/kernel.ts'
import { createProcessor } from '../machine/processor.ts'
import type { EtcdSettings } from './etcd.ts'
import { createEtcd } from './etcd.ts'

const settings: EtcdSettings = {
  quotaBytes: 2 ** 31,
  snapshotCount: 10_000,
  apiserverCompactionMs: 300_000,
  compaction: null,
  split: [],
}

/** An etcd on a disk that takes 10 ms to sync, and a processor that takes no time to speak of. */
function benchOf(changed: Partial<EtcdSettings> = {}) {
  const timeline = createKernel().createTimeline()
  const processor = createProcessor(timeline.nowMs, 1000)
  const etcd = createEtcd(timeline, processor, 10, { ...settings, ...changed })
  const write = (resource = 'pods', bytes = 0, obsoleteBytes = 0) =>
    etcd.commit(resource, timeline.nowMs(), { bytes, obsoleteBytes, costMs: 0 })
  const use = (instance = 'etcd') => {
    const found = etcd.instances().find((one) => one.instance === instance)
    if (found === undefined) throw new Error(`no ${instance}`)
    return found
  }
  return { timeline, etcd, write, use, sleep: timeline.clock.sleep }
}

describe('etcd', () => {
  it('should sync together what arrives during a sync, next', async () => {
    const { write, use, sleep } = benchOf()
    expect(write()).toBe(10)
    await sleep(1)
    expect([write(), write(), write()]).toEqual([20, 20, 20])
    await sleep(11)
    // The second sync is under way: this one waits for the third.
    expect(write()).toBe(30)
    expect(use()).toMatchObject({ writes: 5, fsyncs: 3, fsyncMs: 30 })
  })

  it('should have no more syncs than the disk takes, however many writes there are', () => {
    const { write, use } = benchOf()
    for (let count = 0; count < 1000; count++) write()
    expect(use().fsyncs).toBe(1)
    expect(use().writes).toBe(1000)
  })

  it('should save a snapshot every so many writes, which delays what comes next', async () => {
    const { write, use, sleep } = benchOf({ snapshotCount: 2 })
    write()
    await sleep(100)
    expect(write()).toBe(130)
    expect(use().snapshots).toBe(1)
  })

  it('should take many writes that are alike as if each came by itself', () => {
    const { etcd, use } = benchOf({ snapshotCount: 50 })
    const lease = { bytes: 100, obsoleteBytes: 100, costMs: 0 }
    // Every second one finds the disk busy with the one before it.
    expect(etcd.commitAlike('leases', 0, lease, { count: 40, overMs: 200 })).toBe(10)
    expect(use()).toMatchObject({ writes: 40, fsyncs: 20, fsyncMs: 200, snapshots: 0 })
    etcd.commitAlike('leases', 0, lease, { count: 120, overMs: 0 })
    expect(use()).toMatchObject({ writes: 160, snapshots: 3 })
    expect(use().inUseBytes).toBeGreaterThan(160 * 100)
  })

  it('should raise its alarm at the quota, and keep it when less is in use again', async () => {
    const { write, use, etcd, sleep } = benchOf({ quotaBytes: 1_000_000 })
    write('pods', 500_000)
    expect(etcd.isFull('pods')).toBe(false)
    write('pods', 500_000, 1_000_000)
    expect(etcd.isFull('pods')).toBe(true)
    await sleep(1_200_000)
    expect(use().inUseBytes).toBeLessThan(1_000_000)
    expect(etcd.isFull('pods')).toBe(true)
  })

  it('should use the room of old versions again once they are compacted, and never shrink its file', async () => {
    const { write, use, sleep } = benchOf()
    const emptyBytes = use().inUseBytes
    write('pods', 1_000_000)
    write('pods', 1_000_000, 1_000_000)
    const fullBytes = use().fileBytes
    await sleep(299_000)
    expect(use().inUseBytes).toBe(fullBytes)
    await sleep(302_000)
    expect(use().inUseBytes - emptyBytes).toBeCloseTo((fullBytes - emptyBytes) / 2)
    expect(use().fileBytes).toBe(fullBytes)
    write('pods', 1_000_000)
    expect(use().fileBytes).toBe(fullBytes)
  })

  it('should keep as many revisions as it is told to, where it compacts by revisions', async () => {
    const { write, use, sleep } = benchOf({
      apiserverCompactionMs: 0,
      compaction: { keep: 'revisions', revisions: 10 },
    })
    write('pods', 1_000_000)
    write('pods', 1_000_000, 1_000_000)
    const fullBytes = use().inUseBytes
    await sleep(1_000_000)
    expect(use().inUseBytes).toBe(fullBytes)
    for (let count = 0; count < 10; count++) write('pods')
    await sleep(300_000)
    expect(use().inUseBytes).toBeLessThan(fullBytes)
  })

  it.each<[string, Partial<EtcdSettings>, boolean]>([
    ['as often as the apiserver is told to', { apiserverCompactionMs: 60_000 }, true],
    ['never, where the apiserver does not and etcd itself is not told to', { apiserverCompactionMs: 0 }, false],
    ['by itself', { apiserverCompactionMs: 0, compaction: { keep: 'period', periodMs: 60_000 } }, true],
    [
      'by the apiserver, too, beside its own revisions',
      { apiserverCompactionMs: 60_000, compaction: { keep: 'revisions', revisions: 10 } },
      true,
    ],
  ])('should be compacted %s', async (_, changed, isCompacted) => {
    const { write, use, sleep } = benchOf(changed)
    write('pods', 1_000_000, 500_000)
    const fullBytes = use().inUseBytes
    await sleep(130_000)
    expect(use().inUseBytes < fullBytes).toBe(isCompacted)
  })

  it('should give resources of their own an etcd with a disk of its own', () => {
    const { etcd, write, use } = benchOf({ split: ['/pods', 'coordination.k8s.io/leases'] })
    expect(['pods', 'leases', 'nodes'].map(etcd.instanceOf)).toEqual(['etcd-pods', 'etcd-leases', 'etcd'])
    for (const resource of ['pods', 'leases', 'nodes']) write(resource)
    expect(['etcd-pods', 'etcd-leases', 'etcd'].map((instance) => use(instance).fsyncs)).toEqual([1, 1, 1])
  })
})
