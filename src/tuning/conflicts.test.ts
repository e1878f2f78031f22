import { describe, expect, it } from 'vitest'
import { profiles, requestsUnder } from '../testing/profiles.ts'
import { conflictsAmong } from './conflicts.ts'
import type { KnobValue } from './knob.ts'

const conflictsOf = (profile: string, set: Record<string, KnobValue>) => conflictsAmong(requestsUnder(profile, set))

describe('conflictsAmong', () => {
  it('should find none in a profile', () => {
    for (const profile of profiles.names) expect(conflictsOf(profile, {})).toEqual([])
  })

  it.each<[string, Record<string, KnobValue>, string]>([
    ['stock', { 'etcd.heartbeatInterval': 250 }, 'etcd would not start: etcd.electionTimeout is 1000'],
    ['tuned', { 'etcd.electionTimeout': 1249 }, 'less than 5 x etcd.heartbeatInterval, 250'],
    [
      'tuned',
      { 'etcd.autoCompactionRetention': '1h' },
      'etcd.autoCompactionMode revision needs a number of revisions, but etcd.autoCompactionRetention is 3600s',
    ],
    [
      'tuned',
      { 'kubeProxy.ipvs.minSyncPeriod': '31s' },
      'kubeProxy.ipvs.minSyncPeriod, 31s, is longer than kubeProxy.ipvs.syncPeriod, 30s',
    ],
    ['stock', { 'etcd.autoCompactionRetention': 2_562_048 }, 'hours up to 2,562,047, or a period'],
    ['stock', { 'controllerManager.kubeApiBurst': 0 }, 'kube-controller-manager would not start'],
    [
      'stock',
      { 'apiserver.maxRequestsInflight': 0, 'apiserver.maxMutatingRequestsInflight': 0 },
      'kube-apiserver would not start',
    ],
    [
      'stock',
      { 'kubelet.serializeImagePulls': true, 'kubelet.maxParallelImagePulls': 5 },
      'which needs kubelet.serializeImagePulls to be false',
    ],
    ['tuned', { 'scheduler.kubeApiBurst': 0 }, 'kube-scheduler would not start: scheduler.kubeApiBurst is 0'],
  ])('should find what does not go together in %s with %j', (profile, set, message) => {
    expect(conflictsOf(profile, set)).toEqual([expect.objectContaining({ message: expect.stringContaining(message) })])
  })

  it.each<[string, Record<string, KnobValue>]>([
    ['stock', { 'etcd.heartbeatInterval': 200 }],
    ['stock', { 'kubelet.maxParallelImagePulls': 5 }],
    ['stock', { 'apiserver.maxRequestsInflight': 0 }],
    ['stock', { 'etcd.autoCompactionRetention': '1h' }],
    ['stock', { 'kubeProxy.ipvs.minSyncPeriod': '31s' }],
    ['stock', { 'controllerManager.kubeApiBurst': 0, 'controllerManager.kubeApiQps': -1 }],
    ['stock', { 'scheduler.kubeApiBurst': 0, 'scheduler.kubeApiQps': 0 }],
  ])('should find nothing wrong with %s with %j', (profile, set) => {
    expect(conflictsOf(profile, set)).toEqual([])
  })
})
