import type { Clock } from '../../base/clock.ts'
import { Failure } from '../../base/errors.ts'
import type { KubeApi } from '../../kube/api.ts'
import { ApiError, isApiStatus } from '../../kube/api.ts'
import { isTransient } from '../../kube/failures.ts'
import { runLabel } from '../../kube/labels.ts'
import type { Lease } from '../../kube/resources.ts'

/** The Lease that says whose a target cluster is for now. */
export const leaseRef = { resource: 'leases', namespace: 'kube-system', name: 'scale-test' } as const

const durationMs = 60_000
const renewEveryMs = 10_000
const tooLate = `it could not be renewed for ${durationMs / 1000} s`
/** A holder whose clock is wrong, or ours, is seen to live by this: it writes in the meantime. */
const observedMs = 2.5 * renewEveryMs

/** Who is to hold a Lease. */
export interface Holder {
  runId: string
  /** `user@host` */
  who: string
}

export interface LeaseOptions {
  api: KubeApi
  clock: Clock
  /** The wall clock: moments in a Lease are for others to read. */
  now: () => Date
  holder: Holder
  /** Ends the waiting for a Lease that has expired; what is there then is to be released all the same. */
  signal: AbortSignal
}

/** A cluster that is ours until it is let go of, or lost. */
export interface HeldLease {
  /** Aborts with the reason when somebody else has it, or it could not be renewed in time. */
  readonly lost: AbortSignal
  /** Renews it from now on. Throws `Failure('safety-refusal')` when somebody else has taken it since. */
  keep(): Promise<void>
  /** Stops renewing, and deletes it if it is still ours. Throws `ApiError` when that fails. */
  release(): Promise<void>
}

/** Who holds a Lease and since when: `anna@build-3, run 5k-nodes-1, since 2026-11-25 20:15:07 UTC`. */
function holderOf({ metadata, spec }: Lease): string {
  const since = spec.acquireTime?.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')
  const run = metadata.labels?.[runLabel]
  return [spec.holderIdentity || 'somebody', ...(run ? [`run ${run}`] : []), ...(since ? [`since ${since}`] : [])].join(
    ', ',
  )
}

/** The cluster's Lease; undefined when nobody has it. Throws `ApiError`. */
export async function readLease(api: KubeApi): Promise<Lease | undefined> {
  try {
    return await api.get(leaseRef)
  } catch (error) {
    if (isApiStatus(error, 404)) return undefined
    throw error
  }
}

/** Whether a Lease has not been renewed for as long as it was to last. */
export function isExpired({ spec }: Lease, now: Date): boolean {
  const renewed = Date.parse(spec.renewTime ?? spec.acquireTime ?? '')
  const lasts = (spec.leaseDurationSeconds ?? 0) * 1000
  return Number.isNaN(renewed) || renewed + lasts < now.getTime()
}

/** What to tell of a cluster that somebody else holds. */
export function takenBy(lease: Lease): { because: string; next: string } {
  return {
    because: `it is in use: ${holderOf(lease)} holds the Lease ${leaseRef.namespace}/${leaseRef.name}`,
    next: 'Wait until that run is over; a run that is gone loses the Lease a minute after its last sign of life',
  }
}

/**
 * Takes the cluster's Lease, also one that has expired: that is deleted and a new one created, so that whoever held it
 * sees that it is another. Throws `Failure('safety-refusal')` with the holder's name when it is held, and `ApiError`.
 */
export async function acquireLease(options: LeaseOptions): Promise<HeldLease> {
  const { api, clock, now, holder } = options
  await removeExpired(options)
  let lease: Lease
  try {
    lease = await api.create('leases', leaseFor(holder, now()))
  } catch (error) {
    if (!isApiStatus(error, 409)) throw error
    const other = await readLease(api)
    if (other === undefined) throw error
    throw refusal(other)
  }
  const uid = lease.metadata.uid ?? ''
  const losing = new AbortController()
  const ending = new AbortController()
  const lose = (why: string) => losing.abort(new Failure('inconclusive', `the cluster's Lease was lost: ${why}`))

  /** True when it is renewed, false when that is not known, a text when it is lost. */
  const renew = async (): Promise<boolean | string> => {
    try {
      await api.patch(leaseRef, { type: 'merge', body: { metadata: { uid }, spec: { renewTime: microTime(now()) } } })
      return true
    } catch (error) {
      if (error instanceof ApiError && isTransient(error)) return false
      const found = await readLease(api).catch(() => null)
      if (found === null) return false
      if (found === undefined) return 'somebody has deleted it'
      return found.metadata.uid === uid ? false : `${holderOf(found)} has it now`
    }
  }
  const renewing = async () => {
    let lastMs = clock.nowMs()
    while (!ending.signal.aborted) {
      await clock.sleep(renewEveryMs, ending.signal)
      const over = new AbortController()
      const late = clock
        .sleep(Math.max(0, lastMs + durationMs - clock.nowMs()), AbortSignal.any([ending.signal, over.signal]))
        .then(() => tooLate)
      late.catch(() => {})
      const askedMs = clock.nowMs()
      const outcome = await Promise.race([renew(), late])
      over.abort()
      if (typeof outcome === 'string') return lose(outcome)
      if (outcome) lastMs = askedMs
      else if (clock.nowMs() - lastMs >= durationMs) return lose(tooLate)
    }
  }
  let loop: Promise<void> | undefined

  return {
    lost: losing.signal,
    async keep() {
      const outcome = await renew()
      if (typeof outcome === 'string') throw new Failure('safety-refusal', `the cluster's Lease was lost: ${outcome}`)
      loop = renewing()
      loop.catch(() => {})
    },
    async release() {
      ending.abort()
      await loop?.catch(() => {})
      try {
        await api.delete(leaseRef, { uid })
      } catch (error) {
        // Gone, or another's: not ours to delete.
        if (!isApiStatus(error, 404) && !isApiStatus(error, 409)) throw error
      }
    },
  }
}

async function removeExpired({ api, clock, now, signal }: LeaseOptions): Promise<void> {
  const found = await readLease(api)
  if (found === undefined) return
  if (!isExpired(found, now())) throw refusal(found)
  await clock.sleep(observedMs, signal)
  const again = await readLease(api)
  if (again === undefined) return
  if (again.metadata.resourceVersion !== found.metadata.resourceVersion) throw refusal(again)
  await api.delete(leaseRef, { uid: again.metadata.uid ?? '' }).catch((error: unknown) => {
    if (!isApiStatus(error, 404) && !isApiStatus(error, 409)) throw error
  })
}

/** The Lease of this holder from now on. */
export function leaseFor({ runId, who }: Holder, now: Date): Lease {
  const moment = microTime(now)
  return {
    metadata: { name: leaseRef.name, namespace: leaseRef.namespace, labels: { [runLabel]: runId } },
    spec: {
      holderIdentity: who,
      leaseDurationSeconds: durationMs / 1000,
      acquireTime: moment,
      renewTime: moment,
    },
  }
}

function refusal(lease: Lease): Failure {
  const { because, next } = takenBy(lease)
  return new Failure('safety-refusal', `the target cluster is refused: ${because}`, { next })
}

/** Kubernetes' MicroTime has six decimals, and no fewer are taken. */
function microTime(moment: Date): string {
  return moment.toISOString().replace(/\.(\d{3})Z$/, '.$1000Z')
}
