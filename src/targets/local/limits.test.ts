import { describe, expect, it } from 'vitest'
import { Failure } from '../../base/errors.ts'
import { checkLimits, readLimits } from './limits.ts'

const fleet = (nodes: number) => ({
  nodes,
  nodesPerProcess: 50,
  node: { cpu: 1, memory: '1Gi', containerStartDelayMs: 0 },
})

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
    checkLimits(fleet(128), { inotifyInstances: 128, openFiles: 1152 })
  })

  it('should give the command when inotify instances are too few', () => {
    const failure = failureOf(() => checkLimits(fleet(129), { inotifyInstances: 128, openFiles: 20_000 }))
    expect(failure.kind).toBe('infrastructure')
    expect(failure.message).toContain('129 hollow nodes need 129 inotify instances, but a user may have 128')
    expect(failure.next).toContain('sudo sysctl -w fs.inotify.max_user_instances=257')
  })

  it('should give the command when open files are too few', () => {
    const failure = failureOf(() => checkLimits(fleet(5000), { inotifyInstances: 8192, openFiles: 4096 }))
    expect(failure.message).toContain('needs 6024 open files')
    expect(failure.next).toContain('ulimit -Hn 6024')
  })
})

describe('readLimits', () => {
  it('should find numbers when it reads this machine', () => {
    const { inotifyInstances, openFiles } = readLimits()
    expect(inotifyInstances).toBeGreaterThan(0)
    expect(openFiles).toBeGreaterThan(0)
  })
})
