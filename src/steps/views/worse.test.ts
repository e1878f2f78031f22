import { describe, expect, it } from 'vitest'
import { worsenedText } from '../../report/worse.ts'
import type { ArmOutcome, Result } from '../../result/result.ts'
import { filledResult } from '../../testing/filled-results.ts'
import { fillIn } from '../../testing/outcomes.ts'
import { htmlOf, junitOf, markdownOf, summaryOf, viewFor } from '../../testing/reports.ts'
import { sampleArm, sampleResult } from '../../testing/results.ts'
import type { FillOutcome } from '../fill/outcome.ts'

const fast = { rollout: { created: 800, ready: 7000, available: 7100 }, scaleDown: { rsCurrent: 500, deleted: 14_000 } }

function runOf(...arms: ArmOutcome[]): Result {
  return sampleResult({ arms, reference: null, thresholds: [] })
}

const texts = (result: Result) => viewFor(result).worse.map(worsenedText)

/** A filled run whose second arm is changed. */
function filled(change: (fill: FillOutcome, arm: ArmOutcome, baseline: FillOutcome) => void): Result {
  const result = filledResult()
  const [untuned, tuned] = result.arms
  const baseline = fillIn(untuned)
  if (untuned === undefined || tuned === undefined || baseline === null) throw new Error('the sample has fills')
  // Alike but for what the test changes.
  tuned.steps = structuredClone(untuned.steps)
  untuned.fleet.estimate = null
  tuned.fleet = structuredClone(untuned.fleet)
  change(fillIn(tuned) ?? baseline, tuned, baseline)
  return result
}

describe('what an arm made worse', () => {
  it('should be nothing when all is faster or the same', () => {
    expect(texts(runOf(sampleArm('untuned', 1, 1, fast), sampleArm('tuned', 1, 2, fast)))).toEqual([])
    expect(texts(filled(() => {}))).toEqual([])
  })

  it('should name a stop, by how much, and the client limit that binds it', () => {
    const slow = { ...fast, rollout: { created: 800, ready: 78_900, available: 79_000 } }
    const arms = [sampleArm('tuned', 1, 1, fast), sampleArm('untuned', 1, 2, slow)]
    expect(texts(runOf(...arms))).toEqual([
      "untuned rollout ready: 7.00 s → 78.9 s, 11.3× slower; bound by the kubelet's client limit, 5/s instead of 50/s",
      "untuned rollout available: 7.10 s → 79.0 s, 11.1× slower; bound by the kubelet's client limit, 5/s instead of 50/s",
    ])
  })

  it('should say that the cause is not known, and what was seen beside it', () => {
    const slow = { ...fast, rollout: { created: 1600, ready: 7000, available: 7100 } }
    const [before, after] = [sampleArm('untuned', 1, 1, fast), sampleArm('tuned', 1, 2, slow)]
    expect(texts(runOf(before, after))).toEqual([
      'tuned rollout created: 800 ms → 1.60 s, 2.00× slower; cause not known (one run each)',
    ])
    after.fleet.flaps = { count: 90, nodes: ['a', 'b'], notReadyAtEnd: [] }
    expect(texts(runOf(before, after))[0]).toContain('cause not known, but 2 nodes stopped being Ready')
    after.fleet.estimate = { coresNeeded: 2.8, cores: 2 }
    expect(texts(runOf(before, after))[0]).toContain('the machine is too small for this fleet')
  })

  it.each<[string, (fill: FillOutcome, arm: ArmOutcome, baseline: FillOutcome) => void, string]>([
    [
      'pods wait for the scheduler',
      ({ podPhasesMs, curves, schedulingPerSecond }) => {
        Object.assign(podPhasesMs['created to Ready'] ?? {}, { p99: 710_000 })
        Object.assign(podPhasesMs['created to bound'] ?? {}, { p99: 709_000 })
        Object.assign(curves, {
          created: [
            [0, 0],
            [1000, 1],
            [11_000, 5001],
          ],
        })
        Object.assign(schedulingPerSecond, { mean: 47.9 })
      },
      'pod startup, p99: 2.48 s → 11 m 50 s, 286× slower; pods wait longer to be scheduled: created at 500/s, bound at 47.9/s',
    ],
    [
      'the client limit of the scheduler makes pods wait',
      (fill) => {
        Object.assign(fill.podPhasesMs['created to Ready'] ?? {}, { p99: 710_000 })
        Object.assign(fill.podPhasesMs['created to bound'] ?? {}, { p99: 709_000 })
        const text =
          "bound by the kube-scheduler's client limit: (40000 bindings - burst 100) / 50 per second = 13 m 18 s of 13 m 25 s"
        Object.assign(fill, { explanation: { stop: 'filled', boundBy: 'kube-scheduler/bindings', text } })
      },
      "286× slower; pods wait longer to be scheduled; bound by the kube-scheduler's client limit: (40000 bindings",
    ],
    [
      'kubelets start pods later',
      ({ podPhasesMs }) => {
        Object.assign(podPhasesMs['created to Ready'] ?? {}, { p50: 7400 })
        Object.assign(podPhasesMs['bound to started'] ?? {}, { p50: 7000 })
      },
      'pod startup, p50: 740 ms → 7.40 s, 10.0× slower; kubelets take longer to start pods',
    ],
    [
      'one kind of object takes most',
      (fill) => {
        Object.assign(fill, { durationMs: 400_000 })
        const services = fill.stages.find(({ name }) => name === 'services')
        Object.assign(services ?? {}, { durationMs: 130_000 })
      },
      'filled: 4 m 22 s → 6 m 40 s, 1.52× slower; creating services took 130.0 s instead of',
    ],
    [
      'nodes come later',
      (_, arm) => Object.assign(arm.fleet, { readyMs: 200_000 }),
      // The machine was at its limit when the nodes of the baseline came: what is later than an upper bound is later.
      'nodes Ready: ≤ 99.3 s → 3 m 20 s, ≥ 2.01× slower; cause not known',
    ],
    [
      'requests take longer',
      ({ apiLatency }) => {
        for (const { source, latencyMs } of apiLatency) if (source === 'client') latencyMs.p99 = 9000
      },
      'seen by the client',
    ],
    [
      'watches show changes later',
      ({ watchLagMs }) => Object.assign(watchLagMs, { p99: 900 }),
      'watch lag, p99: 31 ms → 900 ms, 29.0× slower',
    ],
  ])('should name a time of the fill, and the part of it that grew: %s', (_, change, words) => {
    const found = texts(filled(change))
    expect(found.filter((text) => text.includes(words))).toHaveLength(1)
    expect(found).toHaveLength(1)
  })

  it('should leave out what may be chance, a histogram’s buckets, or a machine at its limit', () => {
    const growHistograms = ({ apiLatency }: FillOutcome, factor: number) => {
      for (const { source, latencyMs } of apiLatency)
        if (source === 'apiserver' && latencyMs.p99 !== null) latencyMs.p99 *= factor
    }
    expect(texts(filled((fill) => growHistograms(fill, 1.9)))).toEqual([])
    expect(texts(filled((fill) => growHistograms(fill, 2.1)))).toHaveLength(1)
    expect(texts(filled((fill) => Object.assign(fill, { durationMs: 999_000, machineBusy: 0.95 })))).toEqual([])
    const slow = { ...fast, rollout: { created: 1600, ready: 7000, available: 7100 } }
    const runs = [sampleArm('untuned', 1, 1, fast), sampleArm('tuned', 1, 2, slow), sampleArm('tuned', 2, 3, fast)]
    expect(texts(runOf(...runs))).toEqual([])
  })

  it('should be said at the top of every report, beside a verdict of pass', () => {
    const result = filled(({ watchLagMs }) => Object.assign(watchLagMs, { p99: 900 }))
    const said = 'tuned-split watch lag, p99: 31 ms → 900 ms, 29.0× slower; cause not known (one run each)'
    const summary = summaryOf(result, { reportPath: 'x' })
    expect(summary.split('\n').slice(0, 7)).toEqual([
      'fill-1000: pass, with 1 figure worse (measured)',
      '  No pod was lost. The only threshold is met.',
      '',
      'Worse than untuned',
      '  tuned-split watch lag, p99: 31 ms → 900 ms, 29.0× slower; cause not known',
      '    (one run each)',
      '',
    ])
    for (const report of [markdownOf(result), htmlOf(result), junitOf(result)]) {
      expect(report).toContain('pass, with 1 figure worse (measured)')
      expect(report).toContain(said)
    }
    expect(summaryOf({ ...result, verdict: 'fail' }, { reportPath: 'x' })).toContain('fill-1000: fail (measured)')
  })

  it('should not be said of the values of one setting, whose order says nothing', () => {
    const slow = { ...fast, rollout: { created: 1600, ready: 7000, available: 7100 } }
    const result = runOf(sampleArm('a', 1, 1, fast), sampleArm('b', 1, 2, slow))
    const values = [
      { value: 1, arm: 'a' },
      { value: 2, arm: 'b' },
    ]
    expect(texts({ ...result, whatIf: { varied: 'x', basedOn: 'tuned', values } })).toEqual([])
  })
})
