import { describe, expect, it } from 'vitest'
import type { Plan } from '../plan/plan.ts'
import { forecastOf } from './forecast.ts'

/** The document's plan, in brief. */
const plan: Plan = {
  apiVersion: 'scale-test/v1',
  name: 'big',
  seed: 1,
  repetitions: 1,
  fleet: {
    nodes: 5000,
    hosts: 45,
    nodesPerProcess: 10,
    node: { cpu: 8, memory: '16Gi', containerStartDelay: 0 },
    host: { cpu: 16, memory: '64Gi', maxPods: 110 },
    timeout: 1000,
    observe: 0,
  },
  workload: {
    namespaces: 50,
    sizeClasses: [
      { name: 'large', share: 0.25, minimumPods: 1000 },
      { name: 'medium', share: 0.25, minimumPods: 400 },
      { name: 'small', share: 0.5, minimumPods: 50 },
    ],
    pods: { total: 40_000, perDeployment: 100, image: 'pause', serviceAccountToken: false, mountingShare: 0 },
    services: 1000,
    configObjects: { podsPerConfigObject: 4, configmapsPerSecret: 4, configmapSize: 1024, secretSize: 1024 },
    serviceAccounts: 0,
    pace: { rate: 300 },
    timeout: 1000,
  },
  arms: [
    { profile: 'untuned', set: [{ knob: 'kubelet.maxPods', value: 500, because: 'x' }] },
    { profile: 'tuned', set: [] },
  ],
  probes: {
    pod: { image: 'pause', serviceAccountToken: false },
    settle: 0,
    sequence: [{ name: 'rollout', from: 1, to: 200, timeout: 1000 }],
  },
  thresholds: [],
}

const withFleet = (fleet: Partial<Plan['fleet']>) => forecastOf({ ...plan, fleet: { ...plan.fleet, ...fleet } })

describe('forecastOf', () => {
  it('should lay 5000 nodes on 45 hosts, 112 on the fullest', () => {
    expect(withFleet({}).fleet).toMatchObject({ hosts: 45, nodesPerHost: 112, processesPerHost: 13 })
  })

  it('should find that one kubelet per pod is more than a host takes, and say the two ways out', () => {
    expect(withFleet({ nodesPerProcess: 1 }).warnings).toEqual([
      '112 hollow-node pods on a host of 110: raise its max-pods (fleet.host.maxPods), or pack more nodes into each (fleet.nodesPerProcess: 2 or more)',
    ])
    expect(withFleet({ nodesPerProcess: 2 }).warnings).toEqual([])
    const host = { cpu: 16, memory: '64Gi', maxPods: 500 }
    expect(withFleet({ nodesPerProcess: 1, host }).warnings).toEqual([])
  })

  it('should tell how each arm would load etcd and the apiserver', () => {
    const [untuned, tuned] = forecastOf(plan).arms
    expect(Math.round(tuned?.writes.real.nodeStatusMegabytes ?? 0)).toBe(1465)
    expect(Math.round(tuned?.writes.real.eventMegabytes ?? 0)).toBe(12)
    expect(untuned?.writes.real.nodeStatusMegabytes).toBeCloseTo(14.65, 1)
    expect([untuned?.kubeletRequestsPerSecond, tuned?.kubeletRequestsPerSecond]).toEqual([25_000, 250_000])
    expect([untuned?.etcdQuotaBytes, tuned?.etcdQuotaBytes]).toEqual([2 * 2 ** 30, 8 * 2 ** 30])
  })

  it('should expect of the probes what the limits of kubelet and controller-manager make them take', () => {
    const [untuned, tuned] = forecastOf(plan).arms
    // (199 x 2 - 10) / 5 and (199 x 2 - 100) / 50
    expect(untuned?.durationMs.probes).toBeCloseTo(77_600)
    expect(tuned?.durationMs.probes).toBeCloseTo(5960)
  })

  it('should warn of what goes beyond tested limits, and of a quota that will not do', () => {
    const { warnings } = withFleet({ nodes: 40_000, hosts: 400 })
    expect(warnings).toEqual([
      'tuned: etcd reaches its quota before old versions are compacted, and then refuses writes (NOSPACE)',
      '40000 nodes: Kubernetes is tested up to 5000',
    ])
  })

  it('should warn when the probes’ node cannot hold its pods', () => {
    const arms = [{ profile: 'untuned', set: [] }]
    expect(forecastOf({ ...plan, arms }).warnings).toEqual([
      'untuned: about 208 pods on the node of the probes, which takes 110 (kubelet.maxPods)',
    ])
  })
})
