import { describe, expect, it } from 'vitest'
import { planForTests } from '../testing/plans.ts'
import { armOf } from '../testing/profiles.ts'
import { backAndForth } from './schedule.ts'

const resolving = { plan: { ...planForTests(), repetitions: 3 }, target: { onThisMachine: false }, machine: null }

describe('backAndForth', () => {
  it('should go back and forth when arms are repeated', () => {
    const { planned } = backAndForth(resolving)
    expect(planned.map(({ id }) => id)).toEqual([
      'untuned-1',
      'tuned-1',
      'tuned-2',
      'untuned-2',
      'untuned-3',
      'tuned-3',
    ])
    expect(planned.map(({ order }) => order)).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('should run each arm once before all others, out of count, when the plan asks for a warm-up', () => {
    const { planned } = backAndForth({ ...resolving, plan: { ...planForTests(), repetitions: 2, warmUp: true } })
    expect(planned.map(({ id, repetition, order }) => `${id} ${repetition} ${order}`)).toEqual([
      'untuned-0 0 1',
      'tuned-0 0 2',
      'untuned-1 1 3',
      'tuned-1 1 4',
      'tuned-2 2 5',
      'untuned-2 2 6',
    ])
  })

  it('should name the first arm that is not done, whatever the order of those that are', () => {
    const { next } = backAndForth(resolving)
    expect(next([])?.id).toBe('untuned-1')
    expect(next([{ id: 'tuned-1' }, { id: 'untuned-1' }])?.id).toBe('tuned-2')
    expect(
      next(['untuned-1', 'tuned-1', 'tuned-2', 'untuned-2', 'untuned-3', 'tuned-3'].map((id) => ({ id }))),
    ).toBeUndefined()
  })

  it('should give an arm its own plan where it has one, and its settings with what it takes back', () => {
    const plan = {
      ...planForTests(),
      arms: [armOf('tuned', [{ knob: 'kubelet.maxPods', value: null, because: 'x' }])],
    }
    const own = { ...plan, fleet: { ...plan.fleet, nodes: 7 } }
    const { planned } = backAndForth({ ...resolving, plan, plans: new Map([['tuned', own]]) })
    const [arm] = planned
    expect(arm?.plan.fleet.nodes).toBe(7)
    expect(arm?.set.map(({ knob }) => knob)).toEqual(['kubelet.maxPods'])
    expect(arm?.requests.some(({ knob }) => knob.id === 'kubelet.maxPods')).toBe(false)
  })
})
