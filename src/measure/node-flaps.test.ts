import { describe, expect, it } from 'vitest'
import { countFlaps } from './node-flaps.ts'

describe('countFlaps', () => {
  it('should not take the start of a fleet for flaps', () => {
    const nodes = countFlaps(['a', 'b'])
    nodes.note('a', true)
    nodes.note('a', false)
    nodes.note('a', true)
    expect(nodes.areAllReady()).toBe(false)
    nodes.note('b', true)
    expect(nodes.areAllReady()).toBe(true)
    expect(nodes.flaps()).toEqual({ count: 0, nodes: [], notReadyAtEnd: [] })
  })

  it('should count every time, name each node once and tell which are still away', () => {
    const nodes = countFlaps(['a', 'b', 'c'])
    for (const name of ['a', 'b', 'c']) nodes.note(name, true)
    for (const isReady of [false, false, true, false, true]) nodes.note('a', isReady)
    nodes.note('b', false)
    nodes.note('stranger', false)
    expect(nodes.flaps()).toEqual({ count: 3, nodes: ['a', 'b'], notReadyAtEnd: ['b'] })
    expect(nodes.ready()).toBe(2)
  })
})
