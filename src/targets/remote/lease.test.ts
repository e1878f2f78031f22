import { describe, expect, it } from 'vitest'
import { ApiError } from '../../kube/api.ts'
import { createVirtualClock } from '../../kube/testing.ts'
import { acquireLease, leaseFor, leaseRef } from './lease.ts'
import type { FakeCluster } from './testing.ts'
import { fakeCluster } from './testing.ts'

const startMs = Date.parse('2026-01-01T00:00:00Z')
const anna = { runId: 'big-1', who: 'anna@build-3' }
const ben = { runId: 'big-2', who: 'ben@build-7' }

/** A cluster, and runs that want its Lease, on one clock. */
function bench() {
  const cluster = fakeCluster()
  const clock = createVirtualClock(0)
  const now = () => new Date(startMs + clock.nowMs())
  const { signal } = new AbortController()
  const acquire = (holder: typeof anna) => acquireLease({ api: cluster.api, clock, now, holder, signal })
  return { cluster, clock, now, acquire }
}

const leases = (cluster: FakeCluster) => cluster.keys().filter((key) => key.startsWith('leases'))

describe('acquireLease', () => {
  it('should name whoever holds it, and since when, when a second run wants it', async () => {
    const { acquire } = bench()
    await acquire(anna)
    await expect(acquire(ben)).rejects.toMatchObject({
      kind: 'safety-refusal',
      message:
        'the target cluster is refused: it is in use: anna@build-3, run big-1, since 2026-01-01 00:00:00 UTC holds the Lease kube-system/scale-test',
    })
  })

  it('should leave nothing when it is released, and let the next run have it', async () => {
    const { cluster, acquire } = bench()
    const lease = await acquire(anna)
    await lease.keep()
    await lease.release()
    expect(leases(cluster)).toEqual([])
    await expect(acquire(ben)).resolves.toBeDefined()
  })

  it('should stay ours for as long as it is kept', async () => {
    const { clock, acquire } = bench()
    const lease = await acquire(anna)
    await lease.keep()
    await clock.sleep(600_000)
    await expect(acquire(ben)).rejects.toMatchObject({ kind: 'safety-refusal' })
    expect(lease.lost.aborted).toBe(false)
    await lease.release()
  })

  it('should be taken over when its holder has shown no sign of life for a minute', async () => {
    const { clock, acquire } = bench()
    await acquire(anna)
    await clock.sleep(59_000)
    await expect(acquire(ben)).rejects.toMatchObject({ kind: 'safety-refusal' })
    await clock.sleep(2000)
    await expect(acquire(ben)).resolves.toBeDefined()
  })

  it('should not be taken over when it is renewed although it looks expired to a wrong clock', async () => {
    const { cluster, clock, now, acquire } = bench()
    const slow = new Date(now().getTime() - 3_600_000)
    cluster.put('leases', leaseFor(anna, slow))
    const renewing = clock.sleep(15_000).then(() => cluster.put('leases', leaseFor(anna, slow)))
    await expect(acquire(ben)).rejects.toMatchObject({ kind: 'safety-refusal' })
    await renewing
  })

  it('should end the run, and stay, when somebody else has it', async () => {
    const { cluster, clock, now, acquire } = bench()
    const lease = await acquire(anna)
    await lease.keep()
    const { uid = '' } = (await cluster.api.get(leaseRef)).metadata
    await cluster.api.delete(leaseRef, { uid })
    cluster.put('leases', leaseFor(ben, now()))
    await clock.sleep(30_000)
    expect(String(lease.lost.reason)).toMatch("the cluster's Lease was lost: ben@build-7, run big-2")
    await lease.release()
    expect(leases(cluster)).toEqual(['leases kube-system/scale-test'])
  })

  it('should end the run when it could not be renewed for as long as it lasts, and not before', async () => {
    const { cluster, clock, acquire } = bench()
    const lease = await acquire(anna)
    await lease.keep()
    await clock.sleep(30_500)
    cluster.failing = new ApiError(503, 'ServiceUnavailable', 'later')
    await clock.sleep(40_000)
    expect(lease.lost.aborted).toBe(false)
    await clock.sleep(30_000)
    expect(String(lease.lost.reason)).toMatch('could not be renewed for 60 s')
    await lease.release().catch(() => {})
  })

  it('should refuse to go on when it was taken while the cluster was re-tuned', async () => {
    const { cluster, now, acquire } = bench()
    const lease = await acquire(anna)
    const { uid = '' } = (await cluster.api.get(leaseRef)).metadata
    await cluster.api.delete(leaseRef, { uid })
    cluster.put('leases', leaseFor(ben, now()))
    await expect(lease.keep()).rejects.toMatchObject({ kind: 'safety-refusal' })
  })
})
