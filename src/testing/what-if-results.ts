import type { ArmOutcome, KnobValue, Result } from '../result/result.ts'
import { probesIn } from './outcomes.ts'
import { sampleResult } from './results.ts'

/*
 * A what-if over the values of a knob, each run once.
 */

/** What one value gave: when all pods were available, and which limiter that is put down to. */
export interface Tried {
  value: KnobValue
  /** One per repetition. */
  availableMs: (number | null)[]
  boundBy: string | null
  floorMs?: number
}

/** A simulated what-if with a rollout and a scale-down; only `available` differs between the values. */
export function whatIfResult(tried: Tried[], varied = 'kubelet.kubeAPIQPS'): Result {
  const sample = sampleResult({ evidence: 'simulated', target: 'sim', startedAt: null, machine: null, thresholds: [] })
  const template = sample.arms.find(({ name }) => name === 'tuned')
  if (template === undefined) throw new Error('the sample has a tuned arm')
  const arms = tried.flatMap(({ availableMs, boundBy, floorMs = 1000 }, index) =>
    availableMs.map((ms, repetition): ArmOutcome => {
      const arm = structuredClone(template)
      const [rollout] = probesIn(arm)
      if (rollout === undefined) throw new Error('the sample has a rollout')
      rollout.stopsMs.available = ms
      rollout.explanations = [
        { stop: 'created', boundBy: null, text: '' },
        { stop: 'available', boundBy, text: '' },
      ]
      for (const limiter of rollout.limiters) limiter.floorMs = limiter.client === 'KubeClient' ? floorMs : null
      const name = `arm-${index}`
      return {
        ...arm,
        id: `${name}-${repetition + 1}`,
        name,
        profile: 'tuned',
        repetition: repetition + 1,
        order: 1 + index,
      }
    }),
  )
  const values = tried.map(({ value }, index) => ({ value, arm: `arm-${index}` }))
  return { ...sample, plan: 'what-if', arms, reference: null, whatIf: { varied, basedOn: 'tuned', values } }
}
