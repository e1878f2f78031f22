import { describe, expect, it } from 'vitest'
import type { PlannedWorkload } from '../plan/workload.ts'
import { barePods } from '../testing/plans.ts'
import { fillFloor, fleetReadyMs, objectsToCreate, probeFloor } from './duration.ts'

const limited = (qps: number, burst: number) => ({ kind: 'limited', qps, burst }) as const
const untuned = { kubelet: limited(5, 10), controller: limited(20, 30), scheduler: limited(50, 100) }
const tuned = { kubelet: limited(50, 100), controller: limited(500, 100), scheduler: limited(50, 100) }
const rollout = { from: 1, to: 200 }
const scaleDown = { from: 200, to: 1 }
const plain = { serviceAccountToken: false }

describe('probeFloor', () => {
  // docs/figures.md works these out.
  it('should be the document’s 78 s, two calls per pod through the old limit of 5 per second', () => {
    expect(probeFloor(rollout, plain, untuned)).toEqual({ ms: 77_600, boundBy: 'kubelet' })
  })

  it('should have a third call per pod with a token, and when pods are deleted', () => {
    expect(probeFloor(rollout, { ...plain, serviceAccountToken: true }, untuned).ms).toBeCloseTo(117_400)
    expect(probeFloor(scaleDown, plain, untuned).ms).toBeCloseTo(117_400)
  })

  it('should be the controller-manager’s when only the kubelet is tuned', () => {
    const { ms, boundBy } = probeFloor(rollout, plain, { ...untuned, kubelet: tuned.kubelet })
    expect(ms / 1000).toBeCloseTo(8.45)
    expect(boundBy).toBe('kube-controller-manager')
  })

  it('should be 6 s and 10 s when both are tuned', () => {
    expect(probeFloor(rollout, plain, tuned).ms).toBeCloseTo(5960)
    expect(probeFloor(scaleDown, plain, tuned).ms).toBeCloseTo(9940)
  })

  it('should be the scheduler’s to start pods where nothing else is limited, and not to delete them', () => {
    const only = { kubelet: { kind: 'none' }, controller: { kind: 'none' }, scheduler: limited(5, 10) } as const
    expect(probeFloor(rollout, plain, only)).toEqual({ ms: 37_800, boundBy: 'kube-scheduler' })
    expect(probeFloor(scaleDown, plain, only)).toEqual({ ms: 1000, boundBy: 'nobody' })
  })

  it('should be a second when no limit is in the way, and the containers’ start on top', () => {
    const none = { kind: 'none' } as const
    const unlimited = { kubelet: none, controller: none, scheduler: none }
    expect(probeFloor(rollout, plain, unlimited)).toEqual({ ms: 1000, boundBy: 'nobody' })
    const slow = { ...plain, containerStarts: { timeMs: 2000 } }
    expect(probeFloor(rollout, slow, unlimited)).toEqual({ ms: 3000, boundBy: 'nobody' })
    expect(probeFloor(scaleDown, slow, unlimited).ms).toBe(1000)
  })

  it('should be the containers’ when a node starts few of them at a time', () => {
    const slow = { ...plain, containerStarts: { timeMs: 500, parallel: 4 } }
    expect(probeFloor(rollout, slow, tuned)).toEqual({ ms: 25_000, boundBy: 'container starts' })
    expect(probeFloor(rollout, slow, untuned)).toEqual({ ms: 78_100, boundBy: 'kubelet' })
    expect(probeFloor(scaleDown, slow, tuned).boundBy).toBe('kubelet')
  })
})

describe('fleetReadyMs', () => {
  it('should be the 84 s that 1000 nodes took on two cores', () => {
    expect(fleetReadyMs({ nodes: 1000 }, 1000, { cores: 2, idleCores: 1.13, stretch: 1 })).toBe(84_000)
    expect(fleetReadyMs({ nodes: 1000 }, 1000, { cores: 2, idleCores: 1.13, stretch: 10 })).toBe(840_000)
  })

  it('should be the apiserver’s time when hosts share the work, and never less than a pod’s start', () => {
    const host = { cpu: 16, memory: '64Gi', maxPods: 110 }
    expect(fleetReadyMs({ nodes: 5000, host }, 112, null)).toBe(18_000)
    expect(fleetReadyMs({ nodes: 10, host }, 1, null)).toBe(13_000)
  })
})

describe('fillFloor', () => {
  const workload: PlannedWorkload = {
    namespaces: 50,
    sizeClasses: [{ name: 'all', share: 1, minimumPods: 0 }],
    pods: { ...barePods, total: 40_000, perDeployment: 100 },
    services: 0,
    serviceAccounts: 0,
    pace: { rate: 300 },
    timeout: 1000,
  }
  const totals = {
    namespaces: 50,
    pods: 40_000,
    deployments: 400,
    services: 0,
    configmaps: 8000,
    secrets: 2000,
    serviceaccounts: 0,
    ballast: 0,
  }
  const big = { nodes: 5000, machine: null }
  const others = (50 + 8000 + 2000) / 300

  it('should be bound by the controller-manager until that is tuned, then by the scheduler', () => {
    const slow = fillFloor(workload, totals, { ...untuned, ...big })
    expect(slow.ms / 1000).toBeCloseTo(others + (40_000 - 30) / 20)
    expect(slow.boundBy).toBe('kube-controller-manager, 20 pods/s')
    const fast = fillFloor(workload, totals, { ...tuned, ...big })
    expect(fast.ms / 1000).toBeCloseTo(others + (40_000 - 100) / 50)
    expect(fast.boundBy).toBe('kube-scheduler, 50 bindings/s')
    const scalability = { ...tuned, controller: limited(500, 500), scheduler: limited(400, 500) }
    const faster = fillFloor(workload, totals, { ...scalability, ...big })
    expect(faster.ms / 1000).toBeCloseTo(others + (40_000 - 500) / 400)
    expect(faster.boundBy).toBe('kube-scheduler, 400 bindings/s')
    const open = fillFloor(workload, totals, { ...scalability, scheduler: { kind: 'none' }, ...big })
    expect(open.boundBy).toBe('kube-controller-manager, 500 pods/s')
  })

  it('should be bound by the kubelets when few of them get many pods', () => {
    const { boundBy } = fillFloor(workload, totals, { ...untuned, controller: tuned.controller, ...big, nodes: 10 })
    expect(boundBy).toBe('kubelets, 5 calls/s each')
  })

  it('should be bound by container starts when nodes are slow at them', () => {
    const nodes = { ...tuned, nodes: 10, machine: null }
    const { ms, boundBy } = fillFloor(workload, totals, nodes, { timeMs: 500, parallel: 1 })
    expect(ms / 1000).toBeCloseTo(others + 2000)
    expect(boundBy).toBe('container starts on each node')
  })

  it('should be bound by the pace when there are as many Deployments as pods', () => {
    const single = { ...totals, pods: 100, deployments: 100 }
    expect(fillFloor({ ...workload, pace: { rate: 1 } }, single, { ...tuned, ...big }).boundBy).toBe(
      "the plan's pace, 1 objects/s",
    )
  })

  // Measured by hand 280 s, and since with plan 1k-nodes 203 s of which 26 s are services; the machine was saturated.
  it('should be near the minutes that 5000 pods took with 1000 kubelets on two cores', () => {
    const machine = { cores: 2, idleCores: 1.13, stretch: 1 }
    const small = { ...totals, pods: 5000, deployments: 269, services: 125, configmaps: 1000, secrets: 250 }
    const { ms, boundBy } = fillFloor({ ...workload, pace: { rate: 200 } }, small, { ...tuned, nodes: 1000, machine })
    expect(ms / 1000).toBeGreaterThan(190)
    expect(ms / 1000).toBeLessThan(280)
    expect(boundBy).toMatch(/^the machine/)
  })
})

describe('objectsToCreate', () => {
  it('should leave out pods, which their controller creates', () => {
    const none = { deployments: 0, services: 0, configmaps: 0, secrets: 0, serviceaccounts: 0, ballast: 0 }
    expect(objectsToCreate({ ...none, namespaces: 2, deployments: 3, pods: 100 })).toBe(5)
  })
})
