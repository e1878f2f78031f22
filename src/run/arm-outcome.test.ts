import { expect, it } from 'vitest'
import type { KnobOutcome } from '../result/result.ts'
import { limitsIn } from './arm-outcome.ts'

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
