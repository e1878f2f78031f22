import { describe, expect, it } from 'vitest'
import { knobById } from './find-knob.ts'
import { requestsOf } from './profiles.ts'
import { sigScalability } from './sig-scalability.ts'
import { readValue } from './value.ts'

describe('requestsOf', () => {
  it('should be what upstream’s 5000-node jobs set, each value with its reason', () => {
    const requests = requestsOf('sig-scalability')
    const values = Object.fromEntries(requests.map(({ knob, value }) => [knob.id, value]))
    expect(values).toMatchObject({
      'controllerManager.kubeApiQps': 500,
      'controllerManager.kubeApiBurst': 500,
      'scheduler.kubeApiQps': 500,
      'scheduler.kubeApiBurst': 500,
      'etcd.quotaBackendBytes': 8 * 2 ** 30,
    })
    expect(requests).toHaveLength(sigScalability.length)
    for (const { because } of requests) expect(because).not.toBeUndefined()
  })

  it('should ask for other values than those that are built in', () => {
    for (const { knob, value } of sigScalability) {
      const known = knobById(knob)
      expect(known && readValue(known.type, value)).toBe(value)
      expect(value).not.toBe(known?.stock)
    }
  })

  it('should let a plan depart from it, with the plan’s own reason', () => {
    const requests = requestsOf('sig-scalability', [
      { knob: 'scheduler.kubeApiQps', value: 100, because: 'as before' },
      { knob: 'kubelet.maxPods', value: null },
    ])
    expect(requests.find(({ knob }) => knob.id === 'scheduler.kubeApiQps')).toMatchObject({
      value: 100,
      because: 'as before',
    })
    expect(requests.some(({ knob }) => knob.id === 'kubelet.maxPods')).toBe(false)
  })
})
