import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../base/clock.ts'
import { ApiError } from '../../kube/api.ts'
import type { FakeCluster } from '../../testing/fake-cluster.ts'
import { fakeCluster } from '../../testing/fake-cluster.ts'
import { createVirtualClock } from '../../testing/virtual-clock.ts'
import { acquireLease, isExpired, leaseFor, leaseRef } from './lease.ts'

const startMs = Date.parse('2026-01-01T00:00:00Z')
const anna = { runId: 'big-1', who: 'anna@build-3' }
const ben = { runId: 'big-2', who: 'ben@build-7' }

/** A cluster, and runs that want its Lease, on one clock. */
function bench() {
  const cluster = fakeCluster()
  const clock = createVirtualClock(0)
  const now = () => new Date(startMs + clock.nowMs())
  const { signal } = new AbortController()
  const acquire = (holder: typeof anna, itsClock: Clock = clock, itsNow = now) =>
    acquireLease({ api: cluster.api, clock: itsClock, now: itsNow, holder, signal })
  return { cluster, clock, now, acquire }
}

const leases = (cluster: FakeCluster) => cluster.contents().filter((key) => key.startsWith('leases'))

describe('acquireLease', () => {
  it('should name whoever holds it, and since when, when a second run wants it (fault 17)', async () => {
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
    await lease.release()
    expect(leases(cluster)).toEqual([])
    await expect(acquire(ben)).resolves.toBeDefined()
  })

  it('should stay ours for as long as it is kept', async () => {
    const { clock, acquire } = bench()
    const lease = await acquire(anna)
    await clock.sleep(600_000)
    await expect(acquire(ben)).rejects.toMatchObject({ kind: 'safety-refusal' })
    expect(lease.lost.aborted).toBe(false)
    await lease.release()
  })

  it('should be taken over when its holder has shown no sign of life for a minute', async () => {
    const { cluster, clock, now, acquire } = bench()
    cluster.put('leases', leaseFor(anna, now()))
    await clock.sleep(59_000)
    await expect(acquire(ben)).rejects.toMatchObject({ kind: 'safety-refusal' })
    await clock.sleep(2000)
    await expect(acquire(ben)).resolves.toBeDefined()
  })

  it('should not be taken over when it is renewed although it looks expired to a wrong clock (fault 22)', async () => {
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
    await steal(cluster, leaseFor(ben, now()))
    await clock.sleep(30_000)
    expect(String(lease.lost.reason)).toMatch("the cluster's Lease was lost: ben@build-7, run big-2")
    await lease.release()
    expect(leases(cluster)).toEqual(['leases kube-system/scale-test'])
  })

  it('should end the run well before others may take it when it cannot be renewed, and not at once (fault 4)', async () => {
    const { cluster, clock, acquire } = bench()
    const lease = await acquire(anna)
    await clock.sleep(30_500)
    cluster.failing = new ApiError(503, 'ServiceUnavailable', 'later')
    await clock.sleep(30_000)
    await lease.confirm()
    await clock.sleep(10_000)
    expect(String(lease.lost.reason)).toMatch(
      'was lost: it was last renewed 40.0 s ago, and the last try failed: later',
    )
    await lease.release().catch(() => {})
  })

  it('should be lost at once when etcd is out of space, and be released all the same (fault 11)', async () => {
    const { cluster, clock, acquire } = bench()
    const lease = await acquire(anna)
    const full = new ApiError(500, 'HTTP 500', 'patch leases: etcdserver: mvcc: database space exceeded (500 HTTP 500)')
    cluster.failing = full
    await clock.sleep(11_000)
    cluster.failing = undefined
    expect(lease.lost.reason).toBe(full)
    await lease.release()
    expect(leases(cluster)).toEqual([])
  })

  it('should stay ours while a cluster does not answer for a while', async () => {
    const { cluster, clock, acquire } = bench()
    const lease = await acquire(anna)
    for (let outage = 0; outage < 10; outage++) {
      cluster.failing = new ApiError(503, 'ServiceUnavailable', 'later')
      await clock.sleep(25_000)
      cluster.failing = undefined
      await clock.sleep(5000)
      await lease.confirm()
      await expect(acquire(ben)).rejects.toMatchObject({ kind: 'safety-refusal' })
    }
    await lease.release()
  })

  it('should last longer when it is told to, and for as long as before when told again', async () => {
    const { cluster, clock, acquire } = bench()
    const lease = await acquire(anna)
    await lease.lastFor(300_000)
    cluster.failing = new ApiError(503, 'ServiceUnavailable', 'restarting')
    await clock.sleep(150_000)
    cluster.failing = undefined
    await expect(acquire(ben)).rejects.toMatchObject({ kind: 'safety-refusal' })
    await lease.lastFor()
    cluster.failing = new ApiError(503, 'ServiceUnavailable', 'later')
    await clock.sleep(45_000)
    expect(String(lease.lost.reason)).toMatch('last renewed 40.0 s ago')
    await lease.release().catch(() => {})
  })

  it('should be noticed to be lost before anything is written when this program stood still (fault 38)', async () => {
    const { clock, acquire } = bench()
    let stoodStillMs = 0
    const lease = await acquire(anna, { ...clock, nowMs: () => clock.nowMs() + stoodStillMs })
    await lease.confirm()
    stoodStillMs = 70_000
    await expect(lease.confirm()).rejects.toMatchObject({ kind: 'lost', message: /last renewed 70\.0 s ago/ })
    expect(lease.lost.aborted).toBe(true)
  })

  it.each([
    ['is still ours', () => {}, undefined],
    ['is gone', async (cluster: FakeCluster) => steal(cluster), /somebody deleted it/],
    ['is another’s', async (cluster: FakeCluster) => steal(cluster, leaseFor(ben, new Date(startMs))), /ben@build-7/],
  ])(
    'should be asked for before anything is written when this machine slept: it %s (fault 38)',
    async (_, meanwhile, lost) => {
      const { cluster, now, acquire } = bench()
      let sleptMs = 0
      const lease = await acquire(anna, undefined, () => new Date(now().getTime() + sleptMs))
      sleptMs = 7_200_000
      await meanwhile(cluster)
      if (lost === undefined) await lease.confirm()
      else await expect(lease.confirm()).rejects.toThrow(lost)
      await lease.release()
    },
  )

  it('should not be taken from a holder who renews it at the very moment (fault 4)', async () => {
    const { cluster, clock, now, acquire } = bench()
    const slow = () => new Date(now().getTime() - 3_600_000)
    cluster.put('leases', leaseFor(anna, slow()))
    const { delete: remove } = cluster.api
    cluster.api.delete = async (...args) => {
      await cluster.api.patch(leaseRef, { type: 'merge', body: { spec: { renewTime: 'now' } } })
      return remove(...args)
    }
    await expect(acquire(ben)).rejects.toMatchObject({ kind: 'safety-refusal' })
    expect(clock.nowMs()).toBeGreaterThanOrEqual(25_000)
  })
})

/** Somebody takes the Lease away, and perhaps puts another one there. */
async function steal(cluster: FakeCluster, other?: ReturnType<typeof leaseFor>): Promise<void> {
  const { uid = '' } = (await cluster.api.get(leaseRef)).metadata
  await cluster.api.delete(leaseRef, { uid })
  if (other !== undefined) cluster.put('leases', other)
}

describe('isExpired', () => {
  const lease = (spec: object) => ({ ...leaseFor(anna, new Date(startMs)), spec }) as ReturnType<typeof leaseFor>

  it('should take a Lease for expired a minute after its last renewal, and not before', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (afterMs) => {
        const held = leaseFor(anna, new Date(startMs))
        expect(isExpired(held, new Date(startMs + afterMs))).toBe(afterMs > 60_000)
      }),
    )
  })

  it('should say whether it is, whatever the times of a Lease are', () => {
    const time = fc.option(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      ),
      { nil: undefined },
    )
    fc.assert(
      fc.property(
        time,
        time,
        fc.option(fc.integer(), { nil: undefined }),
        (renewTime, acquireTime, leaseDurationSeconds) => {
          const spec = { renewTime, acquireTime, leaseDurationSeconds, holderIdentity: 'x' }
          expect(typeof isExpired(lease(spec), new Date(startMs))).toBe('boolean')
        },
      ),
    )
  })
})
