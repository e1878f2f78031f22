import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { orAborted, withTimeLimit } from './abort.ts'

describe('orAborted', () => {
  const never = new Promise<never>(() => {})

  it('should be what the first work comes to, and listen to the signal no longer', async () => {
    const { signal } = new AbortController()
    expect(await orAborted(signal, never, Promise.resolve(7))).toBe(7)
    await expect(orAborted(signal, never, Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('should throw the reason of a signal that aborts before, or has', async () => {
    const ending = new AbortController()
    const waiting = orAborted(ending.signal, never)
    ending.abort(new Error('time is up'))
    await expect(waiting).rejects.toThrow('time is up')
    await expect(orAborted(ending.signal, never)).rejects.toThrow('time is up')
    expect(getEventListeners(ending.signal, 'abort')).toEqual([])
  })
})

describe('withTimeLimit', () => {
  /** A clock whose sleeps end when it is told so, and which knows how many go on. */
  function handClock() {
    const asleep = new Set<() => void>()
    return {
      asleep,
      sleep: (_: number, signal?: AbortSignal) =>
        new Promise<void>((resolve, reject) => {
          asleep.add(resolve)
          signal?.addEventListener('abort', () => {
            asleep.delete(resolve)
            reject(signal.reason)
          })
        }),
    }
  }

  it('should give what the work gives, or throws, and leave the clock alone then', async () => {
    const clock = handClock()
    expect(await withTimeLimit({ clock, limitMs: 5 }, async () => 7)).toBe(7)
    const broken = withTimeLimit({ clock, limitMs: 5 }, () => Promise.reject(new Error('broken')))
    await expect(broken).rejects.toThrow('broken')
    expect(clock.asleep.size).toBe(0)
  })

  it('should abort its signal with the reason once the time is up, and leave it to the work what that means', async () => {
    const clock = handClock()
    const reason = () => new Error('time is up')
    const late = Promise.withResolvers<unknown>()
    const waiting = withTimeLimit({ clock, limitMs: 5, reason }, async (signal) => {
      signal.addEventListener('abort', () => late.resolve(signal.reason))
      return `ended: ${await late.promise}`
    })
    for (const wake of clock.asleep) wake()
    expect(await waiting).toBe('ended: Error: time is up')
  })
})
