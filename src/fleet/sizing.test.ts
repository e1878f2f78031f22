import { describe, expect, it } from 'vitest'
import { estimateFleetCores, estimateFleetMemoryBytes } from './sizing.ts'

describe('estimateFleetMemoryBytes', () => {
  // facts/kubemark.md: resident memory of one process of so many packed kubelets, the probe's own process apart.
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

describe('estimateFleetCores', () => {
  it('should be what 1000 idle kubelets were seen to take', () => {
    expect(estimateFleetCores({ nodes: 1000, statusPeriodSeconds: null }).coresNeeded).toBeCloseTo(1.13)
  })

  it('should be more than two cores when 1000 kubelets write their status every 3 s', () => {
    expect(estimateFleetCores({ nodes: 1000, statusPeriodSeconds: 3 }).coresNeeded).toBeCloseTo(2.78, 1)
  })
})
