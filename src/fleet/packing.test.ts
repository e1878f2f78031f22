import { describe, expect, it } from 'vitest'
import { nodesPerProcessFor, packFleet, processesOf } from './packing.ts'

describe('packFleet', () => {
  it('should put at most 112 of 5000 nodes on one of 45 hosts', () => {
    expect(packFleet({ nodes: 5000, hosts: 45, nodesPerProcess: 1 })).toEqual({
      hosts: 45,
      nodesPerHost: 112,
      processesPerHost: 112,
    })
    expect(packFleet({ nodes: 5000, hosts: 45, nodesPerProcess: 10 }).processesPerHost).toBe(13)
  })
})

describe('processesOf', () => {
  it('should give the probe’s node a process of its own', () => {
    expect(processesOf({ nodes: 1, nodesPerProcess: 50 })).toBe(1)
    expect(processesOf({ nodes: 51, nodesPerProcess: 50 })).toBe(2)
    // As 1000 nodes were seen to run.
    expect(processesOf({ nodes: 1000, nodesPerProcess: 50 })).toBe(21)
  })
})

describe('nodesPerProcessFor', () => {
  it('should be the least that fits', () => {
    expect(nodesPerProcessFor({ nodes: 112, processes: 110 })).toBe(2)
    for (const processes of [2, 13, 110]) {
      const nodesPerProcess = nodesPerProcessFor({ nodes: 112, processes }) ?? 0
      expect(processesOf({ nodes: 112, nodesPerProcess })).toBeLessThanOrEqual(processes)
      if (nodesPerProcess > 1)
        expect(processesOf({ nodes: 112, nodesPerProcess: nodesPerProcess - 1 })).toBeGreaterThan(processes)
    }
  })

  it('should be none when the probe’s process takes the only place', () => {
    expect(nodesPerProcessFor({ nodes: 112, processes: 1 })).toBeUndefined()
    expect(nodesPerProcessFor({ nodes: 1, processes: 1 })).toBe(1)
  })
})
