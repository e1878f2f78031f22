import { describe, expect, it } from 'vitest'
import { filledResult } from '../../testing/filled-results.ts'
import { fillIn } from '../../testing/outcomes.ts'
import { summaryOf } from '../../testing/reports.ts'
import { sampleArm, sampleResult } from '../../testing/results.ts'

describe('summary', () => {
  it('should show verdict, stops beside the document, thresholds and where the report is', () => {
    expect(summaryOf(sampleResult(), { reportPath: 'reports/x/report.html' })).toBe(`kubelet-200: pass (measured)
  No pod was lost. All 3 thresholds are met.

rollout 1 → 200 (measured)           untuned        tuned                  ratio
  created                             9.09 s       900 ms             none shown
                                                                  (0.760 to 140)
  available                           79.4 s       8.46 s           9.43× faster
                                                                  (2.48 to 35.8)
    document                          78.1 s       24.8 s           3.15× faster
  ready                               79.2 s       8.34 s           9.55× faster
                                                                  (2.49 to 36.6)
  tuned: no difference shown in created (18.0× or more would have been seen).
    362 repetitions would show 20 %.

scale-down 200 → 1 (measured)        untuned        tuned                  ratio
  ReplicaSet current                  8.67 s       558 ms           15.6× faster
                                                                  (5.32 to 45.7)
    document                          32.0 s       9.05 s           3.54× faster
  deleted                            122.6 s       20.5 s             none shown
                                                                  (0.114 to 347)
  tuned: no difference shown in deleted (85.3× or more would have been seen).
    854 repetitions would show 20 %.

pass         all 3 thresholds met

2 repetitions of each arm. Ratios are geometric means over the repetitions, with
95 % intervals; less than 5 % counts as no difference.

tuned rolls out 200 pods 9.43× faster (2.48 to 35.8): 79.4 s → 8.46 s; untuned
  is bound by the kubelet's client limit, 5/s instead of 50/s
tuned removes 199 pods in 20.5 s, untuned in 122.6 s: 2 runs of each are too
  few to rule out chance
9 settings differ; 2 runs of each arm

report: reports/x/report.html`)
  })

  it('should say nothing of the orchestrator’s memory when it is not known', () => {
    const options = { reportPath: 'x', isFull: true }
    expect(summaryOf(sampleResult(), options)).toContain('orchestrator')
    expect(summaryOf(sampleResult({ orchestrator: null }), options)).not.toContain('orchestrator')
  })

  it('should show how the cluster was filled before the probes', () => {
    const summary = summaryOf(filledResult(), { reportPath: 'x' })
    expect(summary).toContain(`
filling the cluster (measured)       untuned  tuned-split                  ratio
  filled                            4 m 22 s       98.7 s           2.66× faster
  pod startup, p99                    2.48 s       3.61 s           1.46× slower
  pods Ready                           5,000        5,000
  config objects                       1,250        1,250

rollout 1 → 200 (measured) `)
    expect(widest(summary)).toBeLessThanOrEqual(80)
  })

  it('should say in full which arms a table compares where its head cuts their names off', () => {
    const figures = { rollout: { created: 1, ready: 2, available: 3 }, scaleDown: { rsCurrent: 1, deleted: 2 } }
    const arms = ['kubelet-5-kcm-20', 'kubelet-5-kcm-500'].map((name, index) => sampleArm(name, 1, index, figures))
    const lines = summaryOf(sampleResult({ arms, reference: null, thresholds: [] }), {}).split('\n')
    const heads = lines.flatMap((line, index) => (line.includes('kubelet-5-k…') ? [lines[index - 1]] : []))
    expect(heads).toEqual(Array(2).fill('kubelet-5-kcm-20 against kubelet-5-kcm-500'))
  })

  it('should mark a threshold that was judged by an upper bound', () => {
    const [threshold] = sampleResult().thresholds
    const thresholds = threshold === undefined ? [] : [{ ...threshold, isUpperBound: true as const }]
    expect(summaryOf(sampleResult({ thresholds }), { isFull: true })).toMatch(/ ≤ 79.4 s$/m)
  })

  it('should mark a fill that was machine-bound and say what is missing of one', () => {
    const result = filledResult({ evidence: 'simulated' })
    const [untuned, tuned] = result.arms
    Object.assign(fillIn(untuned) ?? {}, { machineBusy: 0.97 })
    Object.assign(fillIn(tuned)?.pods ?? {}, { ready: 4990 })
    expect(summaryOf(result, { reportPath: 'x' })).toContain(`
filling the cluster (simulated)      untuned  tuned-split                  ratio
  filled                          ≤ 4 m 22 s  not reached                      —
  pod startup, p99                  ≤ 2.48 s       3.61 s         ≥ 1.46× slower
  pods Ready                           5,000    4990/5000
  config objects                       1,250        1,250
  machine                        bound, 97 %         87 %
`)
  })

  it('should keep within 80 columns and off the terminal’s controls whatever the names', () => {
    const name = `a-very-long-profile-name\u001b[31m${'x'.repeat(90)}`
    const times = { rollout: { created: 1, ready: 2, available: 3 }, scaleDown: { rsCurrent: 4, deleted: 5 } }
    const [first] = sampleResult().arms
    const arms = [
      first ?? sampleArm('untuned', 1, 1, times),
      sampleArm(name, 1, 2, times),
      sampleArm('third', 1, 3, times),
    ]
    for (const arm of arms) arm.residue = [`namespace ${'y'.repeat(100)} and some more words that go on after it`]
    const figures = arms.map(({ name }) => ({ probe: 'rollout', stop: 'ready', arm: name, valueMs: 3_599_000 }))
    const result = sampleResult({
      arms,
      reference: { source: 'notes', figures },
      evidence: 'simulated',
      plan: 'p'.repeat(100),
      reasons: ['word '.repeat(60)],
      thresholds: [
        { name: 'n'.repeat(100), verdict: 'inconclusive', actual: null, unit: 'ms', reason: 'because '.repeat(20) },
      ],
    })
    const summary = summaryOf(result, { reportPath: 'report.html' })
    expect(widest(summary)).toBeLessThanOrEqual(80)
    expect(summary).not.toContain('\u001b')
    expect(summary).toContain('rollout 1 → 200 (simulated)')
    expect(summary.match(/^rollout/gm)).toHaveLength(2)
  })

  it.each([60, 70, 80, 120])('should keep within a terminal of %d columns, without a word in two', (columns) => {
    for (const result of [sampleResult(), filledResult(), filledResult({ evidence: 'simulated' })]) {
      const lines = summaryOf(result, { columns, isFull: true }).split('\n')
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(Math.min(80, columns))
      // Names that the head of a table cuts off stand in full above it.
      expect(lines.filter((line) => line.includes('…') && !line.endsWith('ratio'))).toEqual([])
    }
  })

  it('should end with what the arms made of each step, and the report', () => {
    const last = summaryOf(sampleResult(), { reportPath: 'reports/x/report.html' }).split('\n\n').at(-2)
    expect(last?.replaceAll(/\s+/g, ' ')).toMatch(
      /^tuned rolls out 200 pods 9\.43× faster .* 9 settings differ; 2 runs of each arm$/,
    )
  })

  it('should put thresholds that are missed first, with how far they are from their limit', () => {
    const [first, second, third] = sampleResult().thresholds
    if (first === undefined || second === undefined || third === undefined) throw new Error('the sample has three')
    const thresholds = [first, { ...second, verdict: 'fail' as const, max: 4000 }, third]
    const lines = summaryOf(sampleResult({ thresholds }), {}).split('\n')
    const at = lines.findIndex((line) => line.startsWith('fail '))
    expect(lines.slice(at, at + 3)).toEqual([
      expect.stringMatching(/^fail +tuned rollout available at most 24.8 s +8.46 s$/),
      expect.stringMatching(/^ +2.12× the limit$/),
      expect.stringMatching(/^pass +2 thresholds met$/),
    ])
    expect(summaryOf(sampleResult({ thresholds }), { isFull: true })).toMatch(
      /^pass +untuned rollout available between/m,
    )
  })

  it('should count thresholds that a stopped run has nothing to judge by', () => {
    const thresholds = sampleResult().thresholds.map((one) => ({
      ...one,
      verdict: 'inconclusive' as const,
      actual: null,
    }))
    const stopped = sampleResult({ partial: true, thresholds })
    expect(summaryOf(stopped, {})).toMatch(/^inconclusive 3 thresholds with nothing to judge$/m)
    expect(summaryOf(stopped, { isFull: true }).match(/^inconclusive/gm)).toHaveLength(3)
    expect(summaryOf(sampleResult({ thresholds }), {}).match(/^inconclusive/gm)).toHaveLength(3)
  })

  it('should say of an interruption a single line', () => {
    const result = sampleResult({ partial: true, endedBy: 'interrupted', reasons: ['interrupted by SIGINT'] })
    Object.assign(result.arms[1] ?? {}, { outcome: 'interrupted', error: 'interrupted by SIGINT' })
    const summary = summaryOf(result, {})
    expect(summary.match(/interrupted/g)).toHaveLength(1)
    expect(summary).toMatch(/^partial: interrupted by SIGINT$/m)
  })

  it('should dress lines up without moving columns when it is given a style', () => {
    const around = (left: string, right: string) => (text: string) => `${left}${text}${right}`
    const styles = { bold: around('«', '»'), red: around('‹', '›'), green: around('⟨', '⟩'), yellow: around('⟦', '⟧') }
    const result = sampleResult({ partial: true })
    Object.assign(result.arms[0] ?? {}, { residue: ['namespace a'] })
    const dressed = summaryOf(result, { reportPath: 'x', styles, isFull: true })
    expect(dressed).toContain('«⟨kubelet-200: pass (measured)⟩»\n⟦partial: unfinished⟧')
    expect(dressed).toContain('‹Left behind or not restored›')
    expect(dressed).toContain('⟨pass         ⟩untuned rollout available')
    expect(dressed.replace(/[«»‹›⟨⟩⟦⟧]/g, '')).toBe(summaryOf(result, { reportPath: 'x', isFull: true }))
  })
})

function widest(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.length))
}
