import { describe, expect, it } from 'vitest'
import {
  estimateControlPlaneCores,
  estimateControlPlaneMemoryBytes,
  estimateFleetCores,
  estimateFleetMemoryBytes,
  estimateHollowCores,
  upstreamGuide,
} from './sizing.ts'

describe('estimateFleetMemoryBytes', () => {
  // docs/figures.md: resident memory of one process of so many packed kubelets, the probe's own process apart.
  it.each([
    [10, 90],
    [50, 158],
    [130, 293],
  ])('should be what a process of %i packed kubelets was seen to take', (kubelets, megabytes) => {
    const probeProcessBytes = estimateFleetMemoryBytes({ nodes: 1, nodesPerProcess: 1 }) - 60 * 2 ** 20
    const bytes = estimateFleetMemoryBytes({ nodes: kubelets + 1, nodesPerProcess: kubelets }) - probeProcessBytes
    expect(bytes / 2 ** 20 / megabytes).toBeCloseTo(1, 1)
  })

  it('should be about two gigabytes for 1000 kubelets, and many more for processes of one', () => {
    expect(estimateFleetMemoryBytes({ nodes: 1000, nodesPerProcess: 50 }) / 1e9).toBeCloseTo(2.1, 1)
    expect(estimateFleetMemoryBytes({ nodes: 1000, nodesPerProcess: 1 }) / 1e9).toBeGreaterThan(15)
  })
})

describe('estimateControlPlaneMemoryBytes', () => {
  it('should make 4.3 GB with the hollow nodes, when 1000 kubelets have 5000 pods', () => {
    const bytes = estimateControlPlaneMemoryBytes({ nodes: 1000, pods: 5000 })
    expect((bytes + estimateFleetMemoryBytes({ nodes: 1000, nodesPerProcess: 50 })) / 1e9).toBeCloseTo(4.3, 1)
  })
})

describe('upstreamGuide', () => {
  it('should set 0.05 cores and 100 MB aside for each kubelet', () => {
    const { memoryBytes, cores } = upstreamGuide(112)
    expect(memoryBytes).toBe(11.2e9)
    expect(cores).toBeCloseTo(5.6)
  })
})

describe('estimateFleetCores', () => {
  it('should be what 1000 idle kubelets were seen to take', () => {
    const { coresNeeded, because } = estimateFleetCores({ nodes: 1000, statusPeriodSeconds: null })
    expect(coresNeeded).toBeCloseTo(1.13)
    expect(because).toBe('leases and the like of 1000 nodes: 1.13 cores')
  })

  it('should be more than two cores when 1000 kubelets write their status every 3 s', () => {
    const { coresNeeded, because } = estimateFleetCores({ nodes: 1000, statusPeriodSeconds: 3 })
    expect(coresNeeded).toBeCloseTo(2.78, 1)
    expect(because).toContain('330 more status writes per second, one per node every 3 s: 1.65 cores')
  })

  it('should be made up of the kubelets and their control plane', () => {
    for (const statusPeriodSeconds of [null, 3]) {
      const fleet = { nodes: 1000, statusPeriodSeconds }
      const parts = estimateHollowCores({ ...fleet, nodesPerProcess: 50 }) + estimateControlPlaneCores(fleet)
      expect(parts / estimateFleetCores(fleet).coresNeeded).toBeCloseTo(1, 1)
    }
  })
})

describe('estimateHollowCores', () => {
  // docs/figures.md: idle mcores per node.
  it.each([
    [1, 3.5],
    [10, 1.25],
    [50, 0.7],
  ])(
    'should be near what a kubelet takes of a processor where there are %i to a process',
    (nodesPerProcess, mcores) => {
      const cores = estimateHollowCores({ nodes: 1001, nodesPerProcess, statusPeriodSeconds: null })
      expect(Math.abs(cores - mcores)).toBeLessThan(0.3)
    },
  )
})
