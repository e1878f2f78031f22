import { describe, expect, it } from 'vitest'
import { createKernel } from '../kernel/kernel.ts'
import type { WorkQueue } from './work-queue.ts'
import { createWorkQueue } from './work-queue.ts'

/** A queue whose syncs take so long, and what it did: `a 0–10`. */
function benchOf({
  workers = 1,
  syncMs = 10,
  longestBackOffMs,
}: {
  workers?: number
  syncMs?: number
  longestBackOffMs?: number
} = {}) {
  const { createTimeline } = createKernel()
  const timeline = createTimeline()
  const told: string[] = []
  const queue: WorkQueue = createWorkQueue(
    timeline,
    workers,
    (key, done) => {
      const startMs = timeline.nowMs()
      timeline.after(syncMs, () => {
        told.push(`${key} ${startMs}–${timeline.nowMs()}`)
        done()
      })
    },
    longestBackOffMs,
  )
  return { queue, told, timeline, sleep: timeline.clock.sleep }
}

describe('a controller’s work queue', () => {
  it('should work on a key once however often it was added before', async () => {
    const { queue, told, sleep } = benchOf()
    for (const key of ['a', 'b', 'b', 'b']) queue.add(key)
    await sleep(100)
    expect(told).toEqual(['a 0–10', 'b 10–20'])
  })

  it('should work again on a key that is added while it is worked on, but by one worker at a time', async () => {
    const { queue, told, sleep, timeline } = benchOf({ workers: 2 })
    queue.add('a')
    timeline.after(5, () => queue.add('a'))
    await sleep(100)
    expect(told).toEqual(['a 0–10', 'a 10–20'])
  })

  it('should work on so many keys at a time as it has workers', async () => {
    const { queue, told, sleep } = benchOf({ workers: 2 })
    for (const key of ['a', 'b', 'c']) queue.add(key)
    await sleep(100)
    expect(told).toEqual(['a 0–10', 'b 0–10', 'c 10–20'])
  })

  it('should add a key later at the first of the moments that were asked for', async () => {
    const { queue, told, sleep } = benchOf()
    queue.addAfter('a', 50)
    queue.addAfter('a', 20)
    queue.addAfter('a', 80)
    await sleep(200)
    expect(told).toEqual(['a 20–30'])
    queue.addAfter('a', 40)
    await sleep(200)
    expect(told).toEqual(['a 20–30', 'a 240–250'])
  })

  it('should try again after 5 ms, then twice as long each time, until all is well again', async () => {
    const { queue, told, sleep } = benchOf({ syncMs: 0 })
    const backOff = async () => {
      queue.addRateLimited('a')
      await sleep(10_000)
    }
    for (let count = 0; count < 4; count++) await backOff()
    queue.forget('a')
    await backOff()
    expect(told.map((one) => Number.parseFloat(one.slice(2)) % 10_000)).toEqual([5, 10, 20, 40, 5])
  })

  it('should not back off for longer than its longest', async () => {
    const { queue, told, sleep } = benchOf({ syncMs: 0, longestBackOffMs: 60_000 })
    for (let count = 0; count < 30; count++) {
      queue.addRateLimited('a')
      await sleep(100_000)
    }
    expect(told).toHaveLength(30)
    expect(Number.parseFloat(told.at(-1)?.slice(2) ?? '') % 100_000).toBe(60_000)
  })
})
