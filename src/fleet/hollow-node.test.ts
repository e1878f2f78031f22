import { describe, expect, it } from 'vitest'
import { containerStartFlags, hollowNodeOf, startsMs } from './hollow-node.ts'

describe('a hollow node', () => {
  const size = { cpu: 8, memory: '16Gi' }

  it('should start containers as the plan says, and at once when it says nothing', () => {
    expect(hollowNodeOf(size)).toEqual(size)
    expect(hollowNodeOf({ ...size, containerStarts: { time: 500 } })).toEqual({
      ...size,
      containerStarts: { timeMs: 500 },
    })
    expect(hollowNodeOf({ ...size, containerStarts: { time: 500, parallel: 4 } })).toEqual({
      ...size,
      containerStarts: { timeMs: 500, parallel: 4 },
    })
  })

  it('should be told of container starts by flags, and not when there is nothing to tell', () => {
    expect(containerStartFlags(size)).toEqual({})
    expect(containerStartFlags({ ...size, containerStarts: { timeMs: 0.1 } })).toEqual({
      'container-start-time': '0.1ms',
    })
    expect(containerStartFlags({ ...size, containerStarts: { timeMs: 500, parallel: 4 } })).toEqual({
      'container-start-time': '500ms',
      'parallel-container-starts': '4',
    })
  })
})

describe('startsMs', () => {
  it.each([
    [0, undefined, 0],
    [200, undefined, 500],
    [1, 4, 500],
    [4, 4, 500],
    [5, 4, 1000],
    [199, 4, 25_000],
    [3, 1, 1500],
  ])('should be, for %d containers, %s at a time, %d ms', (containers, parallel, ms) => {
    expect(startsMs(containers, { timeMs: 500, parallel })).toBe(ms)
  })
})
