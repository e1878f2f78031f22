import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadPlan } from '../../src/cli/plans.ts'
import { defaultCalibration, readCalibration } from '../../src/cli/targets.ts'
import { productFolders } from '../../src/testing/folders.ts'
import { createTally } from '../../src/trials/tally.ts'
import type { Trial } from '../../src/trials/trial.ts'
import { tryOut } from '../../src/trials/trial.ts'
import { root } from '../e2e/components.ts'

const seeds = 400
/** For slow and busy machines: no test judges the time. */
const limitMs = 900_000
const plan = loadPlan('experiments/faults', productFolders)
const calibration = readCalibration(join(root, defaultCalibration))

describe('a run in simulated clusters where things go wrong', () => {
  const tally = createTally()
  const violated: { how: string; violations: readonly string[] }[] = []
  const calm: Trial['verdict'][] = []
  beforeAll(async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const trial = await tryOut(plan, seed, calibration)
      tally.note(trial)
      if (trial.faults.length === 0) calm.push(trial.verdict)
      if (trial.violations.length > 0)
        violated.push({ how: `npm run scale-test -- simulate --seed ${seed}`, violations: trial.violations })
    }
  }, limitMs)

  it(`should keep every invariant under the faults of ${seeds} seeds, none of which holds of nothing, and be struck by every kind of them`, () => {
    expect(violated).toEqual([])
    expect(tally.vacuous()).toEqual([])
    expect([...tally.struck()].filter(([, times]) => times < 8)).toEqual([])
    expect(new Set(tally.verdicts().keys())).toEqual(new Set(['pass', 'inconclusive']))
  })

  it('should pass when nothing goes wrong', () => {
    expect(calm.length).toBeGreaterThan(8)
    expect(new Set(calm)).toEqual(new Set(['pass']))
  })

  it('should give the same result, byte for byte, when a seed is tried again', async () => {
    const [once, again] = [await tryOut(plan, 4, calibration), await tryOut(plan, 4, calibration)]
    expect(again).toEqual(once)
    expect((await tryOut(plan, 5, calibration)).result).not.toBe(once.result)
  })
})
