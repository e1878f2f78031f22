import { describe, expect, it } from 'vitest'
import { planForTests } from '../testing/plans.ts'
import { isLookedAt, notLookedAt } from './other-targets.ts'

describe('what a target does not look at', () => {
  const { fleet, probes, ...plain } = planForTests()
  const plan = {
    ...plain,
    fleet: {
      ...fleet,
      hosts: 2,
      host: { cpu: 4, memory: '8Gi', maxPods: 110 },
      node: { ...fleet.node, containerStarts: { time: 5 } },
      pods: { ...fleet.pods, image: 'mine' },
    },
    probes: { ...probes, node: { name: 'worker-1' } },
    simulation: { controlPlaneCores: 4 },
    controlPlane: { apiservers: 2, etcd: { members: 1 as const } },
    remote: { targets: [{ kubeconfig: 'a', context: 'b' }] },
  }

  it('should be told of what a plan says, and of nothing else', () => {
    expect(notLookedAt(plan, 'sim')).toEqual(['controlPlane', 'remote', 'probes.node', 'fleet.pods'])
    expect(notLookedAt(plan, 'local')).toEqual([
      'simulation',
      'remote',
      'probes.node',
      'fleet.hosts',
      'fleet.host',
      'fleet.pods',
    ])
    expect(notLookedAt(plan, 'remote')).toEqual(['simulation', 'controlPlane'])
    for (const target of ['sim', 'local', 'remote'])
      expect(notLookedAt({ ...plain, fleet, probes, simulation: { repetitions: 4 } }, target)).toEqual([])
  })

  it('should hold of all that starts nodes where the nodes are there already', () => {
    const existing = { ...plan, fleet: { ...plan.fleet, source: 'existing' as const } }
    expect(notLookedAt(existing, 'remote')).toEqual([
      'simulation',
      'controlPlane',
      'fleet.hosts',
      'fleet.host',
      'fleet.node.containerStarts',
      'fleet.pods',
    ])
    expect(notLookedAt(existing, 'sim')).toContain('fleet.source')
  })

  it('should be the version of Kubernetes where it chooses no image of hollow nodes', () => {
    const older = { ...plain, fleet, probes, kubernetes: '1.36' }
    for (const target of ['sim', 'local', 'remote']) expect(notLookedAt(older, target)).toEqual([])
    const mine = { ...older, fleet: { ...fleet, pods: { ...fleet.pods, image: 'mine' } } }
    expect(notLookedAt(mine, 'remote')).toEqual(['kubernetes'])
    const existing = { ...older, fleet: { ...fleet, source: 'existing' as const } }
    expect(notLookedAt(existing, 'remote')).toEqual(['kubernetes'])
  })

  it('should hold of what is below, and of nothing that is called alike', () => {
    expect(isLookedAt('fleet.pods.image', plan, 'sim')).toBe(false)
    expect(isLookedAt('fleet.pods', plan, 'sim')).toBe(false)
    for (const path of ['fleet.podsx', 'fleet', 'fleet.nodes', 'probes.settle'])
      expect(isLookedAt(path, plan, 'sim')).toBe(true)
  })
})
