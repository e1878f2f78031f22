import { describe, expect, it } from 'vitest'
import type { Result } from '../result/result.ts'
import { renderHtml } from './html.ts'
import { sampleResult } from './sample-result.ts'

const hostile = `<img src=x onerror="alert('1')">&`

describe('html report', () => {
  it('should show the figures of a stop beside those of the document', () => {
    const text = rowText(renderHtml(sampleResult()), 'available the document’s stop')
    expect(text).toBe(
      'available the document’s stop kubectl rollout status returns 79.4 s 79.0–79.7 s, n = 2 8.46 s 7.61–9.32 s, n = 2 9.38× document 3.15× 78.1 s this run +1.6 % 24.8 s this run −66 %, note 1',
    )
  })

  it('should link every note and have it on the page', () => {
    const page = renderHtml(sampleResult())
    expect(page).toContain('<a href="#note-2">note 2</a>')
    expect(page).toContain('<li id="note-2">Not reproduced: the document’s 32 s')
  })

  it('should say not reached where a stop was not reached', () => {
    const result = sampleResult()
    for (const arm of result.arms)
      if (arm.profile === 'tuned') Object.assign(arm.probes[1]?.stopsMs ?? {}, { deleted: null })
    expect(rowText(renderHtml(result), 'deleted every removed pod')).toBe(
      'deleted every removed pod is gone from the API 122.6 s 122.6 s, n = 2 not reached reached in 0 of 2 runs — — —',
    )
    expect(rowText(renderHtml(result), 'deleted tuned #1')).toMatch(/^deleted tuned #1 not reached/)
  })

  it('should need neither network nor script', () => {
    const page = renderHtml(sampleResult())
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|https?:\/\//i)
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
  })

  it('should say simulated in title, verdict, tables and charts when nothing was measured', () => {
    const page = renderHtml(sampleResult({ evidence: 'simulated', target: 'sim' }))
    expect(page).toContain('<title>kubelet-200: pass (simulated)</title>')
    expect(page).toContain('Verdict: pass (simulated)')
    expect(page).toContain('median over the repetitions, simulated')
    expect(page).toContain('Pods Ready, rollout 1 → 200 (simulated)')
    expect(page).not.toMatch(/>measured<|\(measured\)|, measured/)
  })

  it('should say at the top that a run was interrupted', () => {
    const result = sampleResult({ partial: true })
    Object.assign(result.arms[3] ?? {}, { outcome: 'interrupted', probes: [] })
    const page = renderHtml(result)
    expect(page.indexOf('partial: interrupted')).toBeGreaterThan(0)
    expect(page.indexOf('partial: interrupted')).toBeLessThan(page.indexOf('Verdict:'))
  })

  it('should escape every text of the result', () => {
    const page = renderHtml(poisoned(sampleResult()))
    expect(page).not.toContain('<img')
    expect(page).not.toContain('onerror="')
    expect(page).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;')
  })

  it('should never call a knob applied that was not read back', () => {
    const result = sampleResult()
    for (const arm of result.arms) {
      for (const knob of arm.knobs) Object.assign(knob, { effective: null, readFrom: null, status: 'unverified' })
    }
    const page = renderHtml(result)
    expect(page).not.toContain('class="applied"')
    expect(rowText(page, 'kubeAPIQPS kubelet')).toBe(
      'kubeAPIQPS kubelet — requested 5, unverified — requested 50, unverified —',
    )
  })

  it('should fold away the knobs that were not applied, with the reason', () => {
    const folded = /<details><summary>Not applied, and why.*?<\/details>/s.exec(renderHtml(sampleResult()))?.[0] ?? ''
    expect(folded).toContain('hollow nodes run no kube-proxy')
    expect(folded).not.toContain('kubeAPIQPS')
  })

  it('should say plainly that the machine was the limit', () => {
    const result = sampleResult()
    Object.assign(result.arms[1]?.probes[0] ?? {}, { machineBusy: 0.97 })
    const page = renderHtml(result)
    expect(page).toContain('Machine-bound: the machine itself was the limit, timings are not comparable')
    expect(rowText(page, 'tuned #1 97 %')).toContain('97 % machine-bound')
  })

  it('should set the floor of a limiter against the stop it accounts for', () => {
    expect(rowText(renderHtml(sampleResult()), 'kubelet KubeClient untuned #1 5 10 402')).toBe(
      'kubelet KubeClient untuned #1 5 10 402 GET 201, PATCH 201 402 262 m 38 s 78.4 s 98 % of 79.7 s available 99 % of 79.5 s ready',
    )
  })

  it('should stay one small file, the same for the same result', () => {
    const page = renderHtml(sampleResult())
    expect(Buffer.byteLength(page)).toBeLessThan(300_000)
    expect(renderHtml(sampleResult())).toBe(page)
  })

  it('should be a page even when no arm ever started', () => {
    const page = renderHtml(
      sampleResult({
        arms: [],
        thresholds: [],
        reference: null,
        machine: null,
        partial: true,
        verdict: 'inconclusive',
      }),
    )
    expect(page).toContain('Verdict: inconclusive (measured)')
    expect(page).toContain('No probe ran.')
  })
})

/** The text of the first table row that starts with the given words. */
function rowText(page: string, start: string): string {
  const rows = page
    .split('<tr')
    .slice(1)
    .map((row) => `<tr${row}`.split('</tr>')[0] ?? '')
  const texts = rows.map((row) =>
    row
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .replaceAll(' ,', ',')
      .trim(),
  )
  return texts.find((text) => text.startsWith(start)) ?? `no row starts with ${start}`
}

/** The result with something hostile in every text that is not one of a fixed set of words. */
function poisoned(result: Result): Result {
  const fixed = new Set(['evidence', 'verdict', 'outcome', 'status', 'unit', 'stop', 'probe', 'profile'])
  const visit = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return fixed.has(key) ? value : `${value}${hostile}`
    if (Array.isArray(value)) return value.map((item) => visit(item, key))
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, visit(inner, name)]))
  }
  const poisonedResult = visit(result, '') as Result
  return {
    ...poisonedResult,
    arms: poisonedResult.arms.map((arm) => ({
      ...arm,
      profile: `${arm.profile}${hostile}`,
      objects: { [hostile]: 1 },
      error: hostile,
      residue: [hostile],
      probes: arm.probes.map((probe) => ({ ...probe, apiRequests: { [hostile]: 1 }, error: hostile })),
    })),
  }
}
