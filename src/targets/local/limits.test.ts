import { describe, expect, it } from 'vitest'
import { Failure } from '../../base/errors.ts'
import { checkLimits, readLimits } from './limits.ts'

const fleet = (nodes: number) => ({
  nodes,
  nodesPerProcess: 50,
  node: { cpu: 1, memory: '1Gi' },
})

const memoryBytes = 32 * 2 ** 30

function failureOf(work: () => void): Failure {
  try {
    work()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('checkLimits', () => {
  it('should let a fleet pass when it fits exactly', () => {
    checkLimits(fleet(128), { inotifyInstances: 128, openFiles: 1152, memoryBytes })
  })

  it('should give the command when inotify instances are too few', () => {
    const failure = failureOf(() => checkLimits(fleet(129), { inotifyInstances: 128, openFiles: 20_000, memoryBytes }))
    expect(failure.kind).toBe('infrastructure')
    expect(failure.message).toContain('129 hollow nodes need 129 inotify instances, but the limit per user is 128')
    expect(failure.next).toContain('sudo sysctl -w fs.inotify.max_user_instances=257')
  })

  it('should give the command when open files are too few', () => {
    const failure = failureOf(() => checkLimits(fleet(5000), { inotifyInstances: 8192, openFiles: 4096, memoryBytes }))
    expect(failure.message).toContain('needs 6024 open files')
    expect(failure.next).toContain('ulimit -Hn 6024')
  })

  it('should say how much memory is missing, and what takes less of it', () => {
    const limits = { inotifyInstances: 8192, openFiles: 20_000, memoryBytes: 2 * 2 ** 30 }
    const failure = failureOf(() => checkLimits(fleet(1000), limits))
    expect(failure.message).toMatch(/1,000 hollow nodes and a control plane need [34]\.\d GiB .* only 2\.0 GiB is free/)
    expect(failure.next).toContain('fleet.nodesPerProcess')
    checkLimits(fleet(300), limits)
  })
})

describe('readLimits', () => {
  it('should find numbers when it reads this machine', () => {
    const { inotifyInstances, openFiles, memoryBytes } = readLimits()
    expect(memoryBytes).toBeGreaterThan(2 ** 20)
    expect(inotifyInstances).toBeGreaterThan(0)
    expect(openFiles).toBeGreaterThan(0)
  })
})
