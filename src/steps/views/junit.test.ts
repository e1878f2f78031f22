import { describe, expect, it } from 'vitest'
import type { Result } from '../../result/result.ts'
import { filledResult } from '../../testing/filled-results.ts'
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

  it('should fail the case of a missed threshold and err on one without a sample', () => {
    const result = sampleResult({
      verdict: 'fail',
      thresholds: [
        { name: 'missed', verdict: 'fail', actual: 17_400, unit: 'ms', reason: 'more than 15 s' },
        { name: 'unknown', verdict: 'inconclusive', actual: null, unit: 'ms' },
      ],
    })
    const { cases, attributes } = read(result)
    expect(cases.find(({ name }) => name === 'missed')).toMatchObject({
      ended: 'failure',
      message: 'actual 17.4 s: more than 15 s',
    })
    expect(cases.find(({ name }) => name === 'unknown')).toMatchObject({ ended: 'error', message: 'no figure' })
    expect(cases.find(({ name }) => name === 'verdict')).toMatchObject({ ended: 'failure' })
    expect(attributes).toMatchObject({ failures: '2', errors: '1' })
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
        message: 'namespace &lt;a&gt;; sysctl b',
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

interface ReadCase {
  name: string
  time: string
  ended: string
  message: string | undefined
}

/** The suite as a pipeline reads it; also checks that every element is closed. */
function read(result: Result): { cases: ReadCase[]; attributes: Record<string, string> } {
  const xml = junitOf(result)
  const open: string[] = []
  for (const [, close, name, selfClosed] of xml.matchAll(/<(\/?)([\w-]+)[^<>]*?(\/?)>/g)) {
    if (close === '/') expect(open.pop()).toBe(name)
    else if (selfClosed !== '/') open.push(name ?? '')
  }
  expect(open).toEqual([])
  const cases = [...xml.matchAll(/<testcase [^>]* name="([^"]*)" time="([^"]*)">(.*?)<\/testcase>/gs)].map(
    ([, name = '', time = '', inner = '']) => {
      const [, ended, message] = /<(failure|error|skipped) message="([^"]*)"/.exec(inner) ?? []
      return { name, time, ended: ended ?? 'passed', message }
    },
  )
  const suite = /<testsuite ([^>]*)>/.exec(xml)?.[1] ?? ''
  return {
    cases,
    attributes: Object.fromEntries([...suite.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value])),
  }
}
