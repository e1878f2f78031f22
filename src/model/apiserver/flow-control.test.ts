import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { createKernel } from '../kernel/kernel.ts'
import type { PriorityLevel } from './flow-control.ts'
import { createFlowControl, oneSeat, writeWidth } from './flow-control.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What has been started and refused, in order. */
function benchOf(inflight = 600) {
  const timeline = createKernel().createTimeline()
  const told: string[] = []
  const flow = createFlowControl<string>(timeline, inflight, {
    start: (request) => void told.push(request),
    refuse: (request) => void told.push(`${request} refused at ${timeline.nowMs()}`),
  })
  const fill = (level: PriorityLevel, seats: number) => {
    for (let index = 0; index < seats; index++) flow.enter(level, 1, 'filler')
    return told.splice(0).length
  }
  return { flow, told, fill, clock: timeline.clock }
}

describe('flow control', () => {
  it.each<[PriorityLevel, number]>([
    ['system', 74],
    ['node-high', 98],
    ['leader-election', 25],
    ['workload-high', 98],
    ['workload-low', 245],
  ])('should serve as many of %s at a time as the level has seats', (level, seats) => {
    const { fill } = benchOf()
    expect(fill(level, 1000)).toBe(seats)
  })

  it('should have twice the seats when twice as many requests may be served at a time', () => {
    const { fill } = benchOf(1200)
    expect(fill('workload-low', 1000)).toBe(490)
    expect(fill('leader-election', 1000)).toBe(49)
  })

  it('should make nobody wait who is exempt, and keep levels apart', () => {
    const { fill, flow, told } = benchOf()
    expect(fill('exempt', 1000)).toBe(1000)
    fill('workload-low', 1000)
    flow.enter('workload-high', 1, 'other')
    expect(told).toEqual(['other'])
  })

  it('should start those that wait in their order, as soon as all the seats are free that the first one needs', () => {
    const { fill, flow, told } = benchOf()
    fill('leader-election', 25)
    flow.enter('leader-election', 3, 'wide')
    flow.enter('leader-election', 1, 'narrow')
    flow.leave('leader-election', 1)
    flow.leave('leader-election', 1)
    expect(told).toEqual([])
    flow.leave('leader-election', 1)
    expect(told).toEqual(['wide'])
    flow.leave('leader-election', 3)
    expect(told).toEqual(['wide', 'narrow'])
  })

  it('should refuse what has waited for 15 s, and start the next instead', async () => {
    const { fill, flow, told, clock } = benchOf()
    fill('system', 74)
    flow.enter('system', 1, 'early')
    await clock.sleep(1000)
    flow.enter('system', 1, 'late')
    await clock.sleep(14_000)
    expect(told).toEqual(['early refused at 15000'])
    expect(flow.samples()).toContainEqual({
      name: 'apiserver_flowcontrol_rejected_requests_total',
      labels: { priority_level: 'system', reason: 'time-out' },
      value: 1,
    })
    flow.leave('system', 1)
    expect(told.at(-1)).toBe('late')
  })

  it('should serve all in the order of arrival, and keep nothing that it has served, when its queue is never empty', async () => {
    const timeline = createKernel().createTimeline()
    const started: number[] = []
    const flow = createFlowControl<{ number: number }>(timeline, 600, {
      start: ({ number }) => started.push(number),
      refuse: () => expect.unreachable(),
    })
    const requests: WeakRef<object>[] = []
    const enter = () => {
      const request = { number: requests.length }
      requests.push(new WeakRef(request))
      flow.enter('leader-election', 1, request)
    }
    for (let count = 0; count < 100; count++) enter()
    for (let count = 0; count < 10_000; count++) {
      enter()
      flow.leave('leader-election', 1)
    }
    expect(started).toEqual(Array.from(started, (_, index) => index))
    expect(started).toHaveLength(10_025)

    timeline.close()
    // What a WeakRef has been made of, or asked for, stays until the turn is over.
    await setImmediate()
    collectGarbage()
    const kept = requests.slice(0, started.length).filter((request) => request.deref() !== undefined)
    expect(kept.length).toBeLessThan(5000)
    // So that the flow control itself is still there.
    flow.leave('leader-election', 1)
  })
})

describe('the seats of a write (mutating_work_estimator.go)', () => {
  it.each([
    [0, oneSeat],
    [9, oneSeat],
    [10, { width: 1, extraMs: 5 }],
    [25, { width: 3, extraMs: 5 }],
    [100, { width: 10, extraMs: 5 }],
    [5000, { width: 10, extraMs: 250 }],
  ])('should go by who is told of it: %i watchers', (watchers, seats) => {
    expect(writeWidth(watchers)).toEqual(seats)
  })
})
