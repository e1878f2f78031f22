import { describe, expect, it } from 'vitest'
import { vocabulary } from '../testing/plans.ts'
import { conditionsHash, parsePlan } from './parse.ts'
import { kubernetesOf } from './plan.ts'

const planWith = (version: string, arms: string) => `apiVersion: scale-test/v1
name: releases
${version}
fleet:
  nodes: 1
  node: { cpu: 1, memory: 1Gi }
steps: [{ observe: 1m }]
arms:
${arms}
`
const parse = (version: string, arms: string) => parsePlan(planWith(version, arms), 'plan.yaml', vocabulary)
const twoArms =
  '  - { name: v1.36, profile: stock, kubernetes: "1.36" }\n  - { name: v1.37, profile: stock, kubernetes: "1.37" }'

describe('versions of Kubernetes in a plan', () => {
  it('should be of the whole run, but for arms that name their own', () => {
    const plan = parse('kubernetes: "1.35"', '  - profile: tuned\n  - { profile: stock, kubernetes: "1.36" }')
    expect(plan.arms.map((arm) => kubernetesOf(plan, arm))).toEqual(['1.35', '1.36'])
    const silent = parse('', '  - profile: tuned')
    expect(silent.arms.map((arm) => kubernetesOf(silent, arm))).toEqual([undefined])
  })

  it('should be able to name arms, dot and all', () => {
    expect(parse('', twoArms).arms.map(({ name }) => name)).toEqual(['v1.36', 'v1.37'])
  })

  it.each([
    [
      'a number',
      'kubernetes: 1.36',
      'plan.yaml:3:13  kubernetes: expected a version of Kubernetes in quotes, such as "1.37", found 1.36',
    ],
    ['a number that lost its zero', 'kubernetes: 1.40', 'in quotes, such as "1.37", found 1.4'],
    [
      'one that nobody pins',
      'kubernetes: "1.33"',
      'plan.yaml:3:13  kubernetes: expected 1.37, 1.36, 1.35 or 1.34, found "1.33"',
    ],
    ['a patch release', 'kubernetes: v1.36.3', 'expected 1.37, 1.36, 1.35 or 1.34, found "v1.36.3"'],
  ])('should be refused where it stands when it is %s', (_, version, message) => {
    expect(() => parse(version, '  - profile: tuned')).toThrow(message)
  })

  it('should be refused in an arm as well', () => {
    expect(() => parse('', '  - { profile: tuned, kubernetes: 1.36 }')).toThrow(
      'plan.yaml:9:35  arms[0].kubernetes: expected a version of Kubernetes in quotes',
    )
  })

  it('should keep runs of different versions from being compared', () => {
    const hashes = ['', 'kubernetes: "1.36"', 'kubernetes: "1.37"'].map((version) =>
      conditionsHash(parse(version, '  - profile: tuned')),
    )
    hashes.push(conditionsHash(parse('', '  - { profile: tuned, kubernetes: "1.36" }')))
    expect(new Set(hashes).size).toBe(4)
  })
})
