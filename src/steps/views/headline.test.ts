import { describe, expect, it } from 'vitest'
import { basisText, headlineText } from '../../report/headline.ts'
import type { ArmOutcome } from '../../result/result.ts'
import { filledResult } from '../../testing/filled-results.ts'
import { probesIn } from '../../testing/outcomes.ts'
import { htmlOf, junitOf, markdownOf, summaryOf, viewFor } from '../../testing/reports.ts'
import { sampleArm, sampleResult } from '../../testing/results.ts'

const slow = {
  rollout: { created: 9000, ready: 79_000, available: 80_000 },
  scaleDown: { rsCurrent: 9000, deleted: 122_000 },
}
const fast = { rollout: { created: 900, ready: 7900, available: 8000 }, scaleDown: { rsCurrent: 900, deleted: 12_200 } }

function said(arms: ArmOutcome[]): string[] {
  return viewFor(sampleResult({ arms })).headlines.map(headlineText)
}

describe('headlines', () => {
  it('should say for each step how much faster an arm is, from what to what, and why', () => {
    const [rollout, scaleDown] = said([sampleArm('untuned', 1, 1, slow), sampleArm('tuned', 1, 2, fast)])
    expect(rollout).toMatch(
      /^tuned rolls out 200 pods 10\.0× faster: 80\.0 s → 8\.00 s; untuned is bound by the kubelet's client limit, 5\/s instead of 50\/s$/,
    )
    expect(scaleDown).toMatch(/^tuned removes 199 pods 10\.0× faster: 122\.0 s → 12\.2 s/)
  })

  it('should leave what got worse to its own list', () => {
    const arms = [sampleArm('tuned', 1, 1, fast), sampleArm('untuned', 1, 2, slow)]
    expect(said(arms)).toEqual([])
    expect(viewFor(sampleResult({ arms })).worse.map(({ label }) => label)).toContain('rollout available')
  })

  it('should claim no likeness where chance hides a difference', () => {
    const arms = sampleResult().arms
    expect(said(arms)[1]).toMatch(
      /^tuned removes 199 pods in 20\.5 s, untuned in 122\.6 s: 2 runs of each are too few to rule out chance$/,
    )
  })

  it('should claim nothing where there is no difference', () => {
    const [rollout] = said([sampleArm('untuned', 1, 1, slow), sampleArm('tuned', 1, 2, slow)])
    expect(rollout).toBe('tuned rolls out 200 pods in about the same time as untuned: 80.0 s and 80.0 s')
  })

  it('should say that repeated times are the same, and what limits both', () => {
    const arms = [1, 2].flatMap((repetition) => [
      sampleArm('untuned', repetition, 2 * repetition, slow),
      sampleArm('tuned', repetition, 2 * repetition + 1, slow),
    ])
    expect(said(arms)[0]).toBe('tuned rolls out 200 pods in the same time as untuned: 80.0 s')
    expect(summaryOf(sampleResult({ arms }), {})).toMatch(/available +80.0 s +80.0 s +the same$/m)
  })

  it('should say that bounds are not compared', () => {
    const arms = [sampleArm('untuned', 1, 1, slow), sampleArm('tuned', 1, 2, fast)]
    for (const arm of arms) for (const probe of probesIn(arm)) probe.machineBusy = 0.97
    expect(said(arms)[0]).toMatch(
      /^tuned rolls out 200 pods in ≤ 8\.00 s, untuned in ≤ 80\.0 s: not compared, because /,
    )
  })

  it('should say of a single arm what it took and what limits it', () => {
    expect(said([sampleArm('untuned', 1, 1, slow)])[0]).toMatch(
      /^untuned rolls out 200 pods in 80\.0 s: bound by the kubelet/,
    )
  })

  it('should name the fastest of many arms only, and the others that are faster, too', () => {
    const arms = ['untuned', 'tuned', 'c', 'd', 'e'].map((name, index) =>
      sampleArm(name, 1, index + 1, name === 'untuned' || name === 'e' ? slow : fast),
    )
    const [rollout, scaleDown, ...others] = said(arms)
    expect(rollout).toMatch(/^tuned rolls out .* also faster: c and d$/)
    expect(scaleDown).toMatch(/^tuned removes /)
    expect(others).toEqual([])
  })

  it('should speak of a fill', () => {
    expect(viewFor(filledResult()).headlines[0]?.claim).toBe('tuned-split fills the cluster 2.66× faster')
  })

  it('should be the same sentences in every format, and in the title of the page', () => {
    const result = sampleResult({ arms: [sampleArm('untuned', 1, 1, slow), sampleArm('tuned', 1, 2, fast)] })
    const claim = 'tuned rolls out 200 pods 10.0× faster'
    expect(htmlOf(result)).toMatch(new RegExp(`<title>[^<]*${claim}</title>`))
    for (const text of [htmlOf(result), markdownOf(result), junitOf(result), summaryOf(result)])
      expect(text).toContain(claim)
  })

  it('should say how many settings differ and how often the arms ran', () => {
    expect(basisText(viewFor(sampleResult()).basis)).toMatch(/^\d+ settings differ; 2 runs of each arm$/)
  })
})
