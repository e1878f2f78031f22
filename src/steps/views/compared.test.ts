import { describe, expect, it } from 'vitest'
import { renderCrossRunHtml } from '../../report/cross-run/html.ts'
import { renderCrossRunJunit } from '../../report/cross-run/junit.ts'
import { renderCrossRunMarkdown } from '../../report/cross-run/markdown.ts'
import type { Side } from '../../report/cross-run/sides.ts'
import { refuseUnlike } from '../../report/cross-run/sides.ts'
import { renderCrossRun } from '../../report/cross-run/text.ts'
import { crossRunViewOf } from '../../report/cross-run/view.ts'
import type { KnobOutcome, Result } from '../../result/result.ts'
import { sampleArm, sampleResult } from '../../testing/results.ts'
import { stepViews } from '../views.ts'

/** Repetitions of arm `tuned` that take `factor` times as long as usual, with a spread of about one per cent. */
function resultWith(
  factor: number,
  changes: { repetitions?: number; kubeAPIQPS?: number } & Partial<Result> = {},
): Result {
  const { repetitions = 4, kubeAPIQPS = 46, ...rest } = changes
  const spread = [1, 1.012, 0.991, 1.004, 0.997, 1.008]
  const arms = Array.from({ length: repetitions }, (_, index) => {
    const times = (ms: number) => Math.round(ms * factor * (spread[index] ?? 1))
    const arm = sampleArm('tuned', index + 1, index + 1, {
      rollout: { created: times(1000), ready: times(7500), available: times(7600) },
      scaleDown: { rsCurrent: times(520), deleted: times(14_000) },
    })
    return {
      ...arm,
      knobs: arm.knobs.map(
        (knob): KnobOutcome => (knob.id === 'kubelet.kubeAPIQPS' ? { ...knob, effective: kubeAPIQPS } : knob),
      ),
    }
  })
  return sampleResult({ arms, conditionsHash: 'same', thresholds: [], reference: null, ...rest })
}

function sidesOf(...results: Result[]): Side[] {
  return results.map((result, index) => ({ letter: 'ABC'[index] ?? '', name: `run-${index}`, result }))
}

const viewOf = (sides: Side[], choice = {}) => crossRunViewOf(sides, { views: stepViews, choice })

describe('results compared', () => {
  it('should find a regression of 15 %, name its size and the setting that changed, and fail', () => {
    const view = viewOf(sidesOf(resultWith(1), resultWith(1.15, { kubeAPIQPS: 40 })))
    expect(view.verdict).toBe('fail')
    const [compared] = view.compared
    const available = compared?.worse.find(({ label }) => label === 'rollout available')
    expect(available?.difference).toMatchObject({ kind: 'shown', direction: 'more' })
    expect(available?.cause).toContain('kubelet.kubeAPIQPS 46 → 40')
    for (const said of [
      renderCrossRun(view),
      renderCrossRunHtml(view),
      renderCrossRunMarkdown(view),
      renderCrossRunJunit(view),
    ])
      expect(said).toMatch(/1\.15× slower/)
    expect(renderCrossRunJunit(view).match(/<failure /g)).toHaveLength(compared?.worse.length ?? 0)
  })

  it('should pass, and say what would have been seen, when the results are alike', () => {
    const view = viewOf(sidesOf(resultWith(1), resultWith(1.004)))
    expect(view.verdict).toBe('pass')
    expect(view.reasons.join()).toMatch(
      /No difference shown in \d+ of \d+ headline figures\. A difference of \d+ % or more would have been seen/,
    )
    expect(renderCrossRunJunit(view)).not.toMatch(/<failure|<error/)
  })

  it('should call it better, not worse, when times are shorter', () => {
    const [compared] = viewOf(sidesOf(resultWith(1.3), resultWith(1))).compared
    expect(compared?.worse).toEqual([])
    expect(compared?.better.length).toBeGreaterThan(0)
  })

  it('should claim nothing of one run each, however much longer it took', () => {
    const view = viewOf(sidesOf(resultWith(1, { repetitions: 1 }), resultWith(1.5, { repetitions: 1 })))
    expect(view.verdict).toBe('inconclusive')
    expect(view.reasons.join()).toContain('chance cannot be ruled out')
  })

  it('should never pass when there is nothing to compare, or the run is partial', () => {
    const empty = resultWith(1)
    const nothing = { ...empty, arms: empty.arms.map((arm) => ({ ...arm, steps: [] })) }
    expect(viewOf(sidesOf(resultWith(1), nothing)).verdict).toBe('inconclusive')
    expect(viewOf(sidesOf(resultWith(1), resultWith(1, { partial: true, ending: 'interrupted' }))).verdict).toBe(
      'inconclusive',
    )
  })

  it('should list what differs first: versions, machine, settings in force', () => {
    const other = resultWith(1, {
      kubeAPIQPS: 40,
      versions: { kubernetes: 'v1.37.2' },
      machine: { cores: 8, memoryBytes: 2 ** 34, system: 'Linux' },
    })
    const { differs } = viewOf(sidesOf(resultWith(1), other))
    expect(differs.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['kubernetes', 'cores', 'kubelet.kubeAPIQPS (tuned)']),
    )
  })

  it('should set arms of different names against each other when asked to, and say which there are otherwise', () => {
    const renamed = resultWith(1)
    const other = { ...renamed, arms: renamed.arms.map((arm) => ({ ...arm, name: 'v1.37' })) }
    expect(viewOf(sidesOf(resultWith(1), other), { pair: { before: 'tuned', after: 'v1.37' } }).verdict).toBe('pass')
    expect(() => viewOf(sidesOf(resultWith(1), other))).toThrow(/no arm of the same name/)
  })

  it('should refuse unlike experiments, and simulated beside measured, with the option that allows it', () => {
    const unlike = resultWith(1, { conditionsHash: 'other', planHash: 'other' })
    expect(() => refuseUnlike(sidesOf(resultWith(1), unlike))).toThrow(/not the same experiment/)
    expect(() => refuseUnlike(sidesOf(resultWith(1), resultWith(1, { evidence: 'simulated' })))).toThrow(/simulated/)
    expect(() => refuseUnlike(sidesOf(resultWith(1), resultWith(1)))).not.toThrow()
  })

  it('should keep within 80 columns', () => {
    const text = renderCrossRun(viewOf(sidesOf(resultWith(1), resultWith(1.15, { kubeAPIQPS: 40 }))))
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
  })
})
