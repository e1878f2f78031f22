import { describe, expect, it } from 'vitest'
import type { Failure } from '../base/errors.ts'
import { vocabulary } from '../testing/plans.ts'
import { parseClusters, parsePlan, planHash } from './parse.ts'

const plan = (fleet = '', probes = '') => `apiVersion: scale-test/v1
name: small
fleet:
  nodes: 2
  node: { cpu: 8, memory: 16Gi }${fleet}
arms: [{ profile: untuned }, { profile: tuned }]
probes:
  pod: { image: pause, serviceAccountToken: false }${probes}
  sequence: [{ name: up, from: 1, to: 5, timeout: 1m }]
`

const clusters = `remote:
  host: { kubeconfig: ~/hosts.yaml, context: hosts, uid: u1 }
  targets:
    - { kubeconfig: a.yaml, context: untuned, uid: u2, arms: [untuned] }
    - { kubeconfig: a.yaml, context: tuned, uid: u3, arms: [tuned] }
`

function parse(text: string, over?: string) {
  return parsePlan(text, 'plan.yaml', vocabulary, {
    read: () => over ?? '',
    overrides: [],
    over: over === undefined ? [] : ['clusters.yaml'],
  })
}

/** `file:line:column message` of every mistake. */
function mistakesOf(text: string, over?: string): string[] {
  try {
    parse(text, over)
  } catch (error) {
    return [...(error as Failure).message.matchAll(/^\S+\.yaml:\d+:\d+ .*$/gm)].map(([line]) => line.replace('  ', ' '))
  }
  return []
}

describe('the clusters of target remote', () => {
  it('should come from a file of their own, over the plan', () => {
    const { remote } = parse(plan('\n  source: hollow'), clusters)
    expect(remote?.targets.map(({ context, arms }) => [context, arms])).toEqual([
      ['untuned', ['untuned']],
      ['tuned', ['tuned']],
    ])
    expect(mistakesOf(plan(), clusters.replace('context: tuned', 'contexts: tuned'))).toEqual([
      'clusters.yaml:5:7 remote.targets[1].context: required: text',
      'clusters.yaml:5:29 remote.targets[1].contexts: unknown field; did you mean context?',
    ])
  })

  it('should not count for what a run did', () => {
    expect(planHash(parse(plan(), clusters))).toBe(planHash(parse(plan())))
    expect(planHash(parse(plan('\n  hosts: 2')))).not.toBe(planHash(parse(plan())))
  })

  it('should be told apart by context, each with its arms', () => {
    expect(mistakesOf(plan(), clusters.replace('context: tuned', 'context: untuned'))).toEqual([
      'clusters.yaml:5:7 remote.targets[1]: duplicate target "untuned"; list its arms in one place',
    ])
    expect(mistakesOf(plan(), clusters.replace(', arms: [tuned]', ''))).toEqual([
      'clusters.yaml:5:7 remote.targets[1].arms: required when there are several targets: the arms that run on this one',
    ])
    expect(mistakesOf(plan(), clusters.replace('[tuned]', '[untuned, tuned]'))).toEqual([
      'clusters.yaml:5:61 remote.targets[1].arms[0]: "untuned" already runs on an earlier target',
    ])
  })

  it('should have a place for every arm of the plan, and may know others', () => {
    expect(mistakesOf(plan(), clusters.replace('[tuned]', '[tunned]'))).toEqual([
      'clusters.yaml:4:5 remote.targets: no target runs arm "tuned"',
    ])
    expect(mistakesOf(plan(), clusters.replace('[tuned]', '[tuned, other]'))).toEqual([])
  })

  it('should have a host cluster when the run starts hollow nodes, and only then', () => {
    const without = clusters.replace(/ {2}host:.*\n/, '')
    expect(mistakesOf(plan(), without)).toEqual([
      'clusters.yaml:2:3 remote.host: required: the cluster that carries the hollow nodes (fleet.source: hollow)',
    ])
    expect(mistakesOf(plan('\n  source: none', '\n  node: { name: worker-1 }'), without)).toEqual([])
  })

  it.each([
    ['server: https://10.0.0.1/k8s?a=b', 'remote.targets[0].server: expected a URL such as https://10.0.0.1:6443'],
    ['server: http://10.0.0.1:6443', 'remote.targets[0].server: expected a URL such as https://10.0.0.1:6443'],
    [
      'components: { etcd: [10.0.0.1:2381] }',
      'remote.targets[0].components.etcd[0]: expected a URL such as https://10.0.0.1:10257',
    ],
    [
      'components: { kubelet: [] }',
      'remote.targets[0].components.kubelet: unknown field; remote.targets[0].components has kube-apiserver, kube-controller-manager',
    ],
  ])('should refuse %s', (field, message) => {
    const [mistake] = mistakesOf(plan(), clusters.replace('arms: [untuned]', `arms: [untuned], ${field}`))
    expect(mistake).toContain(message)
  })

  it('should take a server below a path, as behind Rancher', () => {
    const server = 'https://rancher.example/k8s/clusters/c-m-abc'
    expect(mistakesOf(plan(), clusters.replace('arms: [untuned]', `arms: [untuned], server: ${server}`))).toEqual([])
  })

  it('should have a program that restores settings only beside one that changes them', () => {
    const restore = '  restore: [./restore.sh, --all]\n'
    expect(mistakesOf(plan(), clusters + restore)).toEqual([
      'clusters.yaml:6:12 remote.restore: only used when remote.retune is set',
    ])
    expect(mistakesOf(plan(), `${clusters}${restore}  retune: [./retune.sh]\n`)).toEqual([])
    expect(mistakesOf(plan(), `${clusters}  retune: [./retune.sh]\n  restore: []\n`)).toEqual([
      'clusters.yaml:7:12 remote.restore: expected at least 1 item',
    ])
    expect(mistakesOf(plan(), `${clusters}  retune: [./retune.sh]\n  restored: [a]\n`)).toEqual([
      'clusters.yaml:7:3 remote.restored: unknown field; did you mean restore?',
    ])
  })

  it('should be readable without a plan', () => {
    const read = (text: string) => parseClusters(text, 'clusters.yaml')
    expect(read(clusters).targets).toHaveLength(2)
    expect(() => read('fleet: {}\n')).toThrow('clusters.yaml:1:1  remote: required: a map')
    expect(() => read('remote: { targets: [] }\n')).toThrow('remote.targets: expected at least 1 item')
  })
})

describe('a fleet that is there', () => {
  it('should have a node for the probes', () => {
    expect(mistakesOf(plan('\n  source: existing'))).toEqual([
      'plan.yaml:9:3 probes.node: required when fleet.source is existing: the node to time, by name or selector',
    ])
    expect(mistakesOf(plan('\n  source: existing\n  selector: a=b', '\n  node: { selector: a=c }'))).toEqual([])
    expect(mistakesOf(plan('', '\n  node: { name: a, selector: b }'))[0]).toContain(
      'probes.node: expected one node, by name or by selector, found a map',
    )
  })

  it('should be selected only when it is there', () => {
    expect(mistakesOf(plan('\n  selector: a=b'))).toEqual([
      'plan.yaml:6:13 fleet.selector: only selects existing nodes; set fleet.source to existing or none, or remove it',
    ])
  })
})

describe('hollow-node pods', () => {
  it('should have a CA when they are to be signed for by one, and only then', () => {
    expect(mistakesOf(plan('\n  pods: { identity: ca }'))).toEqual([
      'plan.yaml:6:21 fleet.pods.identity: ca also needs fleet.pods.ca: a certificate and its key',
    ])
    expect(mistakesOf(plan('\n  pods: { ca: { cert: a, key: b } }'))).toEqual([
      'plan.yaml:6:15 fleet.pods.ca: only used when fleet.pods.identity is ca',
    ])
    expect(mistakesOf(plan('\n  pods: { identity: ca, ca: { cert: a, key: b } }'))).toEqual([])
  })

  it('should have one taint of each key and effect', () => {
    expect(mistakesOf(plan('\n  pods: { taints: [a=b:NoSchedule, a=b:NoExecute, a:NoSchedule] }'))).toEqual([
      'plan.yaml:6:51 fleet.pods.taints[2]: duplicate taint a:NoSchedule; a node has one per key and effect',
    ])
  })

  it.each(['kubemark=true:Sometimes', 'NoSchedule', 'a=b'])('should refuse the taint %s', (taint) => {
    expect(mistakesOf(plan(`\n  pods: { taints: ['${taint}'] }`))[0]).toContain(
      'fleet.pods.taints[0]: expected key=value:Effect, such as kubemark=true:NoSchedule',
    )
  })
})
