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

  it('should find nothing when nothing is close', () => {
    expect(similarTo('memory', knobs)).toEqual([])
    expect(similarTo('etcd', knobs)).toEqual([])
  })
})
