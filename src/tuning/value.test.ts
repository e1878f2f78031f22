import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { catalogue } from './catalogue.ts'
import { knobById } from './find-knob.ts'
import type { Knob } from './knob.ts'
import { takeValue } from './take.ts'
import { isValueAsked, magnitudeOfValue, readValue } from './value.ts'

const knob = (id: string): Knob => {
  const found = knobById(id)
  if (found === undefined) throw new Error(`no knob ${id}`)
  return found
}

describe('readValue', () => {
  it.each<[string, unknown, unknown]>([
    ['kubelet.kubeAPIQPS', 50, 50],
    ['kubelet.kubeAPIQPS', '1k', 1000],
    ['kubelet.kubeAPIQPS', 0, 0],
    ['kubelet.nodeStatusUpdateFrequency', '1m30s', '90s'],
    ['kubelet.nodeStatusUpdateFrequency', '1m0s', '60s'],
    ['kubeProxy.ipvs.minSyncPeriod', 0, '0s'],
    ['controllerManager.kubeApiQps', -1, -1],
    ['controllerManager.kubeApiQps', '33.333332', 33.333332],
    ['controllerManager.kubeApiQps', 33.3333333333, 33.333332],
    ['controllerManager.kubeApiQps', 0.1, 0.1],
    ['controllerManager.kubeApiQps', -0, 0],
    ['etcd.quotaBackendBytes', '8Gi', 8_589_934_592],
    ['etcd.quotaBackendBytes', '8GiB', 8_589_934_592],
    ['etcd.quotaBackendBytes', '8.589934592e+09', 8_589_934_592],
    ['etcd.autoCompactionRetention', 1000, '1000'],
    ['etcd.autoCompactionRetention', '1h', '3600s'],
    ['etcd.splitByResource', '/pods, /events', '/pods,/events'],
    ['etcd.splitByResource', '', ''],
    ['etcd.nice', '-20', -20],
    ['apiserver.goawayChance', '0.001', 0.001],
    ['apiserver.goawayChance', 0.03, undefined],
    ['apiserver.goawayChance', -0.01, undefined],
    ['apiserver.etcdCompactionInterval', '0s', '0s'],
    ['apiserver.etcdCompactionInterval', '1m', '60s'],
    ['apiserver.etcdCompactionInterval', '1ms', undefined],
    [
      'apiserver.watchCacheSizes',
      ['events#0', 'leases.coordination.k8s.io#0'],
      'events#0,leases.coordination.k8s.io#0',
    ],
    ['apiserver.watchCacheSizes', '[events#0]', 'events#0'],
    ['apiserver.watchCacheSizes', 'events', undefined],
    ['controllerManager.concurrentServiceEndpointSyncs', 51, undefined],
    ['scheduler.percentageOfNodesToScore', 101, undefined],
    ['kubelet.podPidsLimit', -1, -1],
    ['kubeProxy.cleanup', 'true', true],
  ])('should make of a value of %s, %j, what it is', (id, given, value) => {
    expect(readValue(knob(id).type, given)).toBe(value)
  })

  it('should write equal maps alike, whatever the order of their keys', () => {
    const { type } = knob('kubelet.config.systemReserved')
    expect(readValue(type, { memory: '1Gi', cpu: '100m' })).toBe(readValue(type, '{"cpu":"100m","memory":"1Gi"}'))
  })

  it('should leave the built-in value of every knob as it is written', () => {
    for (const { id, type, stock } of catalogue)
      if (stock !== null) expect({ id, value: readValue(type, stock) }).toEqual({ id, value: stock })
  })

  it('should give no knob a number that is none, nor anything that is no plain value', () => {
    const oddities = [Number.NaN, Number.POSITIVE_INFINITY, 1e308, -1e308, null, undefined, [], [5], {}, 'soon', 'NaN']
    // An empty list is one.
    for (const { id, type } of catalogue)
      for (const given of oddities.filter((one) => type.kind !== 'list' || !Array.isArray(one)))
        expect({ id, given, value: readValue(type, given) }).toMatchObject({ value: undefined })
  })

  it('should read what it made of a value as the same, whatever it was given', () => {
    const given = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.string(),
      fc.stringMatching(/^[\d.]{1,4}(ms|s|m|h|k|Gi)$/),
    )
    fc.assert(
      fc.property(fc.constantFrom(...catalogue), given, ({ type }, any) => {
        const value = readValue(type, any)
        fc.pre(value !== undefined)
        expect(readValue(type, value)).toBe(value)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('takeValue', () => {
  it.each<[string, unknown, string]>([
    ['kubelet.kubeAPIQPS', -5, 'kubelet.kubeAPIQPS takes a whole number from 0 to 2,147,483,647, not -5'],
    ['kubelet.kubeAPIQPS', 'fifty', 'kubelet.kubeAPIQPS takes a whole number from 0 to 2,147,483,647, not "fifty"'],
    ['kubelet.kubeAPIQPS', '50', 'not "50"; write it without quotes'],
    ['kubelet.kubeAPIQPS', true, 'not true'],
    ['kubelet.maxPods', 1.5, 'not 1.5'],
    [
      'kubelet.nodeStatusUpdateFrequency',
      10,
      'takes a duration with a unit, such as 10s or 1m30s, of at least 100ms, not 10',
    ],
    ['kubelet.nodeStatusUpdateFrequency', '0s', 'not "0s"'],
    ['controllerManager.nodeMonitorPeriod', '0s', 'not "0s"'],
    ['controllerManager.concurrentDeploymentSyncs', 0, 'takes a whole number from 1 to 10,000, not 0'],
    ['controllerManager.concurrentReplicasetSyncs', -1, 'not -1'],
    ['controllerManager.kubeApiQps', 1e308, 'not 1e+308'],
    ['controllerManager.kubeApiQps', 1e-300, 'not 1e-300'],
    ['controllerManager.kubeApiBurst', -1, 'not -1'],
    ['kubeProxy.mode', 'ipvss', 'kubeProxy.mode takes iptables, ipvs or nftables, not "ipvss"; did you mean ipvs?'],
    ['kubeProxy.mode', 'nftabless', 'did you mean nftables?'],
    ['etcd.autoCompactionMode', 'weekly', 'takes periodic or revision, not "weekly"'],
    ['etcd.quotaBackendBytes', -1, 'takes a size in bytes, such as 8Gi, not -1'],
    ['etcd.quotaBackendBytes', '8gi', 'not "8gi"'],
    ['etcd.nice', 900, 'takes a whole number from -20 to 19, not 900'],
    ['etcd.ioPriority', 'high', 'not "high"'],
    ['etcd.splitByResource', 'pods', 'takes resources as group/resource'],
    ['etcd.splitByResource', '/pods,/pods', 'takes resources as group/resource'],
    ['etcd.autoCompactionRetention', '5ms', 'a period of at least 1s'],
  ])('should refuse %s %j', (id, given, refusal) => {
    expect(takeValue(knob(id), given)).toEqual({ refusal: expect.stringContaining(refusal) })
  })
})

describe('magnitudeOfValue', () => {
  it('should put numbers, durations and amounts on an axis, and no names', () => {
    expect(magnitudeOfValue(knob('kubelet.maxPods').type, 5)).toBe(5)
    expect(magnitudeOfValue(knob('kubelet.nodeStatusUpdateFrequency').type, '90s')).toBe(90_000)
    expect(magnitudeOfValue(knob('etcd.autoCompactionRetention').type, '1000')).toBe(1000)
    expect(magnitudeOfValue(knob('kubeProxy.mode').type, 'ipvs')).toBeUndefined()
  })
})

describe('isValueAsked', () => {
  it('should not mind the order of a list', () => {
    const { type } = knob('etcd.splitByResource')
    expect(isValueAsked(type, '/pods,/events', '/events,/pods')).toBe(true)
    expect(isValueAsked(type, '/pods', '/pods,/events')).toBe(false)
  })

  it('should not mind what kube-apiserver puts to watch cache sizes anyway', () => {
    const { type } = knob('apiserver.watchCacheSizes')
    expect(isValueAsked(type, 'events#0,events.events.k8s.io#0,nodes#0', 'nodes#0')).toBe(true)
    expect(isValueAsked(type, 'events#0,events.events.k8s.io#0', 'events#0')).toBe(true)
    expect(isValueAsked(type, 'events#0,events.events.k8s.io#0', 'nodes#0')).toBe(false)
    expect(isValueAsked(type, 'nodes#0,pods#0', 'nodes#0')).toBe(false)
  })
})
