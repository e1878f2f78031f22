import type { Clock } from '../../base/clock.ts'
import { formatDuration } from '../../base/duration.ts'
import { Failure, messageOf } from '../../base/errors.ts'
import type { KubeApi } from '../../kube/api.ts'
import { ApiError, isApiStatus, isGone } from '../../kube/api.ts'
import { isOutOfSpace, isTransient } from '../../kube/failures.ts'
import { runLabel } from '../../kube/labels.ts'
import type { Lease } from '../../kube/resources.ts'

/** The Lease that says whose a target cluster is for now. */
export const leaseRef = { resource: 'leases', namespace: 'kube-system', name: 'scale-test' } as const

/** Without a renewal for this long, others may take a Lease. */
const usualDurationMs = 60_000
/** Of that time, without a renewal, its holder gives it up: well before others may take it, as in client-go's leader election. */
const deadlineShare = 2 / 3
const renewEveryMs = 10_000
/** After a try of which nobody knows what became. */
const renewAgainMs = 2000
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
  /** Aborts with the reason when somebody else has it, it was not renewed in time, or the cluster's etcd is out of space. */
  readonly lost: AbortSignal
  /**
   * To be asked before anything is written to the cluster: resolves when it is ours, and throws the reason when it is lost. Notices also what
   * no timer tells in time: that this program stood still, or its machine slept.
   */
  confirm(): Promise<void>
  /**
   * Has it last so long without a renewal, from now on: longer while the apiserver itself is restarted. Waits for no answer where it lasts
   * so long already: what comes next may be what brings the apiserver back. Throws the reason when it is lost meanwhile.
   */
  lastFor(durationMs?: number): Promise<void>
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
export function isExpired(lease: Lease, now: Date): boolean {
  const renewed = Date.parse(lease.spec.renewTime ?? lease.spec.acquireTime ?? '')
  return Number.isNaN(renewed) || renewed + lastsMs(lease) < now.getTime()
}

/** A Lease that says nothing of how long it lasts does not last. */
function lastsMs({ spec }: Lease): number {
  return (spec.leaseDurationSeconds ?? 0) * 1000
}

/** What to tell of a cluster that somebody else holds. */
export function takenBy(lease: Lease): { because: string; next: string } {
  return {
    because: `it is in use: ${holderOf(lease)} holds the Lease ${leaseRef.namespace}/${leaseRef.name}`,
    next: `Wait until that run is over; if it died, the Lease expires ${lastsMs(lease) / 1000} s after its last renewal`,
  }
}

/**
 * Takes the cluster's Lease, also one that has expired: that is deleted and a new one created, so that whoever held it
 * sees that it is another. From then on it is renewed until it is released. Throws `Failure('safety-refusal')` with the holder's name when it
 * is held, and `ApiError`.
 */
export async function acquireLease(options: LeaseOptions): Promise<HeldLease> {
  const { api, clock, now, holder } = options
  await removeExpired(options)
  let renewed = { ...momentOf(options), durationMs: usualDurationMs }
  let lease: Lease
  try {
    lease = await api.create('leases', leaseFor(holder, renewed.at))
  } catch (error) {
    if (!isApiStatus(error, 409)) throw error
    const other = await readLease(api)
    if (other === undefined) throw error
    throw refusal(other)
  }
  const uid = lease.metadata.uid ?? ''
  const losing = new AbortController()
  const ending = new AbortController()
  let durationMs = usualDurationMs
  /** What the last try came to, where it failed. */
  let failure = ''
  // What others see may be the one or the other, as long as an answer is out.
  const deadlineMs = () => Math.min(durationMs, renewed.durationMs) * deadlineShare
  const ageMs = () => clock.nowMs() - renewed.clockMs
  const lose = (why: string) => losing.abort(new Failure('lost', `the cluster's Lease was lost: ${why}`))
  const isLost = () => {
    if (!losing.signal.aborted && ageMs() >= deadlineMs())
      lose(`it was last renewed ${formatDuration(ageMs())} ago${failure}`)
    return losing.signal.aborted
  }

  const requireHeld = () => {
    if (isLost()) throw losing.signal.reason
  }

  /** False when it is not known what became of it. */
  const tryToRenew = async (): Promise<boolean> => {
    const renewal = { ...momentOf(options), durationMs }
    const spec = { renewTime: microTime(renewal.at), leaseDurationSeconds: durationMs / 1000 }
    const body = { metadata: { uid }, spec }
    try {
      await api.patch(leaseRef, { type: 'merge', body })
      renewed = renewal
      failure = ''
      return true
    } catch (error) {
      failure = `, and the last try failed: ${messageOf(error)}`
      // It cannot be renewed any more, nor can anything else be written.
      if (isOutOfSpace(error)) {
        losing.abort(error)
        return false
      }
      if (error instanceof ApiError && isTransient(error)) return false
      const found = await readLease(api).catch(() => null)
      if (found === undefined) lose('somebody deleted it')
      else if (found !== null && found.metadata.uid !== uid) lose(`${holderOf(found)} has it now`)
      return false
    }
  }
  /** Ends when it is renewed or lost, at the latest when the time for that is up. */
  const renew = async () => {
    const done = new AbortController()
    const waiting = AbortSignal.any([ending.signal, losing.signal, done.signal])
    const trying = async () => {
      while (!isLost() && !(await tryToRenew())) await clock.sleep(renewAgainMs, waiting)
    }
    try {
      await Promise.race([trying(), clock.sleep(deadlineMs() - ageMs(), waiting)])
    } catch (error) {
      if (!waiting.aborted) throw error
    } finally {
      done.abort()
    }
    isLost()
  }
  const renewing = (async () => {
    while (!isLost()) {
      await clock.sleep(renewEveryMs, ending.signal)
      await renew()
    }
  })()
  // Ends with the Lease.
  renewing.catch(() => {})

  return {
    lost: losing.signal,
    async confirm() {
      // The wall clock goes on while a machine sleeps, the monotonic one does not.
      if (!isLost() && now().getTime() - renewed.at.getTime() >= deadlineMs()) await renew()
      losing.signal.throwIfAborted()
    },
    async lastFor(wantedMs = usualDurationMs) {
      if (durationMs === wantedMs && renewed.durationMs === wantedMs) return requireHeld()
      // Renewed as it was first: a shorter time may be over already.
      await renew()
      durationMs = wantedMs
      await renew()
      requireHeld()
    },
    async release() {
      ending.abort()
      await renewing.catch(() => {})
      try {
        await api.delete(leaseRef, { uid })
      } catch (error) {
        if (!isGone(error)) throw error
      }
    },
  }
}

/** Now, on both clocks. */
function momentOf({ clock, now }: Pick<LeaseOptions, 'clock' | 'now'>): { clockMs: number; at: Date } {
  return { clockMs: clock.nowMs(), at: now() }
}

async function removeExpired({ api, clock, now, signal }: LeaseOptions): Promise<void> {
  const found = await readLease(api)
  if (found === undefined) return
  if (!isExpired(found, now())) throw refusal(found)
  await clock.sleep(observedMs, signal)
  const again = await readLease(api)
  if (again === undefined) return
  if (again.metadata.resourceVersion !== found.metadata.resourceVersion) throw refusal(again)
  const { uid = '', resourceVersion = '' } = again.metadata
  // The version, too: its holder may renew it at this very moment.
  await api.delete(leaseRef, { uid, resourceVersion }).catch((error: unknown) => {
    if (!isGone(error)) throw error
  })
}

/** The Lease of this holder from now on. */
export function leaseFor({ runId, who }: Holder, now: Date): Lease {
  const moment = microTime(now)
  return {
    metadata: { name: leaseRef.name, namespace: leaseRef.namespace, labels: { [runLabel]: runId } },
    spec: {
      holderIdentity: who,
      leaseDurationSeconds: usualDurationMs / 1000,
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
