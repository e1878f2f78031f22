import { describe, expect, it } from 'vitest'
import { Failure } from '../../base/errors.ts'
import { renderJunitOfFailure } from '../../report/junit.ts'
import type { Result } from '../../result/result.ts'
import { filledResult } from '../../testing/filled-results.ts'
import type { JunitCase } from '../../testing/junit-rules.ts'
import { junitCasesOf } from '../../testing/junit-rules.ts'
import { fillIn, probesIn, stepsDone } from '../../testing/outcomes.ts'
import { junitOf } from '../../testing/reports.ts'
import { sampleResult } from '../../testing/results.ts'

describe('junit report', () => {
  it('should have a case for every threshold, arm, probe and clean-up', () => {
    const { cases, attributes } = read(sampleResult())
    // verdict + 3 thresholds + 4 arms x (arm + 2 probes + clean-up)
    expect(cases).toHaveLength(20)
    expect(attributes).toMatchObject({ tests: '20', failures: '0', errors: '0', skipped: '0', time: '562.400' })
    expect(attributes.timestamp).toBe('2026-11-14T09:30:00.000Z')
    expect(cases.find(({ name }) => name === 'untuned #1: rollout 1 → 200')).toMatchObject({
      time: '79.702',
      ended: 'passed',
    })
  })

  it('should have one failure for each missed threshold, and an error for one without a figure', () => {
    const missed = { name: 'rollout at most 15 s', verdict: 'fail', actual: 17_400, unit: 'ms' } as const
    const { cases, attributes } = read(
      sampleResult({ verdict: 'fail', reasons: ['missed: rollout'], thresholds: [{ ...missed, reason: 'at night' }] }),
    )
    expect(cases.filter(({ ended }) => ended !== 'passed')).toMatchObject([
      {
        name: 'rollout at most 15 s',
        ended: 'failure',
        type: 'threshold-missed',
        message: 'rollout at most 15 s: actual 17.4 s: at night',
      },
    ])
    expect(attributes).toMatchObject({ failures: '1', errors: '0' })

    const unknown = { name: 'unknown', verdict: 'inconclusive', actual: null, unit: 'ms' } as const
    const open = read(sampleResult({ verdict: 'inconclusive', thresholds: [missed, unknown] }))
    expect(open.cases.filter(({ ended }) => ended !== 'passed')).toMatchObject([
      { name: 'verdict', ended: 'error', type: 'no-data' },
      { name: 'rollout at most 15 s', ended: 'failure' },
      { name: 'unknown', ended: 'error', type: 'no-data', message: 'unknown: no figure' },
    ])
  })

  it('should call a threshold by what stays the same, and say where the plan has it', () => {
    const place = { file: 'plans/single-node.yaml', line: 41 }
    const named = (max: number) => ({
      name: `tuned rollout available at most ${max} ms`,
      max,
      id: 'tuned rollout',
      place,
    })
    const caseOf = (max: number) => {
      const threshold = { ...named(max), verdict: 'fail', actual: 17_400, unit: 'ms' } as const
      const { cases } = read(sampleResult({ verdict: 'fail', thresholds: [threshold] }))
      return cases.find(({ ended }) => ended === 'failure')
    }
    const [before, after] = [caseOf(15_000), caseOf(10_000)]
    expect(before).toMatchObject({
      suite: 'scale-test kubelet-200 (measured) thresholds',
      file: 'plans/single-node.yaml',
      name: 'tuned rollout',
      message: 'tuned rollout available at most 15000 ms: actual 17.4 s',
      details: expect.stringMatching(/\nplans\/single-node\.yaml:41$/),
    })
    expect([after?.suite, after?.classname, after?.name]).toEqual([before?.suite, before?.classname, before?.name])
  })

  it.each([
    ['interrupted', 'interrupted', 'interrupted'],
    ['infrastructure', 'failed', 'infrastructure'],
    ['lost', 'failed', 'lost-cluster'],
    ['bug', 'failed', 'bug'],
    ['safety-refusal', 'failed', 'refused'],
    [undefined, 'failed', 'killed'],
  ] as const)('should say what sort of thing ended a run early: %s', (endedBy, outcome, type) => {
    const result = sampleResult({
      ...{ partial: true, verdict: 'inconclusive', ending: 'etcd is gone', thresholds: [] },
      ...(endedBy !== undefined && { endedBy }),
    })
    Object.assign(result.arms[3] ?? {}, { outcome, error: 'etcd is gone' })
    expect(read(result).cases.filter(({ ended }) => ended !== 'passed')).toMatchObject([
      { name: 'verdict', ended: 'error', type },
      { name: 'untuned #2', ended: 'error', type: endedBy === undefined ? 'no-data' : type },
    ])
  })

  it('should say of an arm that could not be measured, while others were, that there is no data', () => {
    const result = sampleResult({ partial: true, verdict: 'inconclusive', thresholds: [] })
    Object.assign(result.arms[3] ?? {}, { outcome: 'failed', error: 'no node was Ready' })
    expect(read(result).cases.filter(({ ended }) => ended === 'error')).toMatchObject([
      { name: 'verdict', type: 'no-data' },
      { name: 'untuned #2', type: 'no-data', message: 'arm failed: no node was Ready' },
    ])
  })

  it('should err on a probe whose stop was not reached', () => {
    const result = sampleResult()
    const progress = { deleted: { done: 78, total: 199 } }
    Object.assign(probesIn(result.arms[1])[1] ?? {}, { timeoutMs: 300_000, progress })
    Object.assign(probesIn(result.arms[1])[1]?.stopsMs ?? {}, { deleted: null })
    expect(read(result).cases.find(({ name }) => name === 'tuned #1: scale-down 200 → 1')).toMatchObject({
      ended: 'error',
      message: 'timed out after 5 m 0 s with 78 of 199 deleted; raise probes.sequence[1].timeout',
      time: '0.512',
    })
  })

  it('should err on a failed arm and skip the probes it never came to', () => {
    const result = sampleResult({ partial: true, verdict: 'inconclusive' })
    Object.assign(result.arms[2] ?? {}, { outcome: 'failed', error: 'apiserver gone', steps: [] })
    const { cases, attributes } = read(result)
    expect(cases.find(({ name }) => name === 'tuned #2')).toMatchObject({
      ended: 'error',
      message: 'arm failed: apiserver gone',
    })
    expect(cases.filter(({ ended }) => ended === 'skipped')).toMatchObject([
      { name: 'tuned #2: rollout 1 → 200', message: 'not run, arm failed: apiserver gone' },
      { name: 'tuned #2: scale-down 200 → 1' },
    ])
    expect(attributes).toMatchObject({ tests: '20', errors: '2', skipped: '2' })
  })

  it('should have a case for every fill that takes as long as it took', () => {
    const { cases } = read(filledResult())
    expect(cases.filter(({ name }) => name.includes('fill'))).toMatchObject([
      { name: 'untuned #1: fill: every object counted', time: '262.400', ended: 'passed' },
      { name: 'tuned-split #1: fill: every object counted', time: '98.700', ended: 'passed' },
    ])
    expect(read(sampleResult()).cases.filter(({ name }) => name.includes('fill'))).toEqual([])
  })

  it('should err on a fill that lacks something and skip the one that an arm never came to', () => {
    const result = filledResult()
    const [untuned, tuned] = result.arms
    Object.assign(fillIn(untuned)?.objects['secrets'] ?? {}, { observed: 248, failed: 2 })
    Object.assign(fillIn(untuned)?.pods ?? {}, { ready: 4990 })
    Object.assign(tuned ?? {}, {
      steps: stepsDone(null, probesIn(tuned)),
      outcome: 'failed',
      error: 'apiserver gone',
    })
    expect(read(result).cases.filter(({ name }) => name.includes('fill'))).toMatchObject([
      { ended: 'error', message: '248 of 250 secrets (2 could not be created) and 4,990 of 5,000 pods Ready' },
      { ended: 'skipped', message: 'not run, arm failed: apiserver gone' },
    ])
  })

  it('should fail the clean-up that left something behind', () => {
    const result = sampleResult()
    Object.assign(result.arms[0] ?? {}, { residue: ['namespace <a>', 'sysctl b'] })
    expect(read(result).cases.filter(({ ended }) => ended !== 'passed')).toMatchObject([
      {
        name: 'untuned #1: everything removed and restored',
        ended: 'failure',
        message: 'namespace <a>; sysctl b',
      },
    ])
  })

  it('should never be green when no arm ever started', () => {
    const { attributes } = read(
      sampleResult({ arms: [], thresholds: [], verdict: 'inconclusive', reasons: ['no cluster'] }),
    )
    expect(attributes).toMatchObject({ tests: '1', errors: '1' })
    expect(read(sampleResult({ partial: true })).attributes).toMatchObject({ errors: '1' })
  })

  it('should carry the evidence in the names of suite and cases', () => {
    const xml = junitOf(sampleResult({ evidence: 'simulated' }))
    expect(xml.match(/<testsuites? name="scale-test kubelet-200 \(simulated\)"/g)).toHaveLength(2)
    expect(xml.match(/classname="scale-test.kubelet-200 \(simulated\)\./g)).toHaveLength(20)
  })
})

/** The report as a pipeline reads it: it breaks no rule of Jenkins or GitLab. */
function read(result: Result): { cases: JunitCase[]; attributes: Record<string, string> } {
  const xml = junitOf(result)
  const cases = junitCasesOf(xml)
  const suite = /<testsuite ([^>]*)>/.exec(xml)?.[1] ?? ''
  return {
    cases,
    attributes: Object.fromEntries([...suite.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value])),
  }
}

describe('the report of what never became a run', () => {
  it('should be one error, of its sort, at the file that has the mistake', () => {
    const mistakes = [{ file: 'plans/mine.yaml', line: 3, message: 'fleet: missing' }]
    const failure = new Failure('bad-input', '1 mistake in plans/mine.yaml\n\nplans/mine.yaml:3:1  fleet: <missing>', {
      next: 'See docs/plans.md',
      mistakes,
    })
    expect(junitCasesOf(renderJunitOfFailure('mine', failure, failure))).toMatchObject([
      {
        file: 'plans/mine.yaml',
        name: 'verdict',
        ended: 'error',
        type: 'bad-plan',
        message: '1 mistake in plans/mine.yaml',
        details: `${failure.message}\n\nSee docs/plans.md`,
      },
    ])
    expect(junitCasesOf(renderJunitOfFailure('mine', new TypeError('x is undefined'), undefined))).toMatchObject([
      { ended: 'error', type: 'bug', message: 'x is undefined' },
    ])
  })
})
