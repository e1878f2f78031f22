import { describe, expect, it } from 'vitest'
import { lookAtThisMachine } from './machine.ts'

describe('lookAtThisMachine', () => {
  it('should say what a piece of work takes of a processor, and how much of them others use', () => {
    const { workMs, busy, loadPerCore } = lookAtThisMachine()
    expect(workMs).toBeGreaterThan(0)
    expect(busy ?? 0).toBeGreaterThanOrEqual(0)
    expect(busy ?? 0).toBeLessThanOrEqual(1)
    expect(loadPerCore).toBeGreaterThanOrEqual(0)
  })
})
