import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { parsePlan, planHash } from './parse.ts'
import type { Vocabulary } from './plan.ts'

const vocabulary: Vocabulary = {
  targets: ['local'],
  profiles: ['untuned', 'stock', 'tuned'],
  knobs: ['kubelet.maxPods', 'kubelet.kubeAPIQPS'],
}

function refusalOf(text: string): string {
  try {
    parsePlan(text, 'plans/x.yaml', vocabulary)
  } catch (error) {
    if (error instanceof Failure && error.kind === 'bad-input') return error.message
    throw error
  }
  throw new Error('the plan was accepted')
}

/** `line:column message` of every mistake, in file order. */
function mistakesOf(text: string): string[] {
  return [...refusalOf(text).matchAll(/^plans\/x\.yaml:(\d+:\d+) {2}(.*)$/gm)].map((match) => `${match[1]} ${match[2]}`)
}

const minimal = `apiVersion: scale-test/v1
name: small
fleet:
  nodes: 2
  node: { cpu: 8, memory: 16Gi }
arms:
  - profile: untuned
probes:
  pod: { image: pause, serviceAccountToken: false }
  sequence:
    - { name: up, from: 1, to: 5, timeout: 1m }
    - { name: down, from: 5, to: 1, timeout: 90s }
`

describe('parsePlan', () => {
  it('should fill in defaults and turn durations into milliseconds when the plan is right', () => {
    const plan = parsePlan(minimal, 'plans/x.yaml', vocabulary)
    expect(plan).toMatchObject({ seed: 1, repetitions: 1, thresholds: [], arms: [{ profile: 'untuned', set: [] }] })
    expect(plan.probes.sequence.map((probe) => probe.timeout)).toEqual([60_000, 90_000])
    expect(plan.fleet).toMatchObject({ nodesPerProcess: 50, node: { containerStartDelay: 0 } })
  })

  it('should report all mistakes with line and column when there are three', () => {
    const wrong = minimal
      .replace('nodes: 2', 'nodes: two')
      .replace('timeout: 1m', 'timeout: 60')
      .replace('profile: untuned', 'profile: tunned')
    expect(mistakesOf(wrong)).toEqual([
      '4:10 fleet.nodes: expected a number, found "two"',
      '7:14 arms[0].profile: expected untuned or stock or tuned, found "tunned"',
      '11:44 probes.sequence[0].timeout: expected a duration with a unit, such as 10s or 1.5m, found 60',
    ])
    expect(refusalOf(wrong)).toContain('  4 |   nodes: two\n    |          ^')
  })

  it('should point at the key itself when a field is unknown', () => {
    expect(mistakesOf(minimal.replace('  nodes: 2', '  nodes: 2\n  machines: 3'))).toEqual([
      '5:3 fleet.machines: unknown field',
    ])
  })

  it('should point at the nearest parent when a field is missing', () => {
    expect(mistakesOf(minimal.replace(', memory: 16Gi', ''))).toEqual([
      '5:9 fleet.node.memory: expected an amount of memory with a unit, such as 32Gi, found nothing',
    ])
  })

  it('should refuse a key that is written twice', () => {
    expect(mistakesOf(minimal.replace('name: small', 'name: small\nname: big'))[0]).toMatch(/^3:1 /)
  })

  it('should refuse an alias bomb', () => {
    const bomb = `a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c, *c, *c, *c, *c]\n`
    expect(refusalOf(bomb)).toContain('alias')
  })

  it('should keep mistakes between sections when another section is wrong', () => {
    const wrong = minimal.replace('nodes: 2', 'nodes: 0').replace('from: 5', 'from: 4')
    expect(mistakesOf(wrong)).toEqual([
      '4:10 fleet.nodes: expected at least 1, found 0',
      '12:27 probes.sequence[1].from: must be 5, where "up" ends: all probes scale one Deployment',
    ])
  })

  it('should refuse a threshold on a stop that its probe does not have', () => {
    const wrong = `${minimal}thresholds:\n  - { probe: up, stop: deleted, of: untuned, max: 3s }\n  - { probe: up, stop: ready, of: tuned, max: 3 }\n`
    expect(mistakesOf(wrong)).toEqual([
      '14:24 thresholds[0].stop: "up" has no stop "deleted"; it has created, available, ready',
      '15:35 thresholds[1].of: "tuned" is no arm of this plan; it has untuned',
      '15:47 thresholds[1].max: expected a duration with a unit, such as 30s, found 3',
    ])
  })

  it('should refuse a threshold that nothing can meet, and one that everything meets', () => {
    const wrong = `${minimal}  # more\nthresholds:\n  - { probe: up, stop: ready, of: untuned, min: 9s, max: 3s }\n  - { probe: up, stop: ready, of: [untuned, untuned], max: 2 }\n`
    expect(mistakesOf(wrong)).toEqual([
      expect.stringContaining('thresholds[0].min: is above max, "3s": nothing can meet both'),
      expect.stringContaining('thresholds[1].of: the ratio of a profile to itself is 1'),
    ])
  })

  it('should refuse a duration that no timer can wait for', () => {
    expect(mistakesOf(minimal.replace('timeout: 1m', 'timeout: 600h'))).toHaveLength(1)
  })

  it('should suggest the full name when a knob lacks its component', () => {
    const wrong = minimal.replace(
      'profile: untuned',
      'profile: untuned\n    set: [{ knob: maxpods, value: 5, because: x }]',
    )
    expect(mistakesOf(wrong)[0]).toContain('did you mean kubelet.maxPods?')
  })
})

const full = `${minimal}workload:
  namespaces: 50
  sizeClasses:
    - { name: large, share: 0.25, minimumPods: 1000 }
    - { name: small, share: 0.75, minimumPods: 50 }
  pods: { total: 40000, perDeployment: 100, image: pause }
  configObjects: { podsPerConfigObject: 4, configmapsPerSecret: 4, configmapSize: 1KiB, secretSize: 1KiB }
  pace: { rate: 200/s }
`

describe('the workload of a plan', () => {
  it('should be read with its units', () => {
    expect(parsePlan(full, 'x', vocabulary).workload).toMatchObject({
      configObjects: { configmapSize: 1024, secretSize: 1024 },
      pace: { rate: 200 },
      timeout: 900_000,
      serviceAccounts: 0,
    })
  })

  it.each<[string, string, string, string]>([
    [
      'a rate has no unit',
      'rate: 200/s',
      'rate: 200',
      '20:17 workload.pace.rate: expected a rate with its unit, such as 200/s, found 200',
    ],
    [
      'a rate is negative',
      'rate: 200/s',
      'rate: -5/s',
      '20:17 workload.pace.rate: expected a rate with its unit, such as 200/s, found "-5/s"',
    ],
    [
      'a number is none',
      'namespaces: 50',
      'namespaces: .nan',
      '14:15 workload.namespaces: expected a number, found NaN',
    ],
    [
      'a size has no unit',
      'configmapSize: 1KiB',
      'configmapSize: 1024',
      '19:83 workload.configObjects.configmapSize: expected a size with a unit, such as 4KiB or 1.5GB, found 1024',
    ],
    [
      'a size is too big',
      'secretSize: 1KiB',
      'secretSize: 2MiB',
      '19:101 workload.configObjects.secretSize: 2.0 MiB do not fit into one object; the apiserver takes a little less than 1 MiB',
    ],
    [
      'two paces are given',
      '{ rate: 200/s }',
      '{ rate: 200/s, concurrency: 4 }',
      '20:9 workload.pace: needs rate or concurrency, not both',
    ],
    [
      'no replicas are given',
      ', perDeployment: 100',
      '',
      '18:9 workload.pods: needs perDeployment or deploymentsPerNamespace',
    ],
    [
      'shares do not add up',
      'share: 0.75',
      'share: 0.5',
      '16:5 workload.sizeClasses: the shares add up to 0.75, not to 1',
    ],
    [
      'there are too few pods',
      'total: 40000',
      'total: 4000',
      '18:18 workload.pods.total: is less than the smallest sizes add up to, 13 x 1000 + 37 x 50 = 14850: raise it, or lower the minimumPods',
    ],
    [
      'classes share a name',
      '{ name: small',
      '{ name: large',
      '17:15 workload.sizeClasses[1].name: "large": an earlier class is called so',
    ],
  ])('should be refused when %s', (_, right, wrong, mistake) => {
    expect(mistakesOf(full.replace(right, wrong))).toEqual([mistake])
  })
})

describe('a plan that includes others', () => {
  const files: Record<string, string> = {
    'plans/fleet.yaml': 'fleet: { nodes: 7, node: { cpu: 8, memory: 16Gi } }',
    'plans/wrong.yaml': 'include: [fleet.yaml]\nfleet:\n  nodes: none\n',
    'plans/loop.yaml': 'include: [deep/loop.yaml]\n',
    'plans/deep/loop.yaml': 'include: [../loop.yaml]\n',
  }
  const read = (file: string) => {
    const text = files[file]
    if (text === undefined) throw new Error('no such file')
    return text
  }
  const parse = (text: string, overrides: string[] = []) =>
    parsePlan(text, 'plans/x.yaml', vocabulary, { read, overrides })
  const refusal = (text: string, overrides: string[] = []) => {
    try {
      parse(text, overrides)
    } catch (error) {
      return (error as Failure).message.split('\n\n').slice(1)
    }
    return []
  }

  it('should take maps together key by key, its own values first', () => {
    const plan = parse(minimal.replace('fleet:\n  nodes: 2', 'include: [fleet.yaml]\nfleet:\n  hosts: 2'))
    expect(plan.fleet).toMatchObject({ nodes: 7, hosts: 2, node: { cpu: 8 } })
    expect(plan).not.toHaveProperty('include')
  })

  it('should be told of mistakes in the file where they were made', () => {
    const text = minimal.replace('fleet:\n  nodes: 2\n', 'include: [wrong.yaml]\nfleet:\n')
    expect(refusal(text)).toEqual([
      'plans/wrong.yaml:3:10  fleet.nodes: expected a number, found "none"\n  3 |   nodes: none\n    |          ^',
    ])
    expect(refusal(text.replace('  node:', '  nodes: 3\n  node:'))).toEqual([])
  })

  it('should refuse what cannot be read, and files that include each other', () => {
    expect(refusal(`include: [nowhere.yaml]\n${minimal}`)[0]).toContain(
      'plans/x.yaml:1:11  include[0]: plans/nowhere.yaml cannot be read: no such file',
    )
    expect(refusal(`include: [loop.yaml]\n${minimal}`)[0]).toContain(
      'plans/deep/loop.yaml:1:11  include[0]: plans/loop.yaml includes itself, by way of plans/deep/loop.yaml',
    )
    expect(refusal(`include: fleet.yaml\n${minimal}`)[0]).toContain('include: expected a list of files')
  })

  it('should be overridden from the command line', () => {
    const overrides = [
      'fleet.nodes=9',
      'arms[0].profile=tuned',
      'workload.pace={ concurrency: 3 }',
      'fleet.host={cpu: 4, memory: 8Gi}',
    ]
    const plan = parse(full, overrides)
    expect(plan.fleet).toMatchObject({ nodes: 9, host: { cpu: 4, maxPods: 110 } })
    expect(plan.arms[0]?.profile).toBe('tuned')
    expect(plan.workload?.pace).toEqual({ concurrency: 3 })
    expect(planHash(plan)).not.toBe(planHash(parse(full)))
  })

  it('should be told of mistakes in overrides, with all others', () => {
    expect(refusal(minimal.replace('cpu: 8', 'cpu: 0'), ['fleet.nodes=two', 'probes.settle=5'])).toEqual([
      'plans/x.yaml:5:16  fleet.node.cpu: expected at least 1, found 0\n  5 |   node: { cpu: 0, memory: 16Gi }\n    |                ^',
      '--set fleet.nodes=two  fleet.nodes: expected a number, found "two"\n  fleet.nodes=two\n              ^',
      '--set probes.settle=5  probes.settle: expected a duration with a unit, such as 10s or 1.5m, found 5\n  probes.settle=5\n                ^',
    ])
  })

  it.each([
    ['fleet.nodes', 'expected path=value, such as fleet.nodes=100 or arms[0].set[0].value=5'],
    ['arms[3].profile=tuned', 'arms[3]: the list has 1 items, counted from 0'],
    ['name.first=x', 'name.first: there is no map to set it in'],
    ['fleet.nodes=[1', 'Flow sequence'],
  ])('should refuse the override %s', (override, message) => {
    expect(refusal(minimal, [override])[0]).toContain(message)
  })

  it('should not mind a byte order mark', () => {
    expect(parse(`\uFEFF${minimal}`).name).toBe('small')
  })
})

describe('planHash', () => {
  it('should not change with comments and order, and change with a value', () => {
    const hash = (text: string) => planHash(parsePlan(text, 'x', vocabulary))
    const reordered = minimal.replace('name: small\n', '').replace('arms:', '# comment\nname: small\narms:')
    expect(hash(reordered)).toBe(hash(minimal))
    expect(hash(minimal.replace('to: 5', 'to: 6').replace('from: 5', 'from: 6'))).not.toBe(hash(minimal))
  })
})
