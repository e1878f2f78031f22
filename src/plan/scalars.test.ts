import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { vocabulary, workloadOf } from '../testing/plans.ts'
import { parsePlan } from './parse.ts'
import type { Plan } from './plan.ts'

const text = `apiVersion: scale-test/v1
name: small
fleet: { nodes: 2, node: { cpu: 8, memory: 16Gi } }
workload: { namespaces: 1, pods: { total: 10, perDeployment: 10 }, pace: { rate: 1/s } }
arms: [{ profile: tuned }]
probes:
  pod: { image: pause, serviceAccountToken: false }
  sequence: [{ name: up, from: 1, to: 5, timeout: 1m }]
`

function planWith(...overrides: string[]): Plan {
  const read = () => ''
  return parsePlan(text, 'x.yaml', vocabulary, { read, overrides })
}

function refusalOf(...overrides: string[]): string {
  try {
    planWith(...overrides)
  } catch (error) {
    if (error instanceof Failure && error.kind === 'bad-input') return error.message
    throw error
  }
  return 'accepted'
}

describe('the values of a plan', () => {
  it('should be taken as Go and Kubernetes write them', () => {
    const plan = planWith(
      'workload.pods.total=1e3',
      'workload.services=10k',
      'workload.timeout=1h15m30.5s',
      'workload.pace.rate=20',
      'fleet.timeout=1.5h',
      'fleet.node.containerStarts.time=100us',
      'fleet.nodes=1Ki',
      'probes.settle=0s',
      'workload.ballast={ total: 1MB, objectSize: 1e3B }',
    )
    expect(workloadOf(plan)).toMatchObject({
      pods: { total: 1000 },
      services: 10_000,
      timeout: 4_530_500,
      pace: { rate: 20 },
      ballast: { total: 1_000_000, objectSize: 1000 },
    })
    expect(plan.fleet).toMatchObject({ nodes: 1024, timeout: 5_400_000, node: { containerStarts: { time: 0.1 } } })
  })

  it.each([
    ['workload.pods.total', '1000000000000', 'a whole number from 0 to 1,000,000'],
    ['workload.pods.total', '2M', 'a whole number from 0 to 1,000,000'],
    ['workload.services', '-1', 'a whole number from 0 to 1,000,000'],
    ['workload.services', '{ perNamespace: -1 }', 'workload.services.perNamespace: expected a whole number from 0'],
    ['workload.services', '{ perNamespace: 2.5 }', 'workload.services.perNamespace: expected a whole number from 0'],
    ['workload.services', '{ perNamespce: 2 }', 'perNamespce: unknown field; did you mean perNamespace?'],
    ['workload.services', '[2]', 'workload.services: expected a whole number from 0'],
    ['probes.node', '{ name: Bad Name }', 'probes.node.name: expected the name of a node'],
    ['probes.node', '{ name: a, selector: b }', 'probes.node: expected one node, by name or by selector'],
    ['workload.serviceAccounts', '1.5', 'a whole number from 0 to 1,000,000'],
    ['workload.namespaces', '100000000', 'a whole number from 1 to 100,000'],
    ['fleet.nodes', '1e300', 'a whole number from 1 to 100,000'],
    ['fleet.nodes', '0b10', 'found "0b10"\n'],
    ['fleet.nodes', '"0x10"', 'write it without quotes'],
    ['fleet.nodes', '0.5k', 'accepted'],
    ['fleet.nodes', '0.0005k', 'a whole number from 1 to 100,000'],
    ['fleet.nodes', 'true', 'a whole number from 1 to 100,000'],
    ['fleet.nodes', '"10k"', 'accepted'],
    ['fleet.node.cpu', '8000m', 'accepted'],
    ['fleet.node.cpu', '500m', 'a whole number from 1 to 10,000'],
    ['fleet.node.memory', '1e30Gi', 'an amount of memory'],
    ['fleet.node.memory', '4Ei', 'an amount of memory'],
    ['repetitions', '1001', 'a whole number from 1 to 1,000'],
    ['material', '2.5%', 'accepted'],
    ['material', '0%', 'accepted'],
    ['material', '0.05', 'a percentage from 0% to 100%, such as 5%, found 0.05'],
    ['material', '101%', 'a percentage from 0% to 100%'],
    ['seed', '1e300', 'a whole number from 0 to'],
    ['seed', '-1', 'a whole number from 0 to'],
    ['probes.sequence[0].to', '1e12', 'a whole number from 1 to 100,000'],
    ['probes.sequence[0].timeout', '0s', 'a duration of 1ms to 576h'],
    ['fleet.timeout', '0s', 'a duration of 1ms to 576h'],
    ['workload.timeout', '0', 'a duration of 1ms to 576h'],
    ['workload.timeout', '-5s', 'a duration of 1ms to 576h'],
    ['probes.settle', '577h', 'a duration of at most 576h'],
    ['probes.settle', '10', 'a duration of at most 576h with its unit'],
    ['workload.pace.rate', '1e-12/s', 'a rate from 0.001/s'],
    ['workload.pace.rate', '1e12/s', 'a rate from 0.001/s'],
    ['workload.pace.rate', '.nan', 'a rate from 0.001/s'],
  ])('should be answered, %s being %s, by: %s (hostile 34)', (path, value, message) => {
    expect(refusalOf(`${path}=${value}`)).toContain(message)
  })

  it.each([
    ['workload.services={ perNamespace: 11 }', 'workload.services: adds up to 1,100,000 objects'],
    [
      'workload.configObjects={ secrets: { perNamespace: 11 } }',
      'workload.configObjects.secrets: adds up to 1,100,000',
    ],
    [
      'workload.configObjects={ podsPerConfigObject: 1e-12, configmapsPerSecret: 1 }',
      'workload.configObjects.podsPerConfigObject: adds up to 100,000,000,000,000,000 objects',
    ],
    ['workload.ballast={ total: 1TB, objectSize: 1B }', 'workload.ballast: adds up to 1,000,000,000,000 objects'],
  ])('should be refused for what they multiply to: %s', (override, message) => {
    expect(refusalOf('workload.namespaces=100000', 'workload.pods.total=100000', override)).toContain(message)
  })

  it('should give a plan or a refusal, whatever a count or a duration is', () => {
    const paths = [
      'fleet.nodes',
      'workload.namespaces',
      'workload.pods.total',
      'workload.timeout',
      'probes.settle',
      'repetitions',
    ]
    const given = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.stringMatching(/^[-+.\dekMGi]{1,8}(ms|s|m|h)?$/),
      fc.constant(null),
    )
    fc.assert(
      fc.property(fc.constantFrom(...paths), given, (path, value) => {
        const refusal = refusalOf(`${path}=${JSON.stringify(value)}`)
        expect(refusal).toMatch(/^(accepted$|1 mistake)/)
        expect(refusal).not.toMatch(/fits none|NaN objects|undefined/)
      }),
      { numRuns: 200 },
    )
  }, 60_000)
})
