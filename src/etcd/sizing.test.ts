import { describe, expect, it } from 'vitest'
import { storedBytes, totalMegabytes, writeRates } from './sizing.ts'

const documents = { nodes: 5000, statusPeriodSeconds: 3, hollow: false }

describe('writeRates', () => {
  it('should be the document’s 1465 MB and 12 MB a minute, of its own figures', () => {
    const rates = writeRates(documents)
    expect(Math.round(rates.nodeStatusMegabytes)).toBe(1465)
    expect(Math.round(rates.eventMegabytes)).toBe(12)
    expect(totalMegabytes(rates)).toBeCloseTo(1465 + 12 + 23, -1)
  })

  it('should be a hundredth of that when the frequency is left alone, since a status that has not changed is seldom written', () => {
    const { nodeStatusMegabytes } = writeRates({ ...documents, statusPeriodSeconds: null })
    expect(nodeStatusMegabytes).toBeCloseTo(14.65, 1)
  })

  it('should know that hollow nodes have small objects', () => {
    expect(writeRates({ ...documents, hollow: true }).nodeStatusMegabytes).toBeCloseTo(390.6, 1)
  })
})

describe('storedBytes', () => {
  const nothing = {
    nodes: 0,
    pods: 0,
    deployments: 0,
    services: 0,
    configmaps: 0,
    secrets: 0,
    serviceaccounts: 0,
    configmapBytes: 0,
    secretBytes: 0,
    ballastBytes: 0,
  }

  it('should count payloads in full and objects as protobuf', () => {
    expect(storedBytes({ ...nothing, ballastBytes: 1.5e9 })).toBe(1.5e9)
    expect(storedBytes({ ...nothing, configmaps: 1000, configmapBytes: 4096 })).toBe(1000 * (4096 + 0.36 * 1024))
    expect(storedBytes({ ...nothing, pods: 40_000 }) / 2 ** 20).toBeCloseTo(119.5, 0)
  })
})
