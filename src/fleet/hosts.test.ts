import { describe, expect, it } from 'vitest'
import type { Node, Pod } from '../kube/resources.ts'
import { plannedPods } from '../testing/plans.ts'
import { roomOf, takenBy } from './host-room.ts'
import { chooseHosts } from './hosts.ts'
import type { HollowFleetSpec } from './manifests.ts'

const specOf = (fleet: Partial<HollowFleetSpec>): HollowFleetSpec => ({
  nodes: 5000,
  nodesPerProcess: 1,
  hosts: 45,
  node: { cpu: 4, memory: '16Gi' },
  statusPeriodSeconds: null,
  pods: { ...plannedPods, image: 'hollow-node' },
  ...fleet,
})

const machine = (name: string, allocatable: Record<string, string> = {}, rest: Partial<Node> = {}): Node => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': `${name}.example` } },
  status: {
    conditions: [{ type: 'Ready', status: 'True' }],
    allocatable: { pods: '110', cpu: '16', memory: '64Gi', ...allocatable },
  },
  ...rest,
})

const machines = (count: number, allocatable: Record<string, string> = {}) =>
  Array.from({ length: count }, (_, index) => machine(`host-${String(index).padStart(2, '0')}`, allocatable))

const podOn = (nodeName: string, requests: Record<string, string> = {}, rest: Partial<Pod> = {}): Pod => ({
  metadata: { name: 'pod', namespace: 'ns' },
  spec: { nodeName, containers: [{ name: 'c', image: 'i', resources: { requests } }] },
  status: { phase: 'Running' },
  ...rest,
})

const takenIn = (pods: readonly Pod[]) => pods.flatMap((pod) => takenBy(pod) ?? [])

const refusals = (nodes: readonly Node[], pods: readonly Pod[], fleet: Partial<HollowFleetSpec>) =>
  chooseHosts(roomOf(nodes, takenIn(pods)), specOf(fleet)).findings.flatMap((finding) => (finding.ok ? [] : [finding]))

describe('chooseHosts', () => {
  it('should find the overflow of the published experiment, and say what helps', () => {
    const [refusal, ...others] = refusals(machines(45), [], {})
    expect(others).toEqual([])
    expect(refusal?.because).toBe(
      '45 machines cannot take that many pods: 112 hollow-node pods > 110 pods that host-00 accepts',
    )
    expect(refusal?.next).toBe(
      "Raise its kubelet's maxPods to 112 or more on each machine (and fleet.host.maxPods in the plan), or " +
        'pack more nodes into each pod (fleet.nodesPerProcess: 2 or more)',
    )
  })

  it('should offer more machines where there are some', () => {
    const [refusal] = refusals(machines(60), [], {})
    expect(refusal?.next).toContain('use more machines (fleet.hosts: 46 or more)')
  })

  it('should accept both ways out that it offers', () => {
    expect(refusals(machines(45, { pods: '500' }), [], {})).toEqual([])
    expect(refusals(machines(45), [], { nodesPerProcess: 2 })).toEqual([])
    expect(refusals(machines(60), [], { hosts: 46 })).toEqual([])
  })

  it('should count the pods that are there already, but not those that have ended', () => {
    const there = Array.from({ length: 9 }, () => podOn('host-00'))
    const ended = [podOn('host-00', {}, { status: { phase: 'Succeeded' } })]
    const fleet = { nodes: 102, hosts: 1 }
    expect(refusals(machines(1), ended, fleet)).toEqual([])
    expect(refusals(machines(1), there, fleet)[0]?.because).toBe(
      'one machine cannot take that many pods: 102 hollow-node pods on top of the 9 already there > 110 pods that host-00 accepts',
    )
  })

  it('should take the machines with most room, exactly as many as planned', () => {
    const crowded = Array.from({ length: 20 }, () => podOn('host-01'))
    const { hosts } = chooseHosts(roomOf(machines(4), takenIn(crowded)), specOf({ nodes: 10, hosts: 3 }))
    expect(hosts.map(({ hostname }) => hostname)).toEqual(['host-00.example', 'host-02.example', 'host-03.example'])
  })

  it('should say why machines are not usable when there are too few of them', () => {
    const nodes = [
      machine('fine'),
      machine(
        'tainted',
        {},
        { spec: { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] } },
      ),
      machine('cordoned', {}, { spec: { unschedulable: true } }),
      machine('dead', {}, { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }),
      machine('preferred', {}, { spec: { taints: [{ key: 'a', effect: 'PreferNoSchedule' }] } }),
    ]
    const [refusal] = refusals(nodes, [], { hosts: 3 })
    expect(refusal?.because).toBe(
      '3 machines are planned, but the host cluster has 2 that can be used; not usable: ' +
        'tainted (taint node-role.kubernetes.io/control-plane:NoSchedule), cordoned (cordoned), dead (not Ready)',
    )
    expect(refusal?.next).toContain('fleet.hosts')
  })

  it('should refuse when memory or processors do not suffice, less what others have requested', () => {
    const fleet = { nodes: 200, nodesPerProcess: 50, hosts: 1 }
    expect(refusals(machines(1, { memory: '1Gi', cpu: '1' }), [], fleet)).toEqual([])
    const [memory] = refusals(machines(1, { memory: '1Gi' }), [podOn('host-00', { memory: '800Mi' })], fleet)
    expect(memory?.because).toMatch(/^one machine lack memory .* 5 pods need 487\.\d MiB, host-00 has 224\.0 MiB free$/)
    const [cores] = refusals(machines(1, { cpu: '1' }), [podOn('host-00', { cpu: '900m' })], fleet)
    expect(cores?.because).toMatch(/5 pods need 0\.19 cores, host-00 has 0\.10 free$/)
  })

  it('should say what the API does not tell', () => {
    const { findings } = chooseHosts(roomOf(machines(45, { pods: '500' }), []), specOf({}))
    expect(findings).toEqual([
      {
        ok: true,
        note: expect.stringMatching(
          /^45 machines with 111 or 112 hollow-node pods each; .*max_user_instances is at least 240/,
        ),
      },
    ])
  })
})

describe('roomOf', () => {
  it('should set aside what the scheduler does: sidecars beside containers, or the greatest init container, and overhead', () => {
    const wants = (cpu: string, restartPolicy?: string) => ({
      name: 'c',
      image: 'i',
      resources: { requests: { cpu } },
      ...(restartPolicy !== undefined && { restartPolicy }),
    })
    const pod = (spec: object): Pod => ({ metadata: {}, spec: { nodeName: 'a', containers: [], ...spec } })
    const free = (spec: object) => roomOf([machine('a')], takenIn([pod(spec)])).hosts[0]?.freeCores
    expect(free({ containers: [wants('1'), wants('500m')] })).toBe(14.5)
    expect(free({ containers: [wants('1')], initContainers: [wants('3')] })).toBe(13)
    expect(free({ containers: [wants('1')], initContainers: [wants('2', 'Always')], overhead: { cpu: '1' } })).toBe(12)
  })
})
