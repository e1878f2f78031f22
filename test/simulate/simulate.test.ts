import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadPlan } from '../../src/cli/plans.ts'
import { defaultCalibration, readCalibration } from '../../src/cli/targets.ts'
import { productFolders } from '../../src/testing/folders.ts'
import { createTally } from '../../src/trials/tally.ts'
import { tryOut } from '../../src/trials/trial.ts'
import { root } from '../e2e/components.ts'

const seeds = 1000
const plan = loadPlan('experiments/faults', productFolders)
const calibration = readCalibration(join(root, defaultCalibration))

describe('a run in simulated clusters where things go wrong', () => {
  it(`should keep every invariant under the faults of ${seeds} seeds, none of which holds of nothing, and be struck by every kind of them`, async () => {
    const tally = createTally()
    for (let seed = 1; seed <= seeds; seed++) {
      const trial = await tryOut(plan, seed, calibration)
      expect(trial.violations, `npm run scale-test -- simulate --seed ${seed}`).toEqual([])
      tally.note(trial)
    }
    expect(tally.vacuous()).toEqual([])
    expect([...tally.struck()].filter(([, times]) => times < 20)).toEqual([])
    expect(new Set(tally.verdicts().keys())).toEqual(new Set(['pass', 'inconclusive']))
  }, 300_000)

  it('should give the same result, byte for byte, when a seed is tried again', async () => {
    const [once, again] = [await tryOut(plan, 4, calibration), await tryOut(plan, 4, calibration)]
    expect(again).toEqual(once)
    expect((await tryOut(plan, 5, calibration)).result).not.toBe(once.result)
  })

  it('should pass when nothing goes wrong', async () => {
    const calm = []
    for (let seed = 1; calm.length < 20; seed++) {
      const trial = await tryOut(plan, seed, calibration)
      if (trial.faults.length === 0) calm.push(trial.verdict)
    }
    expect(new Set(calm)).toEqual(new Set(['pass']))
  })
})
