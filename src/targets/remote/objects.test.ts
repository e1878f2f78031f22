import { describe, expect, it } from 'vitest'
import { fakeCluster, reachOf } from '../../testing/fake-cluster.ts'
import { planForTests } from '../../testing/plans.ts'
import { hollowArms } from './objects.ts'

describe('hollowArms', () => {
  const target = { kubeconfig: 'kubeconfig', context: 'staging' }
  const plan = planForTests({}, { targets: [target] })
  const imagesOf = (changed: Partial<typeof plan>) =>
    hollowArms({
      plan: { ...plan, ...changed },
      clusters: [reachOf(fakeCluster())],
      holder: { runId: 'run-1', who: 'anna@build-3' },
      kubernetesVersion: (kubernetes) => (kubernetes === undefined ? 'v1.37.2' : `v${kubernetes}.0`),
    }).map(({ order }) => order.spec.pods.image)

  it('should take the image of the version that an arm or its plan asks for', () => {
    const [untuned, tuned] = plan.arms
    expect(imagesOf({})).toEqual(['hollow-node:v1.37.2', 'hollow-node:v1.37.2'])
    const arms = [untuned, { ...tuned, kubernetes: '1.35' }] as typeof plan.arms
    expect(imagesOf({ arms, kubernetes: '1.36' })).toEqual(['hollow-node:v1.36.0', 'hollow-node:v1.35.0'])
  })

  it('should take the image that the plan names, whatever the version', () => {
    const fleet = { ...plan.fleet, pods: { ...plan.fleet.pods, image: 'mine' } }
    expect(imagesOf({ fleet, kubernetes: '1.36' })).toEqual(['mine', 'mine'])
  })
})
