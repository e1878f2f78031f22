import { orAborted } from '../../base/abort.ts'
import type { Clock } from '../../base/clock.ts'
import { Failure, messageOf } from '../../base/errors.ts'
import type { Credentials } from '../../kube/credentials.ts'
import type { RequestRecord } from '../../kube/transport.ts'
import type { Cluster } from '../target.ts'
import { heldApi } from './held-api.ts'
import type { HeldLease, Holder } from './lease.ts'
import { acquireLease } from './lease.ts'
import { requireIdentity } from './preflight/identity.ts'
import type { Connect, Located, Reach } from './reach.ts'

export interface HoldOptions {
  /** No host where no hollow nodes are started. */
  places: { target: Located; host: Located | undefined }
  holder: Holder
  clock: Clock
  now: () => Date
  connect: Connect
  signal: AbortSignal
}

/** A target that is ours until it is disposed of, and the cluster that carries its nodes. */
export interface HeldTarget extends AsyncDisposable, Pick<Cluster, 'clientRetries' | 'onRequest'> {
  /** Its API creates and changes objects only while the target is ours. */
  readonly target: Reach
  readonly host: Reach | undefined
  readonly lease: HeldLease
  readonly waitedForLeaseMs: number
  /** Aborts when the target is let go of. */
  readonly released: AbortSignal
  /** Has this connection closed with all others. */
  closeAlso(connection: AsyncDisposable): void
}

/**
 * Makes sure that the clusters are those that the plan means, and takes the target's Lease. Throws `Failure('safety-refusal')` when one is
 * another cluster, or another run has the target; `ApiError` when one cannot be asked.
 */
export async function holdTarget({ places, holder, clock, now, connect, signal }: HoldOptions): Promise<HeldTarget> {
  const { credentials } = places.target
  const closing = new AbortController()
  const retries = { count: 0, waitedMs: 0 }
  const listeners = new Set<(record: RequestRecord) => void>()
  const connections: AsyncDisposable[] = []
  const connected = (to: Credentials, until: AbortSignal = closing.signal) => {
    const connection = connect({
      credentials: to,
      signal: until,
      ...(to === credentials && {
        onRequest(record) {
          for (const listener of listeners) listener(record)
        },
        onRetry({ waitMs }) {
          retries.count++
          retries.waitedMs += waitMs
        },
      }),
    })
    connections.push(connection)
    return connection
  }
  const target = { ...places.target, api: connected(credentials) }
  const host = places.host && { ...places.host, api: connected(places.host.credentials) }
  let lease: HeldLease | undefined
  const close = async () => {
    // Elsewhere nothing would be found of what is to be taken away, and the Lease not either.
    const [found, released] =
      lease === undefined ? [] : await Promise.allSettled([requireIdentity([target]), lease.release()])
    closing.abort(new Failure('interrupted', 'the cluster was released'))
    await Promise.allSettled(connections.map((connection) => connection[Symbol.asyncDispose]()))
    const left = [
      ...(found?.status === 'rejected'
        ? [`what was created on ${target.context} may still be there: ${messageOf(found.reason)}`]
        : []),
      ...(released?.status === 'rejected'
        ? [`its Lease could not be released; it expires by itself: ${messageOf(released.reason)}`]
        : []),
    ]
    if (left.length > 0) throw new Failure('residue', left.join('; '))
  }

  try {
    await orAborted(signal, requireIdentity(host === undefined ? [target] : [host, target]))
    const askedMs = clock.nowMs()
    lease = await acquireLease({ api: target.api, clock, now, holder, signal })
    signal.throwIfAborted()
    const writes = connected(credentials, AbortSignal.any([closing.signal, lease.lost]))
    let closed: Promise<void> | undefined
    return {
      target: { ...target, api: heldApi(target.api, writes, lease) },
      host,
      lease,
      waitedForLeaseMs: clock.nowMs() - askedMs,
      released: closing.signal,
      closeAlso: (connection) => void connections.push(connection),
      clientRetries: () => ({ ...retries }),
      onRequest(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      async [Symbol.asyncDispose]() {
        closed ??= close()
        await closed
      },
    }
  } catch (error) {
    throw await givenUp(close, error)
  }
}

/** What has gone wrong, once everything is let go of, and what that left behind. */
export async function givenUp(letGo: () => PromiseLike<void>, error: unknown): Promise<unknown> {
  const left = await Promise.resolve(letGo()).then(() => undefined, messageOf)
  return left === undefined ? error : new Failure('residue', `${messageOf(error)}; ${left}`, { cause: error })
}
