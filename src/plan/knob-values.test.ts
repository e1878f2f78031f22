import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { vocabulary } from '../testing/plans.ts'
import { catalogue } from '../tuning/catalogue.ts'
import { knobById } from '../tuning/find-knob.ts'
import { refusalOf as settingRefusal } from '../tuning/open-knobs.ts'
import { takeValue } from '../tuning/take.ts'
import { parseVariation } from '../tuning/vary.ts'
import { parsePlan } from './parse.ts'

const planOf = (profile: string, set: string) => `apiVersion: scale-test/v1
name: small
fleet: { nodes: 2, node: { cpu: 8, memory: 16Gi } }
arms:
  - profile: ${profile}
    set: [${set}]
probes:
  pod: { image: pause, serviceAccountToken: false }
  sequence: [{ name: up, from: 1, to: 5, timeout: 1m }]
`
/** A value as YAML has it, which knows numbers that JSON does not. */
const written = (value: unknown) =>
  typeof value !== 'number' || Number.isFinite(value)
    ? JSON.stringify(value)
    : Number.isNaN(value)
      ? '.nan'
      : value < 0
        ? '-.inf'
        : '.inf'
const departure = (knob: string, value: unknown) => `{ knob: ${knob}, value: ${written(value)}, because: x }`

function read(profile: string, set: string) {
  const plan = parsePlan(planOf(profile, set), 'x.yaml', vocabulary)
  return plan.arms[0]?.set.map(({ value }) => value)
}

/** `line:column message` of every mistake. */
function mistakesOf(profile: string, set: string): string[] {
  const message = refusalOf(() => read(profile, set)) ?? ''
  return [...message.matchAll(/^x\.yaml:(\d+:\d+) {2}(.*)$/gm)].map((match) => `${match[1]} ${match[2]}`)
}

function refusalOf(work: () => unknown): string | undefined {
  try {
    work()
  } catch (error) {
    if (error instanceof Failure && error.kind === 'bad-input') return error.message
    throw error
  }
  return undefined
}

describe('the value of a knob in a plan', () => {
  it('should be refused where it is written, with what the knob takes', () => {
    expect(mistakesOf('tuned', departure('kubeProxy.mode', 'ipvss'))).toEqual([
      '6:42 arms[0].set[0].value: kubeProxy.mode takes iptables, ipvs or nftables, not "ipvss"; did you mean ipvs?',
    ])
    expect(mistakesOf('tuned', '{ knob: kubelet.maxPods, because: x }')).toEqual([
      '6:11 arms[0].set[0].value: required: a value',
    ])
  })

  it('should be read as its knob takes it; null takes the profile’s away', () => {
    expect(read('tuned', departure('kubelet.nodeStatusUpdateFrequency', '1m30s'))).toEqual(['90s'])
    expect(read('tuned', departure('etcd.quotaBackendBytes', '8Gi'))).toEqual([8_589_934_592])
    expect(read('tuned', departure('kubelet.nodeStatusUpdateFrequency', null))).toEqual([null])
  })

  it('should be refused the second time that an arm sets it', () => {
    const set = [departure('kubelet.maxPods', 5), departure('kubelet.maxPods', 6)].join(', ')
    expect(mistakesOf('tuned', set)).toEqual(['6:68 arms[0].set[1].knob: duplicate knob kubelet.maxPods'])
  })

  it('should go with the other values of its arm, its profile’s included', () => {
    expect(mistakesOf('stock', departure('etcd.heartbeatInterval', 250))).toEqual([
      '6:50 arms[0].set[0].value: etcd would not start: etcd.electionTimeout is 1000, less than 5 x etcd.heartbeatInterval, 250',
    ])
    const both = [departure('etcd.heartbeatInterval', 250), departure('etcd.electionTimeout', 1250)].join(', ')
    expect(mistakesOf('stock', both)).toEqual([])
  })

  it('should be taken or refused alike in a plan and by --vary, for every knob (hostile 1)', () => {
    const given = fc.oneof(
      fc.double(),
      fc.integer({ min: -100, max: 100_000 }),
      fc.boolean(),
      fc.string({ maxLength: 10 }),
      fc.constantFrom(
        '',
        '0',
        '50',
        '1m30s',
        '0s',
        '-5s',
        '8Gi',
        'ipvs',
        'ipvss',
        'revision',
        '/pods',
        'true',
        'null',
        '1e3',
        '0x10',
        '.inf',
      ),
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...catalogue.filter((knob) => settingRefusal(knob, null, undefined) === undefined)),
        given,
        ({ id }, value) => {
          const inPlan = refusalOf(() => read('stock', departure(id, value)))
          const values = written(value)
          const varied = refusalOf(() => parseVariation(`${id}=${values},${values}`))
          // What is taken is refused for being given twice.
          const isTaken = varied?.endsWith('is given twice') === true
          const knob = knobById(id)
          expect(knob && 'value' in takeValue(knob, value)).toBe(isTaken)
          if (inPlan === undefined) expect(isTaken).toBe(true)
          else if (isTaken) expect(inPlan).toMatch(/would not start|etcd.autoCompactionMode \w+ needs/)
        },
      ),
      { numRuns: 300 },
    )
  }, 60_000)
})
