import type { Clock } from '../../base/clock.ts'
import { Failure, messageOf } from '../../base/errors.ts'
import type { TunedHost } from './host.ts'

/** A host, and after how long without a word it restores by itself. */
export interface Armed {
  on: TunedHost
  deadManMs: number
}

/** As long as the kubelet gives a pod to end (`terminationGracePeriodSeconds`, 30 s), and some time for etcd to start and join. */
const apartMs = 45_000
/** How often timers are renewed while they run. */
const renewals = 4

/**
 * When hosts restore by themselves: those with a member of etcd one after the other, for its quorum. They are further apart than one renewal,
 * which some may have had when the orchestrator ended, and others not.
 */
export function staggered<Place extends { on: TunedHost }>(
  places: readonly Place[],
  hasMember: (place: Place) => boolean,
  deadManMs: number,
): (Place & Armed)[] {
  const renewalMs = deadManMs / renewals
  let members = 0
  return places.map((place) => {
    const laterMs = hasMember(place) ? members++ * (renewalMs + Math.min(apartMs, renewalMs)) : 0
    return { ...place, deadManMs: deadManMs + laterMs }
  })
}

/** Keeps timers from running out. */
export interface Renewing {
  add(armed: Armed): void
  /** Aborts when a host has restored itself, or may have. */
  lost: AbortSignal
  stop(): Promise<void>
}

/** Renews timers until it is stopped: all at the same moments, so that they stay as far apart as they are. */
export function renewing(armed: readonly Armed[], run: string, deadManMs: number, clock: Clock): Renewing {
  const [stopping, losing] = [new AbortController(), new AbortController()]
  const all: (() => Promise<void>)[] = []
  const add = (one: Armed) => all.push(renewalOf(one, run, clock, (error) => losing.abort(error)))
  armed.forEach(add)
  const underWay = new Set<Promise<void>>()
  const ticking = (async () => {
    for (;;) {
      await clock.sleep(deadManMs / renewals, stopping.signal).catch(() => {})
      if (stopping.signal.aborted) return
      // One that hangs does not keep the others waiting.
      for (const renew of all) {
        const renewed: Promise<void> = renew().finally(() => underWay.delete(renewed))
        underWay.add(renewed)
      }
    }
  })()
  return {
    add,
    lost: losing.signal,
    async stop() {
      stopping.abort()
      await ticking
      await Promise.all(underWay)
    },
  }
}

function renewalOf(
  { on, deadManMs }: Armed,
  run: string,
  clock: Clock,
  onLost: (error: Failure) => void,
): () => Promise<void> {
  let renewedMs = clock.nowMs()
  let isUnderWay = false
  return async () => {
    if (isUnderWay) return
    isUnderWay = true
    try {
      await on.renew(run, deadManMs / 1000)
      renewedMs = clock.nowMs()
    } catch (error) {
      if (clock.nowMs() - renewedMs < deadManMs * 0.75) return
      onLost(new Failure('infrastructure', `a host has restored its settings, or is about to: ${messageOf(error)}`))
    } finally {
      isUnderWay = false
    }
  }
}
