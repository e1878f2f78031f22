import pRetry from 'p-retry'
import type { Clock } from '../base/clock.ts'
import { ApiError } from './api.ts'

/** How long to keep trying. */
export interface RetryLimits {
  /** Tries of one call, the first included; a 429 is not counted, since the server asked to come back. */
  attempts: number
  /** Milliseconds from the first try after which no other one starts, 429 or not. */
  totalMs: number
}

/** A call that is about to be tried again. */
export interface Retry {
  error: ApiError
  /** Number of the try that failed, from 1. */
  attempt: number
  waitMs: number
}

/** Collaborators of `retrying`. */
export interface RetryOptions {
  clock: Clock
  /** Uniform in [0, 1). */
  random: () => number
  limits: RetryLimits
  /** Ends the waiting; what was thrown last is then replaced by the signal's reason. */
  signal: AbortSignal
  mayRetry: (error: ApiError) => boolean
  onRetry: (retry: Retry) => void
}

const firstWaitMs = 100
const longestWaitMs = 10_000
/** A Retry-After longer than this is not believed: overloaded apiservers ask for one second. */
const longestRetryAfterMs = 30_000

/**
 * Milliseconds to wait after try number `attempt`: what the server asked for, or an exponential back-off;
 * then up to half as much again, never less, so that clients that were refused together do not come back together.
 */
export function retryWaitMs(attempt: number, retryAfterMs: number | undefined, random: () => number): number {
  const wait =
    retryAfterMs === undefined
      ? Math.min(firstWaitMs * 2 ** (attempt - 1), longestWaitMs)
      : Math.max(firstWaitMs, Math.min(retryAfterMs, longestRetryAfterMs))
  return Math.round(wait * (1 + random() / 2))
}

/** Calls `run` until it succeeds, may not be retried or the limits are reached; then throws what it threw last. */
export function retrying<T>(run: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, limits } = options
  const startMs = clock.nowMs()
  return pRetry(run, {
    retries: limits.attempts - 1,
    shouldConsumeRetry: ({ error }) => !(error instanceof ApiError && error.status === 429),
    // All waiting happens here, on our clock: p-retry's own is a setTimeout.
    minTimeout: 0,
    shouldRetry: async ({ error, attemptNumber }) => {
      if (!(error instanceof ApiError) || !options.mayRetry(error)) return false
      const waitMs = retryWaitMs(attemptNumber, error.retryAfterMs, options.random)
      if (clock.nowMs() + waitMs - startMs > limits.totalMs) return false
      options.onRetry({ error, attempt: attemptNumber, waitMs })
      await clock.sleep(waitMs, options.signal)
      return true
    },
  })
}
