import type { Clock } from '../base/clock.ts'
import { isTransient, isUndone } from './failures.ts'
import type { RetryLimits } from './retry.ts'
import { retrying } from './retry.ts'

/** What a request is for, in Kubernetes' words. */
export type Verb = 'create' | 'get' | 'list' | 'patch' | 'delete' | 'watch'

/** A request that was refused or lost and will be sent again. */
export interface RetryRecord {
  verb: Verb
  resource: string
  /** HTTP status; 0 when no answer came. */
  status: number
  reason: string
  /** Number of the try that failed, from 1. */
  attempt: number
  waitMs: number
}

/** How long a request is tried when nobody says otherwise. */
export const defaultLimits: RetryLimits = { attempts: 12, totalMs: 120_000 }

/** One request and its collaborators. */
export interface PersistentOptions {
  call: { verb: Verb; resource: string; repeatable: boolean }
  clock: Clock
  random: () => number
  limits: RetryLimits
  signal: AbortSignal
  /** Called when a try failed in such a way that the server may have done its work all the same. */
  onLostReply?: (() => void) | undefined
  onRetry?: ((record: RetryRecord) => void) | undefined
}

/** Tries a request until it is answered, for as long as that is safe. Throws what the last try threw. */
export function persistently<T>(attempt: () => Promise<T>, options: PersistentOptions): Promise<T> {
  const { call, clock, random, limits, signal, onLostReply, onRetry } = options
  return retrying(attempt, {
    clock,
    random,
    limits,
    signal,
    mayRetry: (error) => (call.repeatable ? isTransient(error) : isUndone(error)),
    onRetry: ({ error, attempt: number, waitMs }) => {
      if (!isUndone(error)) onLostReply?.()
      const { status, reason } = error
      onRetry?.({ verb: call.verb, resource: call.resource, status, reason, attempt: number, waitMs })
    },
  })
}
