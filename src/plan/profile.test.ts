import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { vocabulary } from '../testing/plans.ts'
import { requestsOf } from '../tuning/profiles.ts'
import { conditionsHash, parsePlan, planHash } from './parse.ts'
import type { Plan } from './plan.ts'
import { armName } from './plan.ts'
import type { ProfileFiles } from './profile.ts'
import { readProfile } from './profile.ts'
import { largestPlanBytes } from './sources.ts'

const plan = `apiVersion: scale-test/v1
name: small
fleet:
  nodes: 2
  node: { cpu: 8, memory: 16Gi }
arms:
  - profile: REFERENCE
probes:
  pod: { image: pause, serviceAccountToken: false }
  sequence: [{ name: up, from: 1, to: 5, timeout: 1m }]
`
const planOf = (reference: string) => plan.replace('REFERENCE', reference)

type Files = Record<string, string>

/** Files of which those right in `profiles/` have names. */
function filesOf(files: Files): ProfileFiles {
  return {
    names: Object.keys(files).flatMap((file) => /^profiles\/([^/]+)\.yaml$/.exec(file)?.[1] ?? []),
    fileOf: (name) => `profiles/${name}.yaml`,
    read(file) {
      const text = files[file]
      if (text === undefined) throw new Failure('bad-input', `${file} cannot be read: there is no such file`)
      return text
    },
  }
}

function parse(text: string, files: Files, overrides: string[] = []): Plan {
  const profiles = filesOf(files)
  return parsePlan(text, 'plans/x.yaml', { ...vocabulary, profiles }, { read: profiles.read, overrides })
}

function mistakesOf(text: string, files: Files, overrides: string[] = []): string[] {
  try {
    parse(text, files, overrides)
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'bad-input') throw error
    return error.message
      .split('\n')
      .filter((line) => /\.yaml[: ]|--set/.test(line) && !/nothing was started$/.test(line))
  }
  throw new Error('the plan was accepted')
}

const set = (knob: string, value: unknown, because = 'x') =>
  `  - { knob: ${knob}, value: ${value}, because: ${because} }\n`
const base = `name: base\nset:\n${set('kubelet.maxPods', 250)}${set('kubelet.kubeAPIQPS', 20)}`
const valuesOf = ({ arms: [arm] }: Plan) =>
  Object.fromEntries(requestsOf(arm ?? { base: [], set: [] }).map(({ knob, value }) => [knob.id, value]))

describe('the profile of an arm', () => {
  it('should be a file of profiles/ by its name, which the arm is called by', () => {
    const read = parse(planOf('base'), { 'profiles/base.yaml': base })
    expect(valuesOf(read)).toEqual({ 'kubelet.maxPods': 250, 'kubelet.kubeAPIQPS': 20 })
    expect(read.arms.map(armName)).toEqual(['base'])
  })

  it.each([
    ['./ours.yaml', 'plans/ours.yaml'],
    ['ours.yaml', 'plans/ours.yaml'],
    ['../ours.yml', 'ours.yml'],
    ['/etc/ours', '/etc/ours'],
  ])('should be a file relative to the one that names it: %s', (reference, file) => {
    expect(parse(planOf(reference), { [file]: base }).arms[0]?.profile).toBe('base')
  })

  it('should be relative to the fragment that names it, and from the command line to the working directory', () => {
    const files = { 'plans/include/arms.yaml': 'arms: [{ profile: ./own.yaml }]\n', 'plans/include/own.yaml': base }
    const included = `include: [include/arms.yaml]\n${plan.replace('arms:\n  - profile: REFERENCE\n', '')}`
    expect(parse(included, files).arms[0]?.profile).toBe('base')
    expect(parse(planOf('x'), { 'mine/own.yaml': base }, ['arms[0].profile=mine/own.yaml']).arms[0]?.profile).toBe(
      'base',
    )
  })

  it('should extend another one, and take back what that sets with null', () => {
    const files = {
      'profiles/base.yaml': base,
      'profiles/ours.yaml': `name: ours\nextends: base\nset:\n${set('kubelet.maxPods', 'null')}${set('etcd.nice', -5)}`,
      'plans/more.yaml': `name: more\nextends: ../profiles/ours.yaml\nset:\n${set('kubelet.kubeAPIQPS', 30)}`,
    }
    expect(valuesOf(parse(planOf('ours'), files))).toEqual({ 'kubelet.kubeAPIQPS': 20, 'etcd.nice': -5 })
    expect(valuesOf(parse(planOf('more.yaml'), files))).toEqual({ 'kubelet.kubeAPIQPS': 30, 'etcd.nice': -5 })
  })
})

describe('mistakes in a profile', () => {
  it('should be told with the place of each, with those of the plan', () => {
    const wrong = `name: Ours\nsets: []\nset:\n${set('kubelet.maxPodz', 5)}${set('kubelet.maxPods', 'many')}`
    expect(mistakesOf(planOf('ours.yaml').replace('nodes: 2', 'nodes: two'), { 'plans/ours.yaml': wrong })).toEqual([
      'plans/x.yaml:4:10  fleet.nodes: expected a whole number from 1 to 100,000, found "two"',
      expect.stringMatching(/^plans\/ours.yaml:1:7 {2}name: expected lower-case letters/),
      'plans/ours.yaml:2:1  sets: unknown field; did you mean set?',
      expect.stringMatching(/^plans\/ours.yaml:4:13 {2}set\[0\].knob: there is no knob kubelet.maxPodz; did you mean/),
      expect.stringMatching(/^plans\/ours.yaml:5:37 {2}set\[1\].value: kubelet.maxPods takes a whole number/),
    ])
  })

  it.each<[string, string, Files, string]>([
    [
      'an unknown name',
      'bases',
      { 'profiles/base.yaml': base },
      'plans/x.yaml:7:14  arms[0].profile: expected base or the path to a .yaml file, found "bases"; did you mean base?',
    ],
    [
      'a missing file',
      './a.yaml',
      {},
      'plans/x.yaml:7:14  arms[0].profile: plans/a.yaml cannot be read: there is no such file',
    ],
    [
      'an unknown name to extend',
      'a.yaml',
      { 'plans/a.yaml': 'name: a\nextends: bass\nset: []\n', 'profiles/base.yaml': base },
      'plans/a.yaml:2:10  extends: expected base or the path to a .yaml file, found "bass"; did you mean base?',
    ],
    [
      'one that extends itself',
      'a.yaml',
      { 'plans/a.yaml': 'name: a\nextends: ./a.yaml\nset: []\n' },
      'plans/a.yaml:2:10  extends: plans/a.yaml extends itself',
    ],
    [
      'two that extend each other',
      'a.yaml',
      { 'plans/a.yaml': 'name: a\nextends: b.yaml\nset: []\n', 'plans/b.yaml': 'name: b\nextends: a.yaml\nset: []\n' },
      'plans/b.yaml:2:10  extends: plans/a.yaml extends itself, by way of plans/b.yaml',
    ],
    [
      'a knob that is set twice',
      'a.yaml',
      { 'plans/a.yaml': `name: a\nset:\n${set('etcd.nice', 1)}${set('etcd.nice', 2)}` },
      'plans/a.yaml:4:13  set[1].knob: duplicate knob etcd.nice',
    ],
    [
      'a reason that is missing',
      'a.yaml',
      { 'plans/a.yaml': 'name: a\nset: [{ knob: etcd.nice, value: 1 }]\n' },
      'plans/a.yaml:2:7  set[0].because: required: text',
    ],
    [
      'broken YAML',
      'a.yaml',
      { 'plans/a.yaml': 'name: a\nset: [\n' },
      'plans/a.yaml:3:1  a bracket is opened here or above',
    ],
    ['a plan', 'a.yaml', { 'plans/a.yaml': plan }, 'plans/a.yaml is a plan, not a profile; nothing was started'],
    [
      'a Secret',
      'a.yaml',
      { 'plans/a.yaml': 'kind: Secret\ndata: { password: hidden }\n' },
      'plans/a.yaml is a Kubernetes Secret, not a profile; nothing was started',
    ],
    [
      'a large file',
      'a.yaml',
      { 'plans/a.yaml': `${base}# ${'x'.repeat(largestPlanBytes)}` },
      'plans/a.yaml makes the profiles larger than 256.0 KiB; nothing was started',
    ],
  ])('should be told: %s', (_, reference, files, message) => {
    const refusal = () => parse(planOf(reference), files)
    expect(refusal).toThrow(message)
    expect(refusal).not.toThrow('hidden')
  })

  it('should point at the plan where a profile’s values do not go together', () => {
    const files = { 'plans/a.yaml': `name: a\nset:\n${set('etcd.heartbeatInterval', 900)}` }
    expect(mistakesOf(planOf('a.yaml'), files)).toEqual([
      expect.stringContaining('plans/x.yaml:7:14  arms[0].profile: etcd would not start'),
    ])
  })

  it('should be told by the command line, too', () => {
    expect(() => readProfile('nothere.yaml', filesOf({}))).toThrow(
      '--profile nothere.yaml  profile: nothere.yaml cannot be read: there is no such file',
    )
  })
})

describe('the hashes of a plan', () => {
  const hashesOf = (text: string) => {
    const read = parse(planOf('base'), { 'profiles/base.yaml': text })
    return { plan: planHash(read), conditions: conditionsHash(read) }
  }

  it('should change with a value of a profile', () => {
    const other = hashesOf(base.replace('250', '251'))
    expect(other.plan).not.toBe(hashesOf(base).plan)
    expect(other.conditions).not.toBe(hashesOf(base).conditions)
  })

  it('should not let a reason, a description or the order change what may be compared', () => {
    const reworded = `description: ours\n${base.replaceAll('because: x', 'because: y')}`
    expect(hashesOf(reworded).plan).not.toBe(hashesOf(base).plan)
    expect(hashesOf(reworded).conditions).toBe(hashesOf(base).conditions)
    const reordered = `name: base\nset:\n${set('kubelet.kubeAPIQPS', 20)}${set('kubelet.maxPods', 250)}`
    expect(hashesOf(reordered)).toEqual(hashesOf(base))
  })
})
