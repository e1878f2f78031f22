import { describe, expect, it } from 'vitest'
import type { Deployment } from '../kube/resources.ts'
import { stamped, tolerationOf } from './stamp.ts'

const deployment: Deployment = {
  metadata: { name: 'app', namespace: 'ns' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'a' } },
    template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'main', image: 'pause' }] } },
  },
}

describe('stamped', () => {
  it('should let pods tolerate what the fleet is tainted with, and nothing otherwise', () => {
    const spec = (taints: string[]) => stamped(deployment, 'run-1', 'workload', taints).spec.template.spec
    expect(spec(['kubemark=true:NoSchedule'])['tolerations']).toEqual([
      { key: 'kubemark', operator: 'Equal', value: 'true', effect: 'NoSchedule' },
    ])
    expect(spec([])).toBe(deployment.spec.template.spec)
  })
})

describe('tolerationOf', () => {
  it.each([
    ['kubemark:NoExecute', { key: 'kubemark', operator: 'Exists', effect: 'NoExecute' }],
    ['example.com/a=:NoSchedule', { key: 'example.com/a', operator: 'Equal', value: '', effect: 'NoSchedule' }],
  ])('should tolerate %s', (taint, toleration) => {
    expect(tolerationOf(taint)).toEqual(toleration)
  })
})
