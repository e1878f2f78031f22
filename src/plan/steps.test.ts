import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { vocabulary } from '../testing/plans.ts'
import { conditionsHash, parsePlan, planHash } from './parse.ts'

const head = `apiVersion: scale-test/v1
name: steps
fleet: { nodes: 1, node: { cpu: 1, memory: 1Gi } }
arms: [{ profile: tuned }]
`
const probes = 'probes: { pod: { image: pause, serviceAccountToken: false }, settle: 1s'
const workload = '{ namespaces: 1, pods: { total: 4, perDeployment: 2 } }'
const inShort = `${head}workload: ${workload}
${probes}, sequence: [{ name: up, from: 1, to: 5, timeout: 1m }] }
`
const inSteps = `${head}${probes} }
steps:
  - fill: ${workload}
  - probe: { name: up, from: 1, to: 5, timeout: 1m }
`
const parse = (text: string) => parsePlan(text, 'x.yaml', vocabulary)
const refusal = (text: string) => {
  try {
    parse(text)
  } catch (error) {
    return error instanceof Failure ? error.message : ''
  }
  return ''
}

describe('the steps of a plan', () => {
  it('should be the same in the long and in the short form, hashes included', () => {
    const [short, long] = [parse(inShort), parse(inSteps)]
    expect(long.steps.map(({ at: _, ...step }) => step)).toEqual(short.steps.map(({ at: _, ...step }) => step))
    expect(long.steps.map(({ at }) => at)).toEqual(['steps[0].fill', 'steps[1].probe'])
    expect(short.steps.map(({ at }) => at)).toEqual(['workload', 'probes.sequence[0]'])
    expect(planHash(long)).toBe(planHash(short))
  })

  it('should run in any order, with as many observations as there are names for', () => {
    const text = `${head}steps: [{ observe: 5m }, { observe: { name: busy-hour, for: 1h } }]`
    expect(parse(text).steps.map(({ name, section }) => [name, section])).toEqual([
      ['observe', { name: 'observe', for: 300_000 }],
      ['busy-hour', { name: 'busy-hour', for: 3_600_000 }],
    ])
  })

  it.each([
    ['both forms at once', `${inSteps}workload: ${workload}`, '9:11  workload: is the short form of a step'],
    ['no step', head, '1:1  steps: required'],
    ['an empty list', `${head}steps: []`, '5:8  steps: expected at least 1 item'],
    [
      'an unknown kind',
      `${head}steps: [{ obseve: 5m }]`,
      '5:11  steps[0].obseve: unknown field; did you mean observe?',
    ],
    ['two kinds in one step', `${head}steps: [{ observe: 5m, fill: ${workload} }]`, 'expected one kind of step'],
    [
      'one name twice',
      `${head}steps: [{ observe: 5m }, { observe: 6m }]`,
      '5:37  steps[1].observe.name: duplicate step',
    ],
    ['two fills', `${head}steps: [{ fill: ${workload} }, { fill: ${workload} }]`, 'duplicate step fill'],
    [
      'a probe without its pods',
      `${head}steps: [{ probe: { name: up, from: 1, to: 2, timeout: 1m } }]`,
      '1:1  probes: required',
    ],
    ['no time', `${head}steps: [{ observe: 0s }]`, 'steps[0].observe: expected a duration of 1ms to 576h'],
    [
      'a probe that begins elsewhere',
      `${inSteps}  - probe: { name: on, from: 4, to: 6, timeout: 1m }\n`,
      '9:30  steps[2].probe.from: must be 5, where "up" ends',
    ],
    [
      'a threshold on a step without stops',
      `${head}steps: [{ observe: 5m }]\nthresholds: [{ probe: observe, stop: ready, of: tuned, max: 1s }]`,
      'thresholds[0].probe: the plan has no probe "observe"',
    ],
  ])('should be refused with the place: %s', (_, text, message) => {
    expect(refusal(text)).toContain(message)
  })
})

describe('conditionsHash', () => {
  it('should not depend on names, descriptions and thresholds, and on all that changes a figure (review 13)', () => {
    const hash = (text: string) => conditionsHash(parse(text))
    const same = `${inShort.replace('name: steps', 'name: other')}description: x\nthresholds: [{ probe: up, stop: ready, of: tuned, max: 1s }]\n`
    expect(hash(same)).toBe(hash(inShort))
    for (const [from, to] of [
      ['nodes: 1', 'nodes: 2'],
      ['total: 4', 'total: 6'],
      ['to: 5', 'to: 6'],
      ['tuned', 'untuned'],
    ] as const)
      expect(hash(inShort.replace(from, to))).not.toBe(hash(inShort))
  })
})
