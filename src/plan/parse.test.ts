import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { parsePlan, planHash } from './parse.ts'
import type { Vocabulary } from './plan.ts'

const vocabulary: Vocabulary = {
  targets: ['local'],
  profiles: ['untuned', 'stock', 'tuned'],
  knobs: ['kubelet.maxPods', 'kubelet.kubeAPIQPS'],
}

const singleNode = readFileSync(new URL('../../plans/single-node.yaml', import.meta.url), 'utf8')

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

  it('should accept the plans that ship with the product', () => {
    expect(parsePlan(singleNode, 'plans/single-node.yaml', vocabulary).probes.sequence).toHaveLength(2)
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
    expect(mistakesOf(minimal.replace('  nodes: 2', '  nodes: 2\n  hosts: 3'))).toEqual([
      '5:3 fleet.hosts: unknown field',
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

describe('planHash', () => {
  it('should not change with comments and order, and change with a value', () => {
    const hash = (text: string) => planHash(parsePlan(text, 'x', vocabulary))
    const reordered = minimal.replace('name: small\n', '').replace('arms:', '# comment\nname: small\narms:')
    expect(hash(reordered)).toBe(hash(minimal))
    expect(hash(minimal.replace('to: 5', 'to: 6').replace('from: 5', 'from: 6'))).not.toBe(hash(minimal))
  })
})
