import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupPods, nodeName, podsOf, replicasOf } from './pods.ts'

const fleets = fc.record({
  nodes: fc.integer({ min: 1, max: 6000 }),
  nodesPerProcess: fc.integer({ min: 1, max: 400 }),
})

describe('groupPods', () => {
  it('should give every node a pod, once, and the first one a pod of its own', () => {
    fc.assert(
      fc.property(fleets, (fleet) => {
        const pods = podsOf(groupPods(fleet))
        expect(pods.flatMap(({ nodes }) => nodes)).toEqual(
          Array.from({ length: fleet.nodes }, (_, index) => nodeName(index)),
        )
        expect(pods[0]).toEqual({ pod: 'hollow-probe-0', nodes: ['hollow-0'] })
        for (const { nodes } of pods) expect(nodes.length).toBeLessThanOrEqual(fleet.nodesPerProcess)
      }),
    )
  })

  it('should put no more into a Secret than fits, when there are more nodes', () => {
    expect(groupPods({ nodes: 5000, nodesPerProcess: 50 })).toHaveLength(1 + 20)
    expect(groupPods({ nodes: 5000, nodesPerProcess: 1 }).slice(0, 3)).toEqual([
      { name: 'hollow-probe', first: 0, nodes: 1, nodesPerPod: 1, pods: 1 },
      { name: 'hollow-packs-0', first: 1, nodes: 250, nodesPerPod: 1, pods: 250 },
      { name: 'hollow-packs-1', first: 251, nodes: 250, nodesPerPod: 1, pods: 250 },
    ])
    expect(groupPods({ nodes: 701, nodesPerProcess: 300 }).map(({ nodes, pods }) => [nodes, pods])).toEqual([
      [1, 1],
      [300, 1],
      [300, 1],
      [100, 1],
    ])
  })
})

describe('replicasOf', () => {
  it('should fill one group after the other', () => {
    const groups = groupPods({ nodes: 600, nodesPerProcess: 50 })
    expect(groups.map(({ pods }) => pods)).toEqual([1, 5, 5, 2])
    expect(replicasOf(groups, 0)).toEqual([0, 0, 0, 0])
    expect(replicasOf(groups, 8)).toEqual([1, 5, 2, 0])
    expect(replicasOf(groups, 13)).toEqual([1, 5, 5, 2])
  })
})
