import type { KnownLimit } from '../../tuning/client-limit.ts'

/** A client-side rate limit. */
export interface TokenBucket {
  /** Takes a token, from the future if need be; returns the milliseconds until it may be used. */
  reserve(nowMs: number): number
  /** Takes a token if one is there. */
  tryTake(nowMs: number): boolean
}

/**
 * The limiter of a client (client-go util/flowcontrol/throttle.go on golang.org/x/time/rate): full at the start, refilled
 * at `qps` per second up to `burst`, first come first served, so that a token can be promised before it is there.
 */
export function createTokenBucket({ qps, burst }: { qps: number; burst: number }): TokenBucket {
  let tokens = burst
  let lastMs = 0
  const refill = (nowMs: number) => {
    tokens = Math.min(burst, tokens + ((nowMs - lastMs) / 1000) * qps)
    lastMs = nowMs
  }
  return {
    reserve(nowMs) {
      refill(nowMs)
      tokens--
      return tokens >= 0 ? 0 : (-tokens / qps) * 1000
    },
    tryTake(nowMs) {
      refill(nowMs)
      if (tokens < 1) return false
      tokens--
      return true
    },
  }
}

/** A client without a limit, such as the kubelet's HeartbeatClient. */
export const unlimited: TokenBucket = { reserve: () => 0, tryTake: () => true }

/** What a client with this limit takes its tokens from. */
export function bucketOf(limit: KnownLimit): TokenBucket {
  return limit.kind === 'none' ? unlimited : createTokenBucket(limit)
}
