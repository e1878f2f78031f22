import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { createEventQueue } from './event-queue.ts'
import { createKernel } from './kernel.ts'

describe('the event queue', () => {
  it('should give events by time, then priority, then the order they came in', () => {
    const queue = createEventQueue()
    const told: string[] = []
    const push = (timeMs: number, priority: number, name: string) =>
      queue.push(timeMs, priority, () => told.push(name), {})
    push(2, 0, 'd')
    push(1, 1, 'c')
    push(1, 0, 'a')
    push(1, 0, 'b')
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) next()
    expect(told).toEqual(['a', 'b', 'c', 'd'])
    expect(queue.poppedMs()).toBe(2)
  })

  it('should keep the order of thousands of events, also after those of one owner were taken out', () => {
    const queue = createEventQueue()
    const [kept, dropped] = [{}, {}]
    const told: number[] = []
    for (let index = 0; index < 5000; index++) {
      const timeMs = (index * 7919) % 5003
      queue.push(timeMs, 0, () => told.push(timeMs), timeMs % 3 === 0 ? dropped : kept)
    }
    queue.removeOf(dropped)
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) next()
    expect(told).toEqual(told.toSorted((left, right) => left - right))
    expect(told.length).toBeGreaterThan(3000)
    expect(told.filter((timeMs) => timeMs % 3 === 0)).toEqual([])
  })
})

describe('the kernel', () => {
  it('should move time only when everything outside is done', async () => {
    const { clock } = createKernel()
    const told: [string, number][] = []
    const worker = async (name: string, everyMs: number) => {
      for (let round = 0; round < 3; round++) {
        await clock.sleep(everyMs)
        for (let hop = 0; hop < 50; hop++) await Promise.resolve()
        told.push([name, clock.nowMs()])
      }
    }
    await Promise.all([worker('a', 10), worker('b', 15)])
    expect(told).toEqual([
      ['a', 10],
      ['b', 15],
      ['a', 20],
      ['b', 30],
      ['a', 30],
      ['b', 45],
    ])
  })

  it('should let a sleeper find done whatever happens at the moment it wakes', async () => {
    const { clock, createTimeline } = createKernel()
    const timeline = createTimeline()
    const sleeping = clock.sleep(10)
    let done = false
    timeline.after(10, () => {
      done = true
    })
    await sleeping
    expect(done).toBe(true)
  })

  it('should end a sleep with the reason when its signal aborts, without time moving', async () => {
    const { clock } = createKernel()
    const ending = new AbortController()
    const sleeping = clock.sleep(1000, ending.signal)
    ending.abort(new Error('enough'))
    await expect(sleeping).rejects.toThrow('enough')
    expect(clock.nowMs()).toBe(0)
    await expect(clock.sleep(1, ending.signal)).rejects.toThrow('enough')
  })

  it('should keep nothing of whoever ended a sleep before its moment', async () => {
    const { clock } = createKernel()
    const endASleep = async () => {
      const reason = new Error('enough')
      const ending = new AbortController()
      const sleeping = clock.sleep(3_600_000, ending.signal)
      ending.abort(reason)
      await sleeping.catch(() => {})
      return new WeakRef(reason)
    }
    const kept = await endASleep()
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    // What a WeakRef has shown is kept until the turn is over.
    await nextTurn()
    collectGarbage()
    expect(kept.deref()).toBeUndefined()
    expect(clock.nowMs()).toBe(0)
  })

  it('should say so when somebody waits and nothing is left to happen', async () => {
    const { promise } = createKernel()
    await expect(promise(() => {})).rejects.toThrow('nothing is left to happen')
  })

  it('should tell whoever waits when the model fails', async () => {
    const { clock, createTimeline } = createKernel()
    createTimeline().after(5, () => {
      throw new Error('a fault in the model')
    })
    await expect(clock.sleep(10)).rejects.toThrow('a fault in the model')
  })

  it('should forget the events of a timeline that is closed', async () => {
    const { clock, createTimeline } = createKernel()
    const timeline = createTimeline()
    let happened = false
    timeline.after(5, () => {
      happened = true
    })
    timeline.close()
    timeline.after(5, () => {
      happened = true
    })
    await clock.sleep(10)
    expect(happened).toBe(false)
  })

  it('should give a timeline the same moments, to the last bit, whenever it begins', async () => {
    const momentsFrom = async (startMs: number) => {
      const { clock, createTimeline } = createKernel()
      await clock.sleep(startMs)
      const timeline = createTimeline()
      const moments = [timeline.nowMs()]
      for (let step = 1; step <= 50; step++) timeline.after(step / 3, () => moments.push(timeline.nowMs()))
      timeline.at(100 / 7, () => moments.push(timeline.nowMs()))
      for (let step = 1; step <= 50; step++) {
        await timeline.clock.sleep(step / 9)
        moments.push(timeline.clock.nowMs())
      }
      return moments
    }
    const moments = await momentsFrom(0)
    expect(moments[0]).toBe(0)
    for (const startMs of [0.1, 1234.5678, 987_654_321.123]) expect(await momentsFrom(startMs)).toEqual(moments)
  })

  it('should never wake a sleeper before the moment it waits for', async () => {
    const { clock } = createKernel()
    for (const durationMs of [1 / 3, 1e-9, 1234.5678, 0.1 + 0.2]) {
      const untilMs = clock.nowMs() + durationMs
      await clock.sleep(durationMs)
      expect(clock.nowMs()).toBeGreaterThanOrEqual(untilMs)
    }
  })

  it('should tell whoever waits when the same moment never ends (hostile 15)', async () => {
    const { clock, createTimeline } = createKernel()
    const timeline = createTimeline()
    const again = () => timeline.after(0, again)
    timeline.after(5, again)
    await expect(clock.sleep(10)).rejects.toThrow('the simulation stands still at 5 ms')
    timeline.close()
  })
})
