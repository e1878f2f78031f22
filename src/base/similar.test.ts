import { describe, expect, it } from 'vitest'
import { similarTo } from './similar.ts'

const knobs = ['kubelet.kubeAPIQPS', 'kubelet.kubeAPIBurst', 'controllerManager.kubeApiQps', 'etcd.nice']

describe('similarTo', () => {
  it('should find every name with the same last part, whatever its letter case', () => {
    expect(similarTo('kubeapiqps', knobs)).toEqual(['kubelet.kubeAPIQPS', 'controllerManager.kubeApiQps'])
  })

  it('should find the name when a letter is missing, wrong or too many', () => {
    for (const slip of ['kubelet.kubeAPIBurt', 'kubelet.kubeAPIBurzt', 'kubelet.kubeAPIBurstt'])
      expect(similarTo(slip, knobs)).toEqual(['kubelet.kubeAPIBurst'])
  })

  it('should find the name when two letters are swapped, or the last part has a slip', () => {
    expect(similarTo('tunde', ['untuned', 'tuned'])).toEqual(['tuned'])
    expect(similarTo('kubeAPIQPs2', knobs)).toEqual(['kubelet.kubeAPIQPS', 'controllerManager.kubeApiQps'])
    expect(similarTo('hartbeat', ['smoke', 'experiments/heartbeat'])).toEqual(['experiments/heartbeat'])
  })

  it('should find nothing when nothing is close', () => {
    expect(similarTo('memory', knobs)).toEqual([])
    expect(similarTo('etcd', knobs)).toEqual([])
    expect(similarTo('to', ['of', 'go'])).toEqual([])
    expect(similarTo('', ['a', 'of'])).toEqual([])
    expect(similarTo('x'.repeat(1_000_000), knobs)).toEqual([])
  })
})
