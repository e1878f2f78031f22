import { describe, expect, it } from 'vitest'
import { createRandom } from '../../base/random.ts'
import { createKernel } from '../kernel/kernel.ts'
import { createProcessor } from '../machine/processor.ts'
import { createGoroutine } from './goroutine.ts'

/** A goroutine on a machine of so many cores, and when it did what. */
function benchOf({ cores = 1, channels = 1 } = {}) {
  const timeline = createKernel().createTimeline()
  const processor = createProcessor(timeline.nowMs, cores)
  const reserve = (costMs: number) => processor.reserve('it', costMs)
  const goroutine = createGoroutine({ timeline, reserve, random: createRandom(1, 'goroutine'), channels })
  const done: { name: string; atMs: number }[] = []
  return {
    done,
    clock: timeline.clock,
    put: (name: string, costMs: number, channel = 0) =>
      goroutine.put(
        channel,
        () => costMs,
        () => done.push({ name, atMs: timeline.nowMs() }),
      ),
  }
}

describe('a goroutine', () => {
  it('should do what takes nothing at once', () => {
    const { put, done } = benchOf()
    put('a', 0)
    put('b', 0)
    expect(done.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  it('should use no more than one core, however many there are', async () => {
    const { put, done, clock } = benchOf({ cores: 2 })
    for (const name of ['a', 'b', 'c']) put(name, 10)
    await clock.sleep(100)
    expect(done).toEqual([
      { name: 'a', atMs: 10 },
      { name: 'b', atMs: 20 },
      { name: 'c', atMs: 30 },
    ])
  })

  it('should let what takes nothing wait for what takes a while', async () => {
    const { put, done, clock } = benchOf()
    put('long', 10)
    put('short', 0)
    expect(done).toEqual([])
    await clock.sleep(100)
    expect(done.map(({ name }) => name)).toEqual(['long', 'short'])
  })

  it('should take from each channel about as often while there is something in both, and each in its order', async () => {
    const { put, done, clock } = benchOf({ channels: 2 })
    for (let count = 0; count < 100; count++) put(`first ${count}`, 1, 0)
    for (let count = 0; count < 100; count++) put(`second ${count}`, 1, 1)
    await clock.sleep(1000)
    const halfway = done.slice(0, 100).filter(({ name }) => name.startsWith('first'))
    expect(halfway.length).toBeGreaterThan(30)
    expect(halfway.length).toBeLessThan(70)
    expect(halfway.map(({ name }) => name)).toEqual(halfway.map((_, count) => `first ${count}`))
  })
})
