import { describe, expect, it } from 'vitest'
import { sumOf } from '../base/sum.ts'
import type { Plan } from '../plan/plan.ts'
import type { PlannedWorkload } from '../plan/workload.ts'
import { barePods, plannedPods, stepKinds, stepsOf } from '../testing/plans.ts'
import { armOf } from '../testing/profiles.ts'
import type { Machine } from './estimate.ts'
import { forecastOf as forecast } from './forecast.ts'
import type { MachinePace } from './machine-pace.ts'

const rollout = { name: 'rollout', from: 1, to: 200, timeout: 300_000 }
const workload = {
  namespaces: 50,
  sizeClasses: [
    { name: 'large', share: 0.25, minimumPods: 1000 },
    { name: 'medium', share: 0.25, minimumPods: 400 },
    { name: 'small', share: 0.5, minimumPods: 50 },
  ],
  pods: { ...barePods, total: 40_000, perDeployment: 100 },
  services: 1000,
  configObjects: { podsPerConfigObject: 4, configmapsPerSecret: 4, configmapSize: 1024, secretSize: 1024 },
  serviceAccounts: 0,
  pace: { rate: 300 },
  timeout: 3_600_000,
} satisfies PlannedWorkload

/** The document's plan, in brief. */
const plan = {
  apiVersion: 'scale-test/v1',
  name: 'big',
  seed: 1,
  repetitions: 1,
  warmUp: false,
  material: 0.05,
  metrics: { every: 15_000 },
  fleet: {
    nodes: 5000,
    hosts: 45,
    nodesPerProcess: 10,
    node: { cpu: 8, memory: '16Gi' },
    source: 'hollow',
    pods: plannedPods,
    host: { cpu: 16, memory: '64Gi', maxPods: 110 },
    timeout: 60_000,
  },
  steps: stepsOf(workload, [rollout]),
  arms: [armOf('untuned', [{ knob: 'kubelet.maxPods', value: 500, because: 'x' }]), armOf('tuned')],
  probes: {
    pod: { image: 'pause', serviceAccountToken: false },
    settle: 0,
  },
  thresholds: [],
} satisfies Plan

const forecastOf = (one: Plan, machine: Machine) => forecast(one, machine, stepKinds)
const filledWith = (filling: PlannedWorkload) => ({ ...plan, steps: stepsOf(filling, [rollout]) })
const here = { cores: 2, memoryBytes: 24e9 }
const withFleet = (fleet: Partial<Plan['fleet']>) => forecastOf({ ...plan, fleet: { ...plan.fleet, ...fleet } }, here)

/** The document's 200 pods on one node of eight cores. */
const crowded = '208 pods on the probe node: Kubernetes is tested up to 80 on a node of 8 cores'

describe('forecastOf', () => {
  it('should lay 5000 nodes on 45 hosts, 112 on the fullest', () => {
    expect(withFleet({}).fleet).toMatchObject({ onHosts: true, hosts: 45, nodesPerHost: 112, processesPerHost: 13 })
  })

  it('should take target local for one machine, whatever hosts the plan has', () => {
    const { fleet, warnings } = forecastOf({ ...plan, target: 'local' }, here)
    expect(fleet).toMatchObject({ onHosts: false, hosts: 1, nodesPerHost: 5000, processesPerHost: 501 })
    expect(warnings).toContain('the fleet and its control plane do not fit into the memory here')
    expect(warnings.join()).toContain('tuned: idle, it needs 13.9 of the 2 cores here')
  })

  it('should count what there is of everything, and how big namespaces are', () => {
    const { objects, podsPerNode } = forecastOf(plan, here)
    expect(objects?.totals).toMatchObject({ namespaces: 50, pods: 40_000, configmaps: 8000, secrets: 2000 })
    expect(objects?.classes.map(({ name, namespaces }) => [name, namespaces])).toEqual([
      ['large', 13],
      ['medium', 12],
      ['small', 25],
    ])
    for (const { pods } of objects?.classes ?? []) {
      expect(pods.min).toBeLessThan(pods.median)
      expect(pods.median).toBeLessThan(pods.max)
    }
    expect(podsPerNode).toBe(8)
  })

  it('should find that one kubelet per pod is more than a host takes, and say the two ways out', () => {
    expect(withFleet({ nodesPerProcess: 1 }).warnings).toEqual([
      "112 hollow pods > 110 pods per host: raise its kubelet's max-pods (fleet.host.maxPods), or pack more nodes into each pod (fleet.nodesPerProcess: 2 or more)",
      crowded,
    ])
    expect(withFleet({ nodesPerProcess: 2 }).warnings).toEqual([crowded])
    const host = { cpu: 16, memory: '64Gi', maxPods: 500 }
    expect(withFleet({ nodesPerProcess: 1, host }).warnings).toEqual([crowded])
  })

  it('should warn of hosts without the memory or the cores', () => {
    expect(withFleet({ host: { cpu: 16, memory: '256Mi', maxPods: 110 } }).warnings).toEqual([
      'the hollow nodes of a host do not fit into its memory',
      crowded,
    ])
    expect(withFleet({ hosts: 2, host: { cpu: 1, memory: '64Gi', maxPods: 500 } }).warnings).toContain(
      'the idle hollow nodes of a host need more cores than it has',
    )
  })

  it('should tell how each arm would load etcd and the apiserver', () => {
    const { arms, apiserver } = forecastOf(plan, here)
    const [untuned, tuned] = arms
    expect(tuned?.writes.real.nodeStatusMegabytes).toBeCloseTo(1464.84, 2)
    expect(tuned?.writes.real.eventMegabytes).toBeCloseTo(11.72, 2)
    expect(untuned?.writes.real.nodeStatusMegabytes).toBeCloseTo(14.65, 2)
    expect(arms.map(({ etcd }) => [etcd.hollow.length, etcd.hollow[0]?.quotaBytes])).toEqual([
      [1, 2 * 2 ** 30],
      [4, 8 * 2 ** 30],
    ])
    expect(arms.map(({ kubeletRequestsPerSecond }) => kubeletRequestsPerSecond)).toEqual([25_000, 250_000])
    // R5: kubelet qps = apiserver QPS / node count
    expect(apiserver).toEqual({ writesPerSecond: 1000, kubeletQps: 0.2 })
  })

  it('should take a frequency that an arm leaves alone for the built-in five minutes', () => {
    const leftAlone = { knob: 'kubelet.nodeStatusUpdateFrequency', value: null, because: 'x' }
    const [arm] = forecastOf({ ...plan, arms: [armOf('tuned', [leftAlone])] }, here).arms
    expect(arm?.statusPeriodSeconds).toBeNull()
    expect(arm?.heartbeatsPerSecond.status).toBeCloseTo(5000 / 300)
  })

  it('should expect of the probes what the limits of kubelet and controller-manager make them take', () => {
    const { arms } = forecastOf(plan, here)
    // (199 x 2 - 10) / 5 and (199 x 2 - 100) / 50
    expect(arms.map(({ durationMs }) => durationMs.steps[1])).toEqual([
      { name: 'rollout', ms: 77_600, boundBy: 'kubelet' },
      { name: 'rollout', ms: 5960, boundBy: 'kubelet' },
    ])
  })

  it('should add everything up, as often as it is repeated', () => {
    const once = forecastOf(plan, here)
    for (const { durationMs } of once.arms) {
      const { controlPlane, fleet, steps, quiet, around, total } = durationMs
      const sum = controlPlane + fleet + sumOf(steps.map(({ ms }) => ms)) + quiet + around
      expect(total).toBeCloseTo(sum)
    }
    expect(forecastOf({ ...plan, repetitions: 3 }, here).totalMs).toBeCloseTo(3 * once.totalMs)
  })

  it('should warn of what goes beyond tested limits, and of a quota that will not do', () => {
    const { warnings } = withFleet({ nodes: 40_000, hosts: 400, timeout: 1_000_000 })
    expect(warnings).toEqual([
      expect.stringMatching(
        /^untuned: etcd \(everything\) reaches its quota before old versions are compacted, and then refuses writes \(NOSPACE\); its file needs about [\d.]+ GiB \(etcd\.quotaBackendBytes\)$/,
      ),
      expect.stringMatching(/^tuned: etcd \(everything else\) reaches its quota .* its file needs about [\d.]+ GiB/),
      '40,000 nodes: Kubernetes is tested up to 5,000',
      '201 pods on the probe node: Kubernetes is tested up to 80 on a node of 8 cores',
    ])
    const most = { ...workload, pods: { ...workload.pods, total: 200_000 }, services: 12_000 }
    expect(forecastOf({ ...filledWith({ ...most, timeout: 1e9 }), arms: [armOf('tuned')] }, here).warnings).toEqual([
      '200,000 pods: Kubernetes is tested up to 150,000',
      '240 pods on the probe node: Kubernetes is tested up to 80 on a node of 8 cores',
      '14,261 pods in one namespace: Kubernetes is tested up to 3,000',
      '12,000 services: Kubernetes is tested up to 10,000',
    ])
  })

  it('should warn of more services in a namespace than Kubernetes is tested with', () => {
    const warningsWith = (perNamespace: number) =>
      forecastOf(filledWith({ ...workload, namespaces: 50, services: { perNamespace } }), here).warnings
    expect(warningsWith(5001)).toContain('5,001 services in one namespace: Kubernetes is tested up to 5,000')
    expect(warningsWith(5000).join()).not.toContain('services in one namespace')
  })

  it('should warn when config objects are to be had per pod and there are no pods', () => {
    const sizeClasses = [{ name: 'all', share: 1, minimumPods: 0 }]
    const empty = { ...workload, sizeClasses, pods: { ...workload.pods, total: 0 } }
    expect(forecastOf(filledWith(empty), here).warnings).toContain(
      'no configmaps and no secrets: the workload has 0 pods and asks for one config object per 4; set their numbers instead (workload.configObjects.secrets: { perNamespace: 10 })',
    )
  })

  it('should count ballast of events to the etcd of events', () => {
    const bytesIn = (kind: 'configmaps' | 'events', part: string) => {
      const heavy = { ...workload, ballast: { total: 1e9, objectSize: 1e5, kind } }
      const [, tuned] = forecastOf(filledWith(heavy), here).arms
      return tuned?.etcd.hollow.find(({ holds }) => holds === part)?.objectsBytes ?? Number.NaN
    }
    expect(bytesIn('events', '/events') - bytesIn('configmaps', '/events')).toBe(1e9)
    expect(bytesIn('configmaps', 'everything else') - bytesIn('events', 'everything else')).toBe(1e9)
  })

  it('should warn of timeouts that are sure to be missed', () => {
    const steps = stepsOf({ ...workload, timeout: 1_200_000 }, [{ ...rollout, timeout: 60_000 }])
    expect(forecastOf({ ...plan, steps }, here).warnings).toEqual([
      'untuned: fill, 40,000 pods Ready is expected to take longer than its timeout',
      'untuned: rollout 1 -> 200 is expected to take longer than its timeout',
      crowded,
    ])
  })

  it('should say once that nodes will not be Ready in time, for how long, why, and what to change', () => {
    const fleet = { ...plan.fleet, nodes: 1000, hosts: 1, timeout: 600_000 }
    const warningsOn = (pace?: MachinePace, timeout = fleet.timeout) =>
      forecastOf(
        { ...plan, target: 'local', fleet: { ...fleet, timeout } },
        { ...here, ...(pace !== undefined && { pace }) },
      ).warnings.filter((text) => text.includes('fleet.timeout'))
    expect(warningsOn()).toEqual([])
    expect(warningsOn({ slowness: 2.5, share: 0.5 })).toEqual([])
    expect(warningsOn({ slowness: 2.5, share: 0.25 })).toEqual([
      'an estimate: about 14 m 0 s until all 1000 nodes are Ready, more than fleet.timeout (10 m 0 s); this machine takes 2.5 times the processor time of the one this was measured on and has 25 % of its processors free. Raise fleet.timeout, lower fleet.nodes, or use a machine with more cores',
    ])
    expect(warningsOn(undefined, 60_000)).toEqual([
      'an estimate: about 84.0 s until all 1000 nodes are Ready, more than fleet.timeout (60.0 s). Raise fleet.timeout, lower fleet.nodes, or use a machine with more cores',
    ])
  })

  it('should warn when nodes cannot hold their pods', () => {
    const arms = [armOf('untuned')]
    expect(forecastOf({ ...plan, arms }, here).warnings).toEqual([
      'untuned: about 208 pods on the probe node, which takes 110 (kubelet.maxPods)',
      crowded,
    ])
    expect(forecastOf({ ...plan, arms, fleet: { ...plan.fleet, nodes: 300 } }, here).warnings).toContain(
      'untuned: 133.3 pods per node, but a node takes 110 (kubelet.maxPods)',
    )
  })

  it('should do without a workload', () => {
    const { objects, arms } = forecastOf({ ...plan, steps: stepsOf(undefined, [rollout]) }, here)
    expect(objects).toBeNull()
    expect(arms[0]?.durationMs.steps.map(({ name }) => name)).toEqual(['rollout'])
  })
})
