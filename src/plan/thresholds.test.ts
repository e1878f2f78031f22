import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { vocabulary } from '../testing/plans.ts'
import { parsePlan, planHash } from './parse.ts'

const plan = (thresholds: string, include = '') => `apiVersion: scale-test/v1
name: small
${include}fleet: { nodes: 2, node: { cpu: 8, memory: 16Gi } }
workload: { namespaces: 1, pods: { total: 4, perDeployment: 2 }, pace: { rate: 50/s } }
arms: [{ profile: untuned }, { profile: tuned }]
probes:
  pod: { image: pause, serviceAccountToken: false }
  sequence: [{ name: rollout, from: 1, to: 5, timeout: 1m }]
thresholds:
${thresholds}`

const first = plan('').split('\n').length

function mistakes(threshold: string): string[] {
  try {
    parsePlan(plan(`  - ${threshold}\n`), 'plan.yaml', vocabulary)
    return []
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return error.message.split('\n').flatMap((line) => /thresholds\[0\].*/.exec(line)?.[0] ?? [])
  }
}

describe('thresholds of a plan', () => {
  it.each([
    ['{ series: pod_startup, max: 5s }', 'there is no series "pod_startup"'],
    ['{ series: etcd_fsync, max: 5s }', 'did you mean etcd_fsync_ms?'],
    ['{ series: etcd_fsync_ms, max: 5 }', 'expected a duration with a unit, such as 30s, found 5'],
    ['{ series: etcd_size_bytes, max: 5s }', 'expected a size, such as 2GiB, found "5s"'],
    ['{ series: etcd_fsync_ms, percentile: max, max: 5s }', 'a histogram, which has no maximum'],
    ['{ series: fill_ms, percentile: p99, max: 5s }', 'is one figure, not a distribution'],
    ['{ series: fill_ms, step: rollout, max: 5s }', '"rollout" has no series fill_ms; fill of this plan has it'],
    ['{ series: fill_ms, step: fil, max: 5s }', 'the plan has no step "fil"; it has fill, rollout; did you mean fill?'],
    ['{ series: etcd_fsync_ms, where: { instanc: x }, max: 5s }', 'has no label "instanc"; it has instance'],
    ['{ series: etcd_fsync_ms, of: stock, max: 5s }', 'the plan has no arm "stock"'],
    ['{ series: etcd_fsync_ms }', 'needs min, max, or both'],
    ['{ series: etcd_fsync_ms, stop: ready, max: 5s }', 'cannot be combined with a series'],
    ['{ probe: rollout, max: 5s }', 'needs a series, or a probe and its stop'],
    ['{ series: fill_ms, of: tuned, notWorse: 5% }', 'notWorse needs against'],
    ['{ series: fill_ms, of: tuned, against: tuned, notWorse: 5% }', 'never worse than itself'],
    ['{ series: fill_ms, of: tuned, against: untuned, notWorse: 5%, max: 5s }', 'has min or max as well as notWorse'],
    ['{ series: apiserver_sli_latency_ms, window: 1m, max: 5s }', 'must be 5m'],
  ])('should be refused where they are written: %s', (threshold, message) => {
    expect(mistakes(threshold)).toEqual([expect.stringContaining(message)])
  })

  it.each([
    'etcd_size_bytes, max: 2GiB',
    'etcd_size_bytes, max: 1.5GB',
    'pods_bound_per_second, min: 50/s',
    'machine_busy_ratio, max: 80%',
    'machine_busy_ratio, max: 0.8',
    'component_cores, max: 1.5',
    'etcd_fsync_ms, max: 10ms',
    'node_flaps_total, max: 0',
  ])('should take a bound in the form of its unit: %s', (threshold) => {
    expect(mistakes(`{ series: ${threshold} }`)).toEqual([])
  })

  it('should say where they stand, and add up over the files that a plan includes', () => {
    const own = '  - { probe: rollout, stop: ready, of: tuned, max: 9s }\n  - { series: fill_ms, max: 10m }\n'
    const slo = '# levels\nthresholds:\n  - { series: etcd_fsync_ms, max: 1s }\n'
    const text = plan(own, 'include: [slo.yaml]\n')
    const options = { read: () => slo, overrides: ['thresholds[1].max=8s'] }
    const { thresholds } = parsePlan(text, 'plans/plan.yaml', vocabulary, options)
    expect(thresholds.map(({ series, stop, max, place }) => [series ?? stop, max, place])).toEqual([
      ['etcd_fsync_ms', '1s', { file: 'plans/slo.yaml', line: 3 }],
      ['ready', '8s', { file: 'plans/plan.yaml', line: first + 1 }],
      ['fill_ms', '10m', { file: 'plans/plan.yaml', line: first + 2 }],
    ])
    const elsewhere = parsePlan(text, 'other.yaml', vocabulary, options)
    expect(planHash(elsewhere)).toBe(planHash(parsePlan(text, 'plans/plan.yaml', vocabulary, options)))
  })
})
