import { describe, expect, it } from 'vitest'
import { newestOf } from './measured-runs.ts'

describe('newestOf', () => {
  const runs = [
    'fidelity-20261126-101500-3fa2',
    'fidelity-20261127-090000-01bc',
    'fidelity-300-pods-20261127-100000-01bc',
    'fidelity-drawn-1-20261127-110000-01bc',
    'fidelity-drawn-12-20261127-120000-01bc',
    'fidelity-simulated-0123abcd',
  ]

  it('should find the newest run of a plan, and take no other plan for it', () => {
    expect(newestOf('fidelity', runs)).toBe('fidelity-20261127-090000-01bc')
    expect(newestOf('fidelity-drawn-1', runs)).toBe('fidelity-drawn-1-20261127-110000-01bc')
    expect(newestOf('fidelity-unbound', runs)).toBeUndefined()
  })
})
