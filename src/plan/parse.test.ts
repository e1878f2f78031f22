import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { probesOf, vocabulary, workloadOf } from '../testing/plans.ts'
import { conditionsHash, parsePlan, planHash } from './parse.ts'

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
    expect(probesOf(plan).map((probe) => probe.timeout)).toEqual([60_000, 90_000])
    expect(plan.fleet).toMatchObject({ nodesPerProcess: 50, node: { cpu: 8, memory: '16Gi' } })
  })

  it('should report all mistakes with line and column when there are three (fault 34)', () => {
    const wrong = minimal
      .replace('nodes: 2', 'nodes: two')
      .replace('timeout: 1m', 'timeout: 60')
      .replace('profile: untuned', 'profile: tunned')
    expect(mistakesOf(wrong)).toEqual([
      '4:10 fleet.nodes: expected a whole number from 1 to 100,000, found "two"',
      '7:14 arms[0].profile: expected sig-scalability, stock, tuned, untuned or the path to a .yaml file, found "tunned"; did you mean tuned?',
      '11:44 probes.sequence[0].timeout: expected a duration of 1ms to 576h with its unit, such as 10s or 1m30s, found 60',
    ])
    expect(refusalOf(wrong)).toContain('  4 |   nodes: two\n    |          ^')
  })

  it('should refuse a distance between members that are not there, and numbers of members that have no majority', () => {
    const etcd = (fields: string) => mistakesOf(`${minimal}controlPlane: { etcd: { ${fields} } }\n`).join()
    expect(etcd('roundTrip: 5ms')).toContain('roundTrip: needs several members: set members to 3 or 5')
    expect(etcd('members: 2')).toContain('controlPlane.etcd.members: expected 1, 3 or 5')
    expect(etcd('members: 3, roundTrip: 2s')).toContain('expected at most 1s')
    const plan = parsePlan(
      `${minimal}controlPlane: { etcd: { members: 3, roundTrip: 5ms } }\n`,
      'plans/x.yaml',
      vocabulary,
    )
    expect(plan.controlPlane).toEqual({ apiservers: 1, etcd: { members: 3, roundTrip: 5 } })
    expect(conditionsHash(plan)).not.toBe(conditionsHash({ ...plan, controlPlane: undefined }))
  })

  it('should report what is wrong between parts that have mistakes of their own', () => {
    const wrong = `apiVersion: scale-test/v1
name: team
fleet:
  nodes: 2
  node: { cpu: 8, memory: 16 }
workload:
  namespaces: 0
  sizeClasses: [{ name: all, share: 1, minimumPods: 0 }]
  pods: { total: 10, perDeployment: 5, image: pause }
  services: 1
  serviceAccounts: 0
  pace: { concurrency: 2 }
  timeout: 5 m
arms:
  - profile: untuned
    set:
      - { knob: scheduler.kubeApiQpm, value: 50, because: more }
  - profile: tuned
probes:
  pod: { image: pause, serviceAccountToken: false }
  settle: 10
  sequence:
    - { name: up, from: 1, to: 5, timout: 1m }
    - { name: down, from: 4, to: 1, timeout: 1 m }
thresholds:
  - { probe: up, stop: available, of: tunned, max: 5s }
  - { probe: down, stop: deleted, of: tuned, max: five }
  - { probe: upp, stop: available, of: tuned, max: 5s }
  - { probe: down, stop: deleted, of: tuned, max: 5s, colour: red }
  - { probe: downn, stop: Deleted, of: tuned, max: 5s }
  - { series: apiserver_latency_ms, percentile: p95, max: 5s }
`
    expect(
      mistakesOf(wrong).map((line) => line.replace(/ (expected|unknown|required|there is|the plan has).*/, ' $1')),
    ).toEqual([
      '5:27 fleet.node.memory: expected',
      '7:15 workload.namespaces: expected',
      '13:12 workload.timeout: expected',
      '17:17 arms[0].set[0].knob: there is',
      '21:11 probes.settle: expected',
      '23:7 probes.sequence[0].timeout: expected',
      '23:35 probes.sequence[0].timout: unknown',
      '24:27 probes.sequence[1].from: must be 5, where "up" ends: all probes scale the same Deployment',
      '24:46 probes.sequence[1].timeout: expected',
      '26:39 thresholds[0].of: the plan has',
      '27:51 thresholds[1].max: expected',
      '28:14 thresholds[2].probe: the plan has',
      '29:55 thresholds[3].colour: unknown',
      '30:14 thresholds[4].probe: the plan has',
      '30:27 thresholds[4].stop: expected',
      '31:15 thresholds[5].series: there is',
      '31:49 thresholds[5].percentile: expected',
    ])
  })

  it('should not guess where it is not told what a probe scales to', () => {
    const wrong = minimal.replace('to: 5,', 'to: many,')
    expect(mistakesOf(wrong).map((line) => line.replace(/ expected.*/, ''))).toEqual(['11:32 probes.sequence[0].to:'])
  })

  it.each([
    ['16GiB', '16Gi'],
    ['16GB', '16G'],
    ['16Gi', '16Gi'],
  ])('should take an amount of memory with the unit of bytes or without: %s', (written, taken) => {
    const plan = parsePlan(minimal.replace('16Gi', written), 'plans/x.yaml', vocabulary)
    expect(plan.fleet.node.memory).toBe(taken)
  })

  it('should take the name of a knob in whatever capitals it is written', () => {
    const set = '\n    set: [{ knob: scheduler.kubeAPIQPS, value: 50, because: more }]'
    const plan = parsePlan(minimal.replace('profile: untuned', `profile: untuned${set}`), 'plans/x.yaml', vocabulary)
    expect(plan.arms[0]?.set[0]?.knob).toBe('scheduler.kubeApiQps')
  })

  it.each([
    ['80ms', '80ms'],
    ['fast', '500ms'],
  ])('should say what to write instead when a field has been replaced: containerStartDelay: %s', (former, time) => {
    const old = minimal.replace('memory: 16Gi', `memory: 16Gi, containerStartDelay: ${former}`)
    const instead = `containerStartDelay: replaced by fleet.node.containerStarts.time; write containerStarts: { time: ${time} }`
    expect(mistakesOf(old)).toEqual([`5:33 fleet.node.${instead}`])
    const override = `fleet.node.containerStartDelay=${former}`
    const parse = () => parsePlan(minimal, 'plans/x.yaml', vocabulary, { read: () => '', overrides: [override] })
    expect(parse).toThrow(`--set ${override}  fleet.node.${instead}`)
    expect(parse).toThrow(expect.objectContaining({ kind: 'bad-input' }))
  })

  it('should take container starts with a time, and with a number at a time where one is given', () => {
    const startsOf = (written: string) =>
      parsePlan(
        minimal.replace('memory: 16Gi', `memory: 16Gi, containerStarts: ${written}`),
        'plans/x.yaml',
        vocabulary,
      ).fleet.node.containerStarts
    expect(startsOf('{ time: 500ms, parallel: 4 }')).toEqual({ time: 500, parallel: 4 })
    expect(startsOf('{ time: 500ms }')).toEqual({ time: 500 })
    expect(() => startsOf('{ parallel: 4 }')).toThrow('fleet.node.containerStarts.time: expected a duration')
    expect(() => startsOf('{ time: 1s, parallel: 0 }')).toThrow('parallel: expected a whole number from 1')
    expect(() => startsOf('500ms')).toThrow('fleet.node.containerStarts: expected a map, found "500ms"')
  })

  it('should point at the key itself when a field is unknown', () => {
    expect(mistakesOf(minimal.replace('  nodes: 2', '  nodes: 2\n  machines: 3'))).toEqual([
      '5:3 fleet.machines: unknown field; fleet has nodes, hosts, nodesPerProcess, node, host, source, selector, pods, timeout, observe',
    ])
    expect(mistakesOf(minimal.replace('  nodes: 2', '  nodes: 2\n  hostss: 3'))).toEqual([
      '5:3 fleet.hostss: unknown field; did you mean hosts?',
    ])
    expect(mistakesOf(minimal.replace('from: 1, ', 'from: 1, fron: 2, '))).toEqual([
      '11:28 probes.sequence[0].fron: unknown field; did you mean from?',
    ])
    expect(mistakesOf(`${minimal}colour: red\n`)[0]).toContain(
      'colour: unknown field; a plan has include, apiVersion, name',
    )
  })

  it('should point at the nearest parent when a field is missing', () => {
    expect(mistakesOf(minimal.replace(', memory: 16Gi', ''))).toEqual([
      '5:9 fleet.node.memory: expected an amount of memory with a unit, such as 32Gi, found nothing',
    ])
  })

  it('should refuse a key that is written twice, together with other mistakes', () => {
    const wrong = minimal.replace('name: small', 'name: small\nname: big').replace('timeout: 1m', 'timeout: 60')
    expect(mistakesOf(wrong)).toEqual([
      '3:1 name: written twice, first in line 2',
      '12:44 probes.sequence[0].timeout: expected a duration of 1ms to 576h with its unit, such as 10s or 1m30s, found 60',
    ])
  })

  it('should point at an alias when what it stands for is wrong, or nothing', () => {
    const wrong = minimal.replace('nodes: 2', 'nodes: &n -2\n  hosts: *n')
    expect(mistakesOf(wrong)).toEqual([
      '4:13 fleet.nodes: expected a whole number from 1 to 100,000, found -2',
      '5:10 fleet.hosts: expected a whole number from 1 to 10,000, found -2',
    ])
    expect(mistakesOf(minimal.replace('nodes: 2', 'nodes: *n'))).toEqual(['4:10 *n: nothing above is marked &n'])
  })

  it.each([
    ['-2', 'expected a whole number from 1 to 100,000, found -2'],
    ['2.5', 'expected a whole number from 1 to 100,000, found 2.5'],
    ['.nan', 'expected a whole number from 1 to 100,000, found NaN'],
    ['-.inf', 'expected a whole number from 1 to 100,000, found -Infinity'],
    ['1e30', 'expected a whole number from 1 to 100,000, found 1e+30'],
    ['"2"', 'expected a whole number from 1 to 100,000, found "2"; write it without quotes'],
    ['', 'expected a whole number from 1 to 100,000, found null'],
  ])('should refuse a count when it is %s', (value, message) => {
    expect(mistakesOf(minimal.replace('nodes: 2', `nodes: ${value}`))).toEqual([
      expect.stringMatching(/^4:\d+ fleet\.nodes: /),
    ])
    expect(refusalOf(minimal.replace('nodes: 2', `nodes: ${value}`))).toContain(`fleet.nodes: ${message}\n`)
  })

  it.each(['60', '.nan', '-60s', '60 s', '1d'])('should refuse a duration when it is %s (fault 34)', (value) => {
    expect(mistakesOf(minimal.replace('timeout: 1m', `timeout: ${value}`))).toEqual([
      expect.stringMatching(
        /^11:44 probes\.sequence\[0\]\.timeout: expected a duration of 1ms to 576h with its unit, such as 10s or 1m30s, found /,
      ),
    ])
  })

  it.each(['16', '0Gi', '-16Gi', '16giB', '.inf'])('should refuse memory when it is %s', (value) => {
    expect(mistakesOf(minimal.replace('16Gi', value))).toEqual([
      expect.stringMatching(
        /^5:27 fleet\.node\.memory: expected an amount of memory with a unit, such as 32Gi, found /,
      ),
    ])
  })

  it('should find the place when lines end as on Windows, or begin with tabs', () => {
    const wrong = minimal.replace('{ cpu: 8', '{\tcpu: 0').replaceAll('\n', '\r\n')
    expect(refusalOf(wrong)).toBe(
      '1 mistake in plans/x.yaml; nothing was started\n\n' +
        'plans/x.yaml:5:16  fleet.node.cpu: expected a whole number from 1 to 10,000, found 0\n' +
        '  5 |   node: {\tcpu: 0, memory: 16Gi }\n' +
        '    |          \t     ^',
    )
  })

  it('should refuse more hosts than nodes', () => {
    expect(mistakesOf(minimal.replace('nodes: 2', 'nodes: 2\n  hosts: 3'))).toEqual([
      '5:10 fleet.hosts: more hosts (3) than nodes (2)',
    ])
  })

  it('should keep mistakes between sections when another section is wrong', () => {
    const wrong = minimal.replace('nodes: 2', 'nodes: 0').replace('from: 5', 'from: 4')
    expect(mistakesOf(wrong)).toEqual([
      '4:10 fleet.nodes: expected a whole number from 1 to 100,000, found 0',
      '12:27 probes.sequence[1].from: must be 5, where "up" ends: all probes scale the same Deployment',
    ])
  })

  it('should refuse a threshold on a stop that its probe does not have', () => {
    const wrong = `${minimal}thresholds:\n  - { probe: up, stop: deleted, of: untuned, max: 3s }\n  - { probe: up, stop: ready, of: tuned, max: 3 }\n`
    expect(mistakesOf(wrong)).toEqual([
      '14:24 thresholds[0].stop: "up" has no stop "deleted"; it has created, first, available, ready',
      '15:35 thresholds[1].of: the plan has no arm "tuned"; it has untuned',
      '15:47 thresholds[1].max: expected a duration with a unit, such as 30s, found 3',
    ])
  })

  it('should refuse a threshold that nothing can meet, and one that everything meets', () => {
    const wrong = `${minimal}  # more\nthresholds:\n  - { probe: up, stop: ready, of: untuned, min: 9s, max: 3s }\n  - { probe: up, stop: ready, of: [untuned, untuned], max: 2 }\n`
    expect(mistakesOf(wrong)).toEqual([
      expect.stringContaining('thresholds[0].min: is above max, "3s": nothing can meet both'),
      expect.stringContaining('thresholds[1].of: the ratio of an arm to itself is 1'),
    ])
  })

  it('should refuse what is there twice, and name an arm once that is (hostile 33, 43)', () => {
    const twice = `${minimal.replace('- profile: untuned', '- profile: untuned\n  - profile: untuned')}faults: { seed: 1, kinds: [storms, surges, storms] }
thresholds:
  - { probe: up, stop: ready, of: untuned, max: 3s }
  - { probe: up, stop: ready, of: untuned, min: 1s }
  - { probe: up, stop: ready, of: tuned, max: 3s }
reference:
  source: x
  figures:
    - { probe: up, stop: ready, profile: untuned, value: 1s }
    - { probe: up, stop: ready, profile: untuned, value: 2s }
`
    expect(mistakesOf(twice)).toEqual(
      [
        '8:14 duplicate arm untuned; give one of them a name',
        '14:39 duplicate fault storms',
        '17:5 duplicate threshold for ready of up, untuned; one can have both min and max',
        '18:35 the plan has no arm "tuned"; it has untuned',
        '23:7 duplicate figure for ready of up, untuned',
      ].map((mistake) => expect.stringContaining(mistake.replace(/^\S+ /, ''))),
    )
  })

  it('should refuse a ratio below zero', () => {
    const wrong = `${minimal.replace('profile: untuned', 'profile: untuned\n  - profile: tuned')}thresholds:\n  - { probe: up, stop: ready, of: [tuned, untuned], max: -1 }\n`
    expect(mistakesOf(wrong)).toEqual(['15:58 thresholds[0].max: expected a ratio, such as 0.6 or 60%, found -1'])
  })

  it('should refuse a duration that no timer can wait for (hostile 42)', () => {
    expect(mistakesOf(minimal.replace('timeout: 1m', 'timeout: 600h'))).toHaveLength(1)
  })

  it('should say what a knob, a fault, a ratio and a bound are when they are something else (hostile 21, 23)', () => {
    const departures = '{ knob: "", value: 5, because: x }, { knob: kubelet.maxPods, value: [5], because: x }'
    const wrong = `${minimal.replace('profile: untuned', `profile: untuned\n    set: [${departures}]`)}faults: { seed: 1, kinds: [storm] }
thresholds:
  - { probe: up, stop: ready, of: [a, b, c], max: null }
`
    expect(mistakesOf(wrong).map((mistake) => mistake.replace(/^\S+ /, ''))).toEqual([
      'arms[0].set[0].knob: there is no knob "" (npm run scale-test -- knobs lists all)',
      'arms[0].set[1].value: kubelet.maxPods takes a whole number from 1 to 2,147,483,647, not a list',
      'faults.kinds[0]: expected storms or surges, found "storm"; did you mean storms?',
      'thresholds[0].of: expected an arm, or two arms [a, b] for their ratio, found a list',
      'thresholds[0].max: expected a duration such as 30s, a size such as 2GiB, a rate such as 50/s, or a number, found null',
    ])
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
    expect(workloadOf(parsePlan(full, 'x', vocabulary))).toMatchObject({
      configObjects: { configmapSize: 1024, secretSize: 1024 },
      pace: { rate: 200 },
      timeout: 900_000,
      serviceAccounts: 0,
    })
  })

  it.each<[string, string | RegExp, string, string]>([
    [
      'a rate is negative',
      'rate: 200/s',
      'rate: -5/s',
      '20:17 workload.pace.rate: expected a rate from 0.001/s to 1,000,000/s, such as 200/s or 200, found "-5/s"',
    ],
    [
      'a rate is zero',
      'rate: 200/s',
      'rate: 0/s',
      '20:17 workload.pace.rate: expected a rate from 0.001/s to 1,000,000/s, such as 200/s or 200, found "0/s"',
    ],
    [
      'a number is none',
      'namespaces: 50',
      'namespaces: .nan',
      '14:15 workload.namespaces: expected a whole number from 1 to 100,000, found NaN',
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
      '19:101 workload.configObjects.secretSize: 2.0 MiB does not fit in one object; the apiserver takes a little less than 1 MiB',
    ],
    [
      'a ratio of objects is zero',
      'podsPerConfigObject: 4',
      'podsPerConfigObject: 0',
      '19:41 workload.configObjects.podsPerConfigObject: expected more than 0, found 0',
    ],
    [
      'a share is more than all',
      'share: 0.75',
      'share: 1.5',
      '17:29 workload.sizeClasses[1].share: expected a share from 0 to 1, such as 0.25 or 1/3, found 1.5',
    ],
    [
      'a text is empty',
      'perDeployment: 100, image: pause',
      "perDeployment: 100, image: ''",
      '18:52 workload.pods.image: expected an image, such as registry.k8s.io/pause:3.10, found ""',
    ],
    [
      'there is nothing to mount',
      /image: pause \}\n {2}configObjects.*/,
      'image: pause, mountingShare: 0.5 }',
      '18:74 workload.pods.mountingShare: there is nothing to mount: the workload has no configObjects',
    ],
    [
      'ballast is less than one object',
      'pace:',
      'ballast: { total: 1KiB, objectSize: 4KiB }\n  pace:',
      '20:21 workload.ballast.total: is less than one object of 4.0 KiB',
    ],
    [
      'ballast comes in objects of no size',
      'pace:',
      'ballast: { total: 1KiB, objectSize: 0KiB }\n  pace:',
      '20:39 workload.ballast.objectSize: must be more than 0',
    ],
    [
      'ballast comes in objects that are too big',
      'pace:',
      'ballast: { total: 1.5GB, objectSize: 1MiB }\n  pace:',
      '20:40 workload.ballast.objectSize: 1.0 MiB does not fit in one object; the apiserver takes a little less than 1 MiB',
    ],
    [
      'replicas are given twice',
      'perDeployment: 100',
      'perDeployment: 100, deploymentsPerNamespace: 2',
      '18:9 workload.pods: needs perDeployment, deploymentsPerNamespace or deployments, only one of them',
    ],
    ['no pace is given', '{ rate: 200/s }', '{}', '20:9 workload.pace: needs rate or concurrency'],
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
      '18:9 workload.pods: needs perDeployment, deploymentsPerNamespace or deployments',
    ],
    [
      'shares do not add up',
      'share: 0.75',
      'share: 0.5',
      '16:5 workload.sizeClasses: the shares add up to 0.75, not to 1; a share can be a fraction, such as 1/3',
    ],
    [
      'there are too few pods',
      'total: 40000',
      'total: 4000',
      '18:18 workload.pods.total: is less than the minimums add up to, 13 x 1000 + 37 x 50 = 14850; raise it, or lower minimumPods',
    ],
    [
      'classes share a name',
      '{ name: small',
      '{ name: large',
      '17:15 workload.sizeClasses[1].name: duplicate size class "large"',
    ],
  ])('should be refused when %s', (_, right, wrong, mistake) => {
    expect(mistakesOf(full.replace(right, wrong))).toEqual([mistake])
  })
})

describe('a plan that includes others', () => {
  const files: Record<string, string> = {
    'plans/fleet.yaml': 'fleet: { nodes: 7, node: { cpu: 8, memory: 16Gi } }',
    'plans/wrong.yaml': 'include: [fleet.yaml]\nfleet:\n  nodes: none\n',
    'plans/incomplete.yaml': 'fleet: { nodes: 7, node: { cpu: 8 } }',
    'plans/arms.yaml': 'arms:\n  - profile: untuned\n  - name: nothing\n',
    'plans/nothing.yaml': '# nothing yet\n',
    'plans/nine.yaml': 'fleet: { nodes: 9 }',
    'plans/twice.yaml': 'name: one\nname: two\n',
    'plans/loop.yaml': 'include: [deep/loop.yaml]\n',
    'plans/deep/loop.yaml': 'include: [../loop.yaml]\n',
  }
  const read = (file: string) => {
    const text = files[file]
    if (text === undefined) throw new Failure('bad-input', `${file} cannot be read: no such file`)
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
      'plans/wrong.yaml:3:10  fleet.nodes: expected a whole number from 1 to 100,000, found "none"\n  3 |   nodes: none\n    |          ^',
    ])
    expect(refusal(text.replace('  node:', '  nodes: 3\n  node:'))).toEqual([])
  })

  it('should be told of what is missing where it can be added', () => {
    const text = minimal.replace(/fleet:\n.*\n.*\n/, 'include: [incomplete.yaml]\n')
    expect(refusal(text)).toEqual([
      'plans/x.yaml:1:1  fleet.node.memory: expected an amount of memory with a unit, such as 32Gi, found nothing\n  1 | apiVersion: scale-test/v1\n    | ^',
    ])
    const arms = minimal.replace('arms:\n  - profile: untuned\n', 'include: [arms.yaml]\n')
    expect(refusal(arms)).toEqual([
      'plans/arms.yaml:3:5  arms[1].profile: expected sig-scalability, stock, tuned, untuned or the path to a .yaml file, found nothing\n  3 |   - name: nothing\n    |     ^',
    ])
  })

  it('should not be told of what it replaces', () => {
    const text = `include: [arms.yaml]\n${minimal.replace('- profile: untuned', '- name: mine')}`
    expect(refusal(text)).toEqual([
      'plans/x.yaml:8:5  arms[0].profile: expected sig-scalability, stock, tuned, untuned or the path to a .yaml file, found nothing\n  8 |   - name: mine\n    |     ^',
    ])
    expect(refusal(minimal, ['fleet={ nodes: 2 }'])).toEqual([
      '--set fleet={ nodes: 2 }  fleet.node: required: a map\n  fleet={ nodes: 2 }\n        ^',
    ])
    expect(refusal(minimal.replace('nodes: 2', 'nodes: two'), ['fleet.nodes=-1', 'fleet.nodes=3'])).toEqual([])
  })

  it('should take fragments that are empty, that are read twice or that replace each other', () => {
    const parts = 'include: [nothing.yaml, fleet.yaml, fleet.yaml, nine.yaml]'
    expect(parse(`${parts}\n${minimal.replace('  nodes: 2\n', '')}`).fleet.nodes).toBe(9)
    expect(refusal(`include: [twice.yaml, twice.yaml]\n${minimal}`)).toEqual([
      'plans/twice.yaml:2:1  name: written twice, first in line 1\n  2 | name: two\n    | ^',
    ])
  })

  it('should refuse what cannot be read, and files that include each other', () => {
    expect(refusal(`include: [nowhere.yaml]\n${minimal}`)[0]).toContain(
      'plans/x.yaml:1:11  include[0]: plans/nowhere.yaml cannot be read: no such file',
    )
    expect(refusal(`include: [3, '', /nowhere.yaml]\n${minimal}`).map((block) => block.split('\n')[0])).toEqual([
      'plans/x.yaml:1:11  include[0]: expected a file, found 3',
      'plans/x.yaml:1:14  include[1]: expected a file, found ""',
      'plans/x.yaml:1:18  include[2]: /nowhere.yaml cannot be read: no such file',
    ])
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
    expect(workloadOf(plan).pace).toEqual({ concurrency: 3 })
    expect(planHash(plan)).not.toBe(planHash(parse(full)))
  })

  it('should be told of mistakes in overrides, with all others', () => {
    expect(refusal(minimal.replace('cpu: 8', 'cpu: 0'), ['fleet.nodes=two', 'probes.settle=5'])).toEqual([
      'plans/x.yaml:5:16  fleet.node.cpu: expected a whole number from 1 to 10,000, found 0\n  5 |   node: { cpu: 0, memory: 16Gi }\n    |                ^',
      '--set fleet.nodes=two  fleet.nodes: expected a whole number from 1 to 100,000, found "two"\n  fleet.nodes=two\n              ^',
      '--set probes.settle=5  probes.settle: expected a duration of at most 576h with its unit, such as 10s or 1m30s, found 5\n  probes.settle=5\n                ^',
    ])
  })

  it('should make maps that are missing on the way to a value', () => {
    expect(workloadOf(parse(full, ['workload.ballast={total: 1.5GB, objectSize: 256KiB}'])).ballast).toEqual({
      total: 1.5e9,
      objectSize: 262_144,
      kind: 'configmaps',
    })
    expect(parse(minimal, ['fleet.host.cpu=4', 'fleet.host.memory=8Gi']).fleet.host).toMatchObject({ cpu: 4 })
    expect(parse(`${minimal}reference:\n`, ['reference.source=x', 'reference.figures=[]']).reference).toEqual({
      source: 'x',
      figures: [],
    })
  })

  it.each([
    ['fleet.nodes', 0, 'expected path=value, such as fleet.nodes=100 or arms[0].set[0].value=5'],
    ['=5', 0, 'expected path=value, such as fleet.nodes=100 or arms[0].set[0].value=5'],
    ['arms[1].profile=tuned', 5, 'arms has 1 item; positions start at 0'],
    ['arms.profile=tuned', 5, 'arms is a list: say which item, such as arms[0].profile'],
    ['thresholds[0].max=5s', 11, 'thresholds is not a list'],
    ['name.first=x', 5, 'name is "small", not a map'],
    ['fleet.nodes=[1', 14, 'a bracket is opened and never closed'],
    ['fleet.nodez=5', 6, 'fleet.nodez: unknown field; did you mean nodes or node?'],
    ['fleet.nodes=', 12, 'fleet.nodes: expected a whole number from 1 to 100,000, found null'],
  ])('should refuse the override %s, and still tell of other mistakes', (override, column, message) => {
    expect(refusal(minimal.replace('cpu: 8', 'cpu: 0'), [override])).toEqual([
      expect.stringContaining('plans/x.yaml:5:16  fleet.node.cpu: expected a whole number from 1 to 10,000, found 0'),
      `--set ${override}  ${message}\n  ${override}\n  ${' '.repeat(column)}^`,
    ])
  })

  it('should not mind a byte order mark', () => {
    expect(parse(`\uFEFF${minimal}`).name).toBe('small')
    expect(refusal(`\uFEFF${minimal.replace('scale-test/v1', 'v1')}`)).toEqual([
      'plans/x.yaml:1:13  apiVersion: expected scale-test/v1, found "v1"\n  1 | apiVersion: v1\n    |             ^',
    ])
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
