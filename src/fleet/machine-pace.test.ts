import { describe, expect, it } from 'vitest'
import { paceOf, whySlower } from './machine-pace.ts'

const once = { workMs: 1, busy: 0, loadPerCore: 0 }

describe('paceOf', () => {
  it('should take a machine for as much slower as the same work takes longer', () => {
    const [one, two] = [paceOf({ ...once, workMs: 10 }), paceOf({ ...once, workMs: 25 })]
    expect(two.slowness / one.slowness).toBeCloseTo(2.5)
  })

  it.each([
    ['idle', { busy: 0, loadPerCore: 0 }, 1],
    ['half in use', { busy: 0.5, loadPerCore: 0.5 }, 2 / 3],
    ['a bit in use by many', { busy: 0.3, loadPerCore: 5 }, 0.7],
    ['full', { busy: 1, loadPerCore: 1 }, 0.5],
    ['silent about itself', { busy: null, loadPerCore: 1 }, 0.5],
    ['crowded', { busy: 1, loadPerCore: 3 }, 0.25],
  ])('should give a run what others leave, and at least its turn, on a machine that is %s', (_, look, share) => {
    expect(paceOf({ ...once, ...look }).share).toBeCloseTo(share)
  })
})

describe('whySlower', () => {
  it.each([
    [{ slowness: 1, share: 1 }, ''],
    [{ slowness: 0.6, share: 0.95 }, ''],
    [{ slowness: 2.43, share: 1 }, 'this machine takes 2.4 times the processor time of the one this was measured on'],
    [{ slowness: 1.1, share: 0.25 }, 'this machine has 25 % of its processors free'],
    [
      { slowness: 2, share: 0.5 },
      'this machine takes 2.0 times the processor time of the one this was measured on and has 50 % of its processors free',
    ],
  ])('should give the reasons that count (%o)', (pace, reasons) => {
    expect(whySlower(pace)).toBe(reasons)
  })
})
