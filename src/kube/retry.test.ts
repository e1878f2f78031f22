import { setImmediate } from 'node:timers'
import { describe, expect, test } from 'vitest'
import { createVirtualClock } from '../testing/virtual-clock.ts'
import { ApiError } from './api.ts'
import type { Retry } from './retry.ts'
import { retrying, retryWaitMs } from './retry.ts'

describe('retryWaitMs', () => {
  test('should double up to ten seconds when the server names no time', () => {
    const waits = [1, 2, 3, 7, 8, 50].map((attempt) => retryWaitMs(attempt, undefined, () => 0))
    expect(waits).toEqual([100, 200, 400, 6400, 10_000, 10_000])
  })

  test('should wait what the server asks for and up to half as much again, within bounds (fault 1)', () => {
    expect(retryWaitMs(9, 1000, () => 0)).toBe(1000)
    expect(retryWaitMs(9, 1000, () => 0.999)).toBe(1500)
    expect(retryWaitMs(1, 3_600_000, () => 0)).toBe(30_000)
    expect(retryWaitMs(1, 0, () => 0)).toBe(100)
  })
})

describe('retrying', () => {
  const busy = new ApiError(429, 'TooManyRequests', 'busy', { retryAfterMs: 1000 })
  const down = new ApiError(503, 'ServiceUnavailable', 'down')

  function attempt(errors: Error[], options: { attempts?: number; totalMs?: number; signal?: AbortSignal } = {}) {
    const clock = createVirtualClock(0)
    const retries: Retry[] = []
    let calls = 0
    const result = retrying(
      async () => {
        const error = errors[calls++]
        if (error !== undefined) throw error
        return 'done'
      },
      {
        clock,
        random: () => 0,
        limits: { attempts: options.attempts ?? 4, totalMs: options.totalMs ?? 60_000 },
        signal: options.signal ?? new AbortController().signal,
        mayRetry: (error) => error.status >= 429,
        onRetry: (retry) => retries.push(retry),
      },
    )
    return { result, retries, clock, calls: () => calls }
  }

  test('should report every wait and return the first success', async () => {
    const { result, retries, clock } = attempt([down, busy, down])
    expect(await result).toBe('done')
    expect(retries).toEqual([
      { error: down, attempt: 1, waitMs: 100 },
      { error: busy, attempt: 2, waitMs: 1000 },
      { error: down, attempt: 3, waitMs: 400 },
    ])
    expect(clock.nowMs()).toBe(1500)
  })

  test('should throw the last error when the attempts are used up (fault 2)', async () => {
    const last = new ApiError(500, 'InternalError', 'last')
    const { result, calls } = attempt([down, down, down, last])
    await expect(result).rejects.toBe(last)
    expect(calls()).toBe(4)
  })

  test('should count no 429, but keep to the total time (fault 1)', async () => {
    const { result, calls, clock } = attempt(Array(100).fill(busy), { totalMs: 20_000 })
    await expect(result).rejects.toBe(busy)
    expect(calls()).toBe(21)
    expect(clock.nowMs()).toBe(20_000)
  })

  test('should not start a wait that would exceed the total time (fault 2)', async () => {
    const { result, clock } = attempt([down, down, down], { totalMs: 250 })
    await expect(result).rejects.toBe(down)
    expect(clock.nowMs()).toBe(100)
  })

  test('should throw at once when the error may not be retried or is not an ApiError', async () => {
    const refused = new ApiError(403, 'Forbidden', 'no')
    const bug = new TypeError('x is not a function')
    for (const error of [refused, bug]) {
      const { result, calls } = attempt([error])
      await expect(result).rejects.toBe(error)
      expect(calls()).toBe(1)
    }
  })

  test('should stop waiting when it is aborted', async () => {
    const stop = new AbortController()
    const { result, clock } = attempt([busy, busy], { signal: stop.signal })
    setImmediate(() => setImmediate(() => stop.abort(new Error('stopped'))))
    await expect(result).rejects.toThrow('stopped')
    expect(clock.sleepers()).toBe(0)
  })
})
