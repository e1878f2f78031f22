import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Threshold } from '../plan/plan.ts'
import { figureRows } from '../report/comparison.ts'
import type { ArmOutcome } from '../result/result.ts'
import { probesIn, stepsDone } from '../testing/outcomes.ts'
import { speedupOf, viewFor } from '../testing/reports.ts'
import { sampleResult } from '../testing/results.ts'
import { boundsOf, judgeAll } from './thresholds.ts'

describe('thresholds beside reports', () => {
  it('should judge a ratio exactly where every report shows one, whatever was measured', () => {
    const reading = fc.record({
      availableMs: fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 90_000 })),
      vagueByMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100 })),
      machineBusy: fc.constantFrom(0.2, 0.95),
      ready: fc.constantFrom(1, 0),
    })
    const [template] = sampleResult().arms
    if (template === undefined) throw new Error('the sample has arms')
    const arms = (profile: string, readings: readonly (typeof reading extends fc.Arbitrary<infer T> ? T : never)[]) =>
      readings.map(({ availableMs, vagueByMs, machineBusy, ready }, index): ArmOutcome => {
        const probes = probesIn(template)
          .slice(0, 1)
          .map((rollout) => ({
            ...rollout,
            stopsMs: { available: availableMs },
            stopsVagueByMs: { available: vagueByMs },
            machineBusy,
            atStart: { pods: 1, ready },
          }))
        return { ...template, name: profile, repetition: index + 1, steps: stepsDone(null, probes) }
      })
    // Of several runs a report has the mean of the ratios, a threshold the ratio of the medians.
    const several = fc.array(reading, { minLength: 1, maxLength: 1 })
    fc.assert(
      fc.property(several, several, (untuned, tuned) => {
        const judged = [...arms('untuned', untuned), ...arms('tuned', tuned)]
        const view = viewFor(sampleResult({ arms: judged, reference: null }))
        const rows = view.steps.flatMap(({ figures }) => figureRows(figures))
        const ratio = speedupOf(rows.find(({ name }) => name === 'available')?.cells[1])
        const threshold: Threshold = { probe: 'rollout', stop: 'available', of: ['untuned', 'tuned'], min: 0 }
        const [outcome] = judgeAll(boundsOf(threshold), judged)
        if (outcome === undefined) throw new Error('one threshold, one outcome')
        if (ratio !== null) expect(outcome).toMatchObject({ verdict: 'pass', actual: expect.closeTo(ratio, 9) })
        else if (outcome.verdict === 'inconclusive') expect(outcome.actual).toBeNull()
        else {
          // Bounds decide as well where nothing within them could have decided otherwise; then they are called bounds.
          expect(outcome.actual).toSatisfy(Number.isFinite)
          expect(outcome.isUpperBound === true || outcome.reason === 'it is at least this').toBe(true)
        }
      }),
    )
  })
})
