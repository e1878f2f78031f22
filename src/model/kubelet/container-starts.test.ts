import { describe, expect, it } from 'vitest'
import type { ContainerStarts } from '../../fleet/hollow-node.ts'
import { createContainerStarts } from './container-starts.ts'

/** The starts of one node, and a clock that is moved by hand. */
function nodeWith(limits: ContainerStarts | undefined) {
  let nowMs = 0
  let timers: { atMs: number; action: () => void }[] = []
  const starts = createContainerStarts(limits, (durationMs, action) => {
    timers.push({ atMs: nowMs + durationMs, action })
  })
  const running: string[] = []
  return {
    /** Each container that runs, and since when. */
    running,
    start: (uid: string) => starts.start(uid, () => running.push(`${uid} ${nowMs}`)),
    withdraw: starts.withdraw,
    /** Lets everything that is due until then happen. */
    pass(untilMs: number) {
      for (;;) {
        const [next] = timers.toSorted((left, right) => left.atMs - right.atMs)
        if (next === undefined || next.atMs > untilMs) break
        timers = timers.filter((timer) => timer !== next)
        nowMs = next.atMs
        next.action()
      }
      nowMs = untilMs
    },
  }
}

describe('the starts of containers on a node', () => {
  it('should take no time when the plan says nothing of them', () => {
    const node = nodeWith(undefined)
    node.start('a')
    expect(node.running).toEqual(['a 0'])
    expect(node.withdraw('a')).toBe(false)
  })

  it('should go side by side, however many they are, when only their time is given', () => {
    const node = nodeWith({ timeMs: 500 })
    for (const uid of ['a', 'b', 'c']) node.start(uid)
    node.pass(10_000)
    expect(node.running).toEqual(['a 500', 'b 500', 'c 500'])
  })

  it('should be so many at a time, the others in the order in which they came', () => {
    const node = nodeWith({ timeMs: 500, parallel: 2 })
    for (const uid of ['a', 'b', 'c', 'd', 'e']) node.start(uid)
    node.pass(10_000)
    expect(node.running).toEqual(['a 500', 'b 500', 'c 1000', 'd 1000', 'e 1500'])
  })

  it('should be parallel / time a second when there is always one that waits', () => {
    const node = nodeWith({ timeMs: 500, parallel: 4 })
    for (let index = 0; index < 200; index++) node.start(`pod-${index}`)
    node.pass(10_000)
    expect(node.running).toHaveLength(80)
  })

  it('should give a place that is free to whoever comes next, however late', () => {
    const node = nodeWith({ timeMs: 500, parallel: 1 })
    node.start('a')
    node.pass(700)
    node.start('b')
    node.pass(800)
    node.start('c')
    node.pass(10_000)
    expect(node.running).toEqual(['a 500', 'b 1200', 'c 1700'])
  })

  it('should leave out one that is withdrawn while it waits, and give its turn to the next', () => {
    const node = nodeWith({ timeMs: 500, parallel: 1 })
    for (const uid of ['a', 'b', 'c']) node.start(uid)
    expect(node.withdraw('b')).toBe(true)
    node.pass(10_000)
    expect(node.running).toEqual(['a 500', 'c 1000'])
  })

  it('should go to its end once it has begun', () => {
    const node = nodeWith({ timeMs: 500, parallel: 1 })
    node.start('a')
    expect(node.withdraw('a')).toBe(false)
    node.pass(500)
    expect(node.running).toEqual(['a 500'])
  })
})
