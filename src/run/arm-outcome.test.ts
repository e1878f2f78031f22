import { describe, expect, it } from 'vitest'
import type { KnobOutcome } from '../result/result.ts'
import type { FleetOrigin } from '../targets/target.ts'
import { planForTests } from '../testing/plans.ts'
import { fleetOutcome, limitsIn } from './arm-outcome.ts'

const knob = (id: string, effective: number): KnobOutcome => ({
  id,
  component: 'kubelet',
  setting: id,
  requested: effective,
  effective,
  readFrom: '/configz',
  status: 'applied',
})

it.each([
  [{ 'hollow-node': 'v1.37.2' }, { kind: 'none' }],
  [{ kubelet: 'v1.38.0' }, { kind: 'none' }],
  [{ 'hollow-node': 'v1.36.3' }, { kind: 'limited', qps: 5, burst: 100 }],
  [{}, { kind: 'limited', qps: 5, burst: 100 }],
])('should take an eventRecordQPS of 0 as the kubelet does: %j', (versions: Record<string, string>, events) => {
  const knobs = [knob('kubelet.eventRecordQPS', 0), knob('kubelet.eventBurst', 100)]
  expect(limitsIn(knobs, versions).events).toEqual(events)
})

describe('fleetOutcome', () => {
  const node = { cpu: 8, memory: '16Gi', containerStarts: { time: 500, parallel: 4 } }
  const startsOf = (source: FleetOrigin['source'] | undefined) => {
    const origin = source && { source, probeNode: 'hollow' as const, probeHostname: 'hollow-0', versions: {} }
    const fleet = {
      nodeNames: ['hollow-0'],
      probeNode: 'hollow-0',
      processes: 1,
      readyMs: 1,
      flaps: () => ({ count: 0, nodes: [], notReadyAtEnd: [] }),
      lookAgain: async () => {},
      ...(origin && { origin }),
    }
    const arm = { plan: planForTests({ node }), estimate: null }
    return fleetOutcome(fleet, arm, { onThisMachine: true }).containerStarts
  }

  it('should have the container starts of nodes that the run started, and none of nodes that were there', () => {
    for (const source of [undefined, 'hollow'] as const) expect(startsOf(source)).toEqual({ timeMs: 500, parallel: 4 })
    for (const source of ['existing', 'none'] as const) expect(startsOf(source)).toBeUndefined()
  })
})
