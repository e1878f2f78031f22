import { describe, expect, it } from 'vitest'
import { nodeNames } from './arguments/hollow-node.ts'
import { packNodes } from './fleet.ts'

describe('packNodes', () => {
  it.each([
    [1, 50, [[0, 1]]],
    [
      2,
      50,
      [
        [0, 1],
        [1, 1],
      ],
    ],
    [
      102,
      50,
      [
        [0, 1],
        [1, 50],
        [51, 50],
        [101, 1],
      ],
    ],
  ])('should keep the first node alone when %i nodes run %i to a process', (nodes, nodesPerProcess, expected) => {
    expect(packNodes({ nodes, nodesPerProcess }).map(({ first, count }) => [first, count])).toEqual(expected)
  })

  it('should have every node once when there are 5000', () => {
    const names = packNodes({ nodes: 5000, nodesPerProcess: 50 }).flatMap(nodeNames)
    expect(new Set(names).size).toBe(5000)
    expect(names).toHaveLength(5000)
  })
})
