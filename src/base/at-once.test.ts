import { describe, expect, it } from 'vitest'
import { atOnce, createPlaces } from './at-once.ts'

describe('atOnce', () => {
  it('should have so many under way and no more, and keep the order', async () => {
    let running = 0
    let most = 0
    const results = await atOnce(3, [5, 1, 4, 2, 3, 0], async (item) => {
      most = Math.max(most, ++running)
      for (let turn = 0; turn < item; turn++) await Promise.resolve()
      running--
      return item * 2
    })
    expect(results).toEqual([10, 2, 8, 4, 6, 0])
    expect(most).toBe(3)
  })

  it('should begin nothing more after a failure, and end what was begun', async () => {
    const ended: number[] = []
    const work = async (item: number) => {
      if (item === 1) throw new Error('one failed')
      for (let turn = 0; turn < 5; turn++) await Promise.resolve()
      ended.push(item)
    }
    await expect(atOnce(2, [0, 1, 2, 3], work)).rejects.toThrow('one failed')
    expect(ended).toEqual([0])
  })

  it('should do nothing when there is nothing to do', async () => {
    expect(await atOnce(4, [], async () => 1)).toEqual([])
  })
})

describe('createPlaces', () => {
  it('should let nobody begin before a place is free, however what had it ended (review 20)', async () => {
    const places = createPlaces(2)
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const seen: string[] = []
    places.take(() => first.promise)
    places.take(() => second.promise)
    const third = places.free().then(() => seen.push('free'))
    const all = places.empty().then(() => seen.push('empty'))
    await Promise.resolve()
    expect(seen).toEqual([])
    first.reject(new Error('failed'))
    await third
    expect(seen).toEqual(['free'])
    second.resolve()
    await all
    expect(seen).toEqual(['free', 'empty'])
  })
})
