import { describe, expect, it } from 'vitest'
import type { WrittenPlan } from './likeness.ts'
import { planDifferences, writtenPlanIn } from './likeness.ts'

function planWith(changes: object): WrittenPlan {
  const plan = writtenPlanIn({
    seed: 1,
    fleet: { nodes: 2 },
    steps: [{ kind: 'probe', name: 'rollout', at: 'probes.sequence[0]', section: { to: 200 } }],
    arms: [{ profile: 'tuned', base: [{ knob: 'kubelet.kubeAPIQPS', value: 50 }], set: [] }],
    ...changes,
  })
  if (plan === undefined) throw new Error('no plan')
  return plan
}

describe('planDifferences', () => {
  it('should name fields that make different experiments', () => {
    expect(planDifferences(planWith({}), planWith({ fleet: { nodes: 3 } }))).toEqual([
      { field: 'fleet.nodes', values: ['2', '3'], isUnderTest: false },
    ])
  })

  it('should take settings and versions for what is under test', () => {
    const arms = [
      {
        profile: 'tuned',
        kubernetes: '1.36',
        base: [{ knob: 'kubelet.kubeAPIQPS', value: 50 }],
        set: [{ knob: 'kubelet.kubeAPIQPS', value: 40 }],
      },
    ]
    const found = planDifferences(planWith({}), planWith({ arms }))
    expect(found.map(({ field }) => field).toSorted()).toEqual([
      'arms.tuned.kubelet.kubeAPIQPS',
      'arms.tuned.kubernetes',
    ])
    expect(found.every(({ isUnderTest }) => isUnderTest)).toBe(true)
  })

  it('should not care where in a file a step stands', () => {
    const moved = planWith({ steps: [{ kind: 'probe', name: 'rollout', at: 'steps[3]', section: { to: 200 } }] })
    expect(planDifferences(planWith({}), moved)).toEqual([])
  })
})
