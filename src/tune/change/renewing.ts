import type { Clock } from '../../base/clock.ts'
import { Failure, messageOf } from '../../base/errors.ts'
import type { TunedHost } from './host.ts'

/** Keeps timers from running out until it is stopped; `lost` aborts when one may have. */
export function renewing(
  hosts: readonly TunedHost[],
  run: string,
  deadManMs: number,
  clock: Clock,
): { lost: AbortSignal; stop(): Promise<void> } {
  const [stopping, losing] = [new AbortController(), new AbortController()]
  const renew = async (on: TunedHost) => {
    let renewedMs = clock.nowMs()
    while (!stopping.signal.aborted) {
      await clock.sleep(deadManMs / 4, stopping.signal).catch(() => {})
      if (stopping.signal.aborted) return
      try {
        await on.renew(run, deadManMs / 1000)
        renewedMs = clock.nowMs()
      } catch (error) {
        if (clock.nowMs() - renewedMs < deadManMs * 0.75) continue
        losing.abort(
          new Failure('infrastructure', `a host has restored its settings, or is about to: ${messageOf(error)}`),
        )
        return
      }
    }
  }
  const all = Promise.all(hosts.map(renew))
  return {
    lost: losing.signal,
    async stop() {
      stopping.abort()
      await all
    },
  }
}
