import { describe, expect, it } from 'vitest'
import type { Threshold } from '../plan/plan.ts'
import type { Distribution } from '../result/distribution.ts'
import type { ArmOutcome, ThresholdOutcome } from '../result/result.ts'
import type { Series } from '../result/series.ts'
import { filledResult } from '../testing/filled-results.ts'
import { stepsDone } from '../testing/outcomes.ts'
import { sampleResult } from '../testing/results.ts'
import { judgedAgain } from './judge-again.ts'
import { boundsOf, judgeAll } from './thresholds.ts'

const spread = (p99: number | null, more: Partial<Distribution> = {}): Distribution => ({
  count: 100,
  missing: 0,
  p50: 1,
  p90: 2,
  p99,
  max: null,
  ...more,
})

const shared = { evidence: 'measured', gaps: [] as string[] } as const

function latency(verb: string, resource: string, p99: number | null, more: Partial<Distribution> = {}): Series {
  return {
    ...shared,
    name: 'apiserver_sli_latency_ms',
    labels: { verb, resource, scope: 'resource' },
    unit: 'ms',
    distribution: spread(p99, more),
  }
}

function value(name: string, unit: Series['unit'], figure: number | null, labels = {}, gaps: string[] = []): Series {
  return { ...shared, name, labels, unit, value: figure, gaps }
}

function arm(name: string, repetition: number, series: Series[]): ArmOutcome {
  return { name, repetition, steps: stepsDone(null, []), series } as unknown as ArmOutcome
}

function judge(threshold: Threshold, arms: ArmOutcome[]): ThresholdOutcome[] {
  const plan = { arms: [...new Set(arms.map(({ name }) => name))].map((name) => ({ name })), steps: [] }
  return judgeAll(boundsOf(threshold, plan as unknown as Parameters<typeof boundsOf>[1]), arms)
}

describe('thresholds on series', () => {
  const mixed = [
    arm('untuned', 1, [latency('POST', 'pods', 40), latency('PUT', 'leases', 1200), latency('GET', 'pods', 9)]),
    arm('tuned', 1, [latency('POST', 'pods', 60), latency('PUT', 'leases', 700)]),
  ]

  it('should hold every arm and every combination of labels to it, one by one, each with an id of its own', () => {
    const outcomes = judge(
      {
        id: 'calls',
        series: 'apiserver_sli_latency_ms',
        where: { verb: ['POST', 'PUT'] },
        each: ['verb', 'resource'],
        max: '1s',
      },
      mixed,
    )
    expect(outcomes.map(({ id, verdict, actual }) => [id, verdict, actual])).toEqual([
      ['calls/untuned/POST/pods', 'pass', 40],
      ['calls/untuned/PUT/leases', 'fail', 1200],
      ['calls/tuned/POST/pods', 'pass', 60],
      ['calls/tuned/PUT/leases', 'pass', 700],
    ])
    expect(new Set(outcomes.map(({ group }) => group))).toEqual(new Set(['calls']))
  })

  it('should tell the worst of those that all have to hold', () => {
    const [outcome] = judge({ series: 'apiserver_sli_latency_ms', of: 'untuned', max: '1s' }, mixed)
    expect(outcome).toMatchObject({
      verdict: 'fail',
      actual: 1200,
      note: 'the worst of 3: verb PUT, resource leases, scope resource',
      id: 'untuned/arm/apiserver_sli_latency_ms/p99',
    })
  })

  it('should never pass without data, and say why there is none (fault 35)', () => {
    const cores = { series: 'component_cores', of: 'tuned', max: 4 } as const
    expect(judge(cores, [arm('tuned', 1, [])])).toMatchObject([
      { verdict: 'inconclusive', actual: null, reason: 'tuned #1: no component_cores was recorded' },
    ])
    const simulated = { ...value('client_retries_total', 'count', 0), evidence: 'simulated' } as const
    expect(judge(cores, [arm('tuned', 1, [simulated])])).toMatchObject([
      { verdict: 'inconclusive', reason: 'tuned #1: no component_cores: a simulation has no machine' },
    ])
    const unread = value('etcd_size_bytes', 'bytes', null, {}, ['etcd: connect ECONNREFUSED'])
    expect(judge({ series: 'etcd_size_bytes', of: 'tuned', max: '2GiB' }, [arm('tuned', 1, [unread])])).toMatchObject([
      { verdict: 'inconclusive', reason: 'tuned #1: etcd: connect ECONNREFUSED' },
    ])
    const read = value('etcd_size_bytes', 'bytes', 5, { instance: 'etcd' })
    expect(
      judge({ series: 'etcd_size_bytes', of: 'tuned', max: '2GiB' }, [
        arm('tuned', 1, [read]),
        arm('tuned', 2, [unread]),
      ]),
    ).toMatchObject([{ verdict: 'inconclusive' }])
  })

  it('should not miss a request that nobody made in one repetition', () => {
    const arms = [
      arm('tuned', 1, [latency('POST', 'pods', 40), latency('DELETE', 'pods', 30)]),
      arm('tuned', 2, [latency('POST', 'pods', 50)]),
    ]
    const outcomes = judge({ series: 'apiserver_sli_latency_ms', each: ['verb'], max: '1s' }, arms)
    expect(outcomes.map(({ verdict, actual }) => [verdict, actual])).toEqual([
      ['pass', 30],
      ['pass', 45],
    ])
  })

  it('should fail what lies beyond the last bucket of a histogram, if that is beyond the limit', () => {
    const arms = [arm('tuned', 1, [latency('POST', 'pods', null, { beyondMs: 60_000 })])]
    const verdict = (max: string) => judge({ series: 'apiserver_sli_latency_ms', of: 'tuned', max }, arms)[0]
    expect(verdict('1s')).toMatchObject({
      verdict: 'fail',
      actual: null,
      reason: 'longer than 60.0 s, where the histogram ends',
    })
    expect(verdict('2m')).toMatchObject({ verdict: 'inconclusive', actual: null })
  })

  it('should take the worst window, and the whole time where none was whole', () => {
    const windows = { lengthMs: 300_000, windows: 3, p50: 5, p90: 6, p99: 1500 }
    const long = { ...latency('POST', 'pods', 40), worstWindow: windows } as Series
    const threshold = { series: 'apiserver_sli_latency_ms', of: 'tuned', window: 300_000, max: '1s' } as const
    expect(judge(threshold, [arm('tuned', 1, [long])])[0]).toMatchObject({
      verdict: 'fail',
      actual: 1500,
      note: 'the worst of 3 windows of 5 m 0 s, the last one shorter',
    })
    expect(judge(threshold, [arm('tuned', 1, [latency('POST', 'pods', 40)])])[0]).toMatchObject({
      verdict: 'pass',
      actual: 40,
    })
    expect(judge(threshold, [arm('tuned', 1, [latency('POST', 'pods', 40)])])[0]?.note).toMatch(
      /^no whole window of 5 m 0 s/,
    )
  })

  it('should take what a saturated machine did for a bound: of a time the most, of a rate the least', () => {
    const busy = value('machine_busy_ratio', 'ratio', 0.97)
    const arms = [
      arm('tuned', 1, [busy, latency('POST', 'pods', 900), value('pods_bound_per_second', 'per second', 50)]),
    ]
    const verdict = (threshold: Threshold) => judge({ of: 'tuned', ...threshold }, arms)[0]?.verdict
    expect(verdict({ series: 'apiserver_sli_latency_ms', max: '1s' })).toBe('pass')
    expect(verdict({ series: 'apiserver_sli_latency_ms', max: '800ms' })).toBe('inconclusive')
    expect(verdict({ series: 'pods_bound_per_second', min: '40/s' })).toBe('pass')
    expect(verdict({ series: 'pods_bound_per_second', min: '60/s' })).toBe('inconclusive')
    expect(verdict({ series: 'machine_busy_ratio', max: '90%' })).toBe('fail')
  })

  it("should judge a step's own figures, of every step that has them when none is named", () => {
    const { arms } = filledResult()
    const plan = {
      arms: [{ name: 'tuned' }],
      steps: [
        { kind: 'fill', name: 'fill', at: 'workload', section: { pods: { total: 1 } } },
        { kind: 'probe', name: 'rollout', at: '', section: { from: 1, to: 200 } },
        { kind: 'probe', name: 'scale-down', at: '', section: { from: 200, to: 1 } },
      ],
    } as unknown as NonNullable<Parameters<typeof boundsOf>[1]>
    const bounds = boundsOf({ series: 'pod_startup_ms', where: { phase: 'created to Ready' }, max: '5s' }, plan)
    expect(bounds.map((one) => 'step' in one && one.step)).toEqual(['fill', 'rollout'])
    expect(judgeAll(bounds.slice(0, 1), arms)).toMatchObject([{ unit: 'ms', id: 'tuned/fill/pod_startup_ms/p99' }])
  })

  it('should compare with another arm by pairs, and tell worse from not worse from not known', () => {
    const arms = (ratio: number, noise: number) =>
      [1, 2, 3, 4].flatMap((repetition) => [
        arm('a', repetition, [value('client_retry_wait_ms', 'ms', 1000 + repetition)]),
        arm('b', repetition, [
          value(
            'client_retry_wait_ms',
            'ms',
            (1000 + repetition) * ratio * (1 + noise * (repetition % 2 === 0 ? 1 : -1)),
          ),
        ]),
      ])
    const verdict = (ratio: number, noise: number) =>
      judge({ series: 'client_retry_wait_ms', of: 'b', against: 'a', notWorse: 0.05 }, arms(ratio, noise))[0]?.verdict
    expect([verdict(1, 0.01), verdict(1.2, 0.01), verdict(1.03, 0.3)]).toEqual(['pass', 'fail', 'inconclusive'])
    const once = arms(1, 0).slice(0, 2)
    expect(judge({ series: 'client_retry_wait_ms', of: 'b', against: 'a', notWorse: 0.05 }, once)[0]).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('--repeat'),
    })
  })

  it('should keep what a baseline had, so that it can be judged again without it', () => {
    const runs = (name: string, ms: number) =>
      [1, 2, 3, 4].map((repetition) => arm(name, repetition, [value('client_retry_wait_ms', 'ms', ms + repetition)]))
    const bounds = boundsOf({ series: 'client_retry_wait_ms', of: 'b', against: 'baseline:last', notWorse: 0.05 })
    const arms = runs('b', 1200)
    const thresholds = judgeAll(bounds, arms, new Map([['last', runs('b', 1000)]]))
    expect(thresholds).toMatchObject([{ verdict: 'fail', unit: 'ratio' }])
    const complete = arms.map((one) => ({ ...sampleResult().arms[0], ...one }) as ArmOutcome)
    expect(judgedAgain(sampleResult({ arms: complete, thresholds })).thresholds).toEqual(thresholds)
  })
})
