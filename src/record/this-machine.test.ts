import { describe, expect, it } from 'vitest'
import { lookAtThisMachine, readThisMachine } from './this-machine.ts'

describe('lookAtThisMachine', () => {
  it('should say what a piece of work takes of a processor, and how much of them others use', () => {
    const { workMs, busy, loadPerCore } = lookAtThisMachine()
    expect(workMs).toBeGreaterThan(0)
    expect(busy ?? 0).toBeGreaterThanOrEqual(0)
    expect(busy ?? 0).toBeLessThanOrEqual(1)
    expect(loadPerCore).toBeGreaterThanOrEqual(0)
  })
})

describe.runIf(process.platform === 'linux')('readThisMachine', () => {
  it('should see this very process at work', () => {
    const before = readThisMachine([])
    const untilMs = performance.now() + 200
    while (performance.now() < untilMs);
    const after = readThisMachine([])
    const [own] = after.components.get('orchestrator') ?? []
    expect(own?.processorMs).toBeGreaterThan(before.components.get('orchestrator')?.[0]?.processorMs ?? 0)
    expect(own?.privateBytes).toBeGreaterThan(10 * 2 ** 20)
    expect(after.busyMs).toBeGreaterThan(before.busyMs)
    expect(after.memoryUsedBytes).toBeGreaterThan(own?.privateBytes ?? 0)
  })

  it('should leave out a process that is gone', () => {
    expect(readThisMachine([{ component: 'etcd', pid: 2 ** 22 + 1 }]).components.has('etcd')).toBe(false)
  })
})
