import type { Clock } from '../base/clock.ts'
import type { RequestRecord } from '../kube/transport.ts'
import type { ClientRetries } from '../result/parts.ts'
import type { PodTimeline, Sample, Told } from '../result/sample-line.ts'
import { podMoments } from '../result/sample-line.ts'
import { createRequestRates } from './request-rates.ts'

/** Takes what there is to say of a moment on the cluster's clock; of now, when absent. */
export type Tell = (told: Told, momentMs?: number) => void

/** Makes samples of what an arm's sources tell, and hands each on at once: it keeps no more than a second's requests. */
export interface Samples {
  tell: Tell
  /** From now on moments are those of this cluster's clock. */
  follow(cluster: { clock: Clock; clientRetries(): ClientRetries }): void
  /** A moment on the cluster's clock, now when absent, counted from the arm's beginning. */
  inArmMs(momentMs?: number): number
  request(record: RequestRecord): void
  pods(probe: string, pods: readonly PodTimeline[]): void
  /** Tells of the second that is going on. */
  end(): void
}

/** Begins with an arm, whose moments count from now. */
export function createSamples(keep: (sample: Sample) => void, { nowMs }: Clock): Samples {
  let now = nowMs
  let beganMs = now()
  let retriesSoFar = (): ClientRetries => ({ count: 0, waitedMs: 0 })
  let retriesTold = retriesSoFar()
  const inArmMs = (momentMs = now()) => upToMicroseconds(momentMs - beganMs)

  const requests = createRequestRates((rates, atMs) => {
    for (const rate of rates) keep({ ...rate, latencyMaxMs: upToMicroseconds(rate.latencyMaxMs) })
    const { count, waitedMs } = retriesSoFar()
    const since = { count: count - retriesTold.count, waitedMs: upToMicroseconds(waitedMs - retriesTold.waitedMs) }
    if (since.count > 0) keep({ atMs, kind: 'retries', ...since })
    retriesTold = { count, waitedMs }
  })

  return {
    tell(told, momentMs = now()) {
      requests.endBefore(inArmMs(now()))
      keep({ atMs: inArmMs(momentMs), ...told })
    },
    follow({ clock, clientRetries }) {
      // A simulated cluster's clock is its own: it begins when the cluster does.
      beganMs = clock.nowMs() - (now() - beganMs)
      now = clock.nowMs
      retriesSoFar = clientRetries
      retriesTold = clientRetries()
    },
    inArmMs,
    request(record) {
      requests.add(record, inArmMs(now()))
    },
    pods(probe, pods) {
      const atMs = inArmMs(now())
      requests.endBefore(atMs)
      for (const pod of pods) {
        const sample = { atMs, kind: 'pod' as const, probe, ...pod }
        for (const moment of podMoments) {
          const momentMs = pod[moment]
          if (momentMs !== undefined) sample[moment] = inArmMs(momentMs)
        }
        keep(sample)
      }
      keep({ atMs, kind: 'pods', probe, count: pods.length })
    },
    end: () => requests.endBefore(Number.POSITIVE_INFINITY),
  }
}

/** Finer than any clock that is read; never downwards, so that nothing seems to be told before it happened. */
function upToMicroseconds(ms: number): number {
  return Math.ceil(1000 * ms) / 1000
}
