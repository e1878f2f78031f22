import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { orAborted } from './abort.ts'

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
