import { describe, expect, it } from 'vitest'
import { requestsUnder } from '../testing/profiles.ts'
import { requestsOf, settingsOver } from './profiles.ts'

describe('requestsOf', () => {
  it('should let a plan depart from its profile, with the plan’s own reason', () => {
    const base = [
      { knob: 'kubelet.maxPods', value: 500, because: 'ours' },
      { knob: 'scheduler.kubeApiQps', value: 500, because: 'ours' },
    ]
    const requests = requestsOf({
      base,
      set: [
        { knob: 'scheduler.kubeApiQps', value: 100, because: 'as before' },
        { knob: 'kubelet.maxPods', value: null },
      ],
    })
    expect(requests.map(({ knob, ...request }) => ({ id: knob.id, ...request }))).toEqual([
      { id: 'scheduler.kubeApiQps', value: 100, because: 'as before' },
    ])
  })

  it('should be in the order of the catalogue, and open knobs after it', () => {
    const set = { 'kubelet.env.GOGC': 50, 'etcd.nice': -5, 'kubelet.maxPods': 250 }
    expect(requestsUnder('stock', set).map(({ knob }) => knob.id)).toEqual([
      'kubelet.maxPods',
      'etcd.nice',
      'kubelet.env.GOGC',
    ])
  })
})

describe('settingsOver', () => {
  it('should be the same however its settings are ordered', () => {
    const [one, other] = [
      { knob: 'kubelet.maxPods', value: 250 },
      { knob: 'etcd.nice', value: -5 },
    ]
    expect(settingsOver([other], [one])).toEqual(settingsOver([one], [other]))
  })
})
