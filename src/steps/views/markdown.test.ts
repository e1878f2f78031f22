import { describe, expect, it } from 'vitest'
import { filledResult } from '../../testing/filled-results.ts'
import { fillIn } from '../../testing/outcomes.ts'
import { markdownOf } from '../../testing/reports.ts'
import { sampleResult } from '../../testing/results.ts'

describe('markdown report', () => {
  it('should show the figures of a stop beside those of the document', () => {
    expect(markdownOf(sampleResult())).toContain(
      '| **available** (the document’s stop) | 79.4 s (79.0–79.7 s, n = 2) | 8.46 s (7.61–9.32 s, n = 2) | 9.43× faster (2.48 to 35.8) | 78.1 s (this run +1.6 %) | 24.8 s (this run −66 %, note 1) |',
    )
  })

  it('should have as many cells in every row as its table has columns', () => {
    const results = [sampleResult(), filledResult()]
    for (const { arms } of results) for (const arm of arms) for (const knob of arm.knobs) knob.note = 'one | two\nthree'
    for (const block of results.map(markdownOf).join('\n\n').split('\n\n')) {
      const rows = block.split('\n').filter((line) => line.startsWith('|'))
      const widths = rows.map((line) => line.replaceAll('\\|', '').split('|').length)
      expect(new Set(widths).size).toBeLessThanOrEqual(1)
      if (rows.length > 0) expect(rows).toHaveLength(block.split('\n').length)
    }
  })

  it('should leave no room for markup in the texts of the result', () => {
    const markdown = markdownOf(sampleResult({ reasons: ['<script> *bold* [link](x) `code` a_b | c & d'] }))
    expect(markdown).toContain('- \\<script> \\*bold\\* \\[link\\](x) \\`code\\` a\\_b \\| c \\& d')
  })

  it('should keep every hostile text of an arm from becoming markup', () => {
    const result = sampleResult({ plan: '<b>', run: '`<i>`' })
    for (const arm of result.arms)
      Object.assign(arm, { name: `${arm.name}<b>|`, error: '<b>', residue: ['<b>'], outcome: 'failed' })
    const outsideCode = markdownOf(result).replace(/(?<!\\)`[^`]*`/g, '')
    expect(outsideCode).not.toMatch(/(?<!\\)<(?!\/?(details|summary)>)/)
  })

  it('should not make GitHub link an arm to an issue or a name to a person', () => {
    const markdown = markdownOf(sampleResult({ reasons: ['tuned #1: ask @someone'] }))
    expect(markdown).toContain('tuned #\u20601: ask @\u2060someone')
    expect(markdown).not.toMatch(/[#@]\w/)
  })

  it('should say simulated and partial at the top', () => {
    const lines = markdownOf(sampleResult({ evidence: 'simulated', partial: true })).split('\n')
    expect(lines[0]).toBe('## kubelet-200: pass (simulated)')
    expect(lines[2]).toContain('partial: unfinished')
    expect(lines.join('\n')).not.toContain('measured)')
  })

  it('should mark a knob that runs with another value than requested', () => {
    const result = sampleResult()
    const knob = result.arms[1]?.knobs.find(({ id }) => id === 'kubelet.kubeAPIQPS')
    Object.assign(knob ?? {}, { effective: 20, status: 'differs' })
    expect(markdownOf(result)).toContain(
      '| kubelet kubeAPIQPS | 5 | 20 in run 1 (**differs**, requested 50); 50 in run 2 |',
    )
  })

  it('should show in brief how the cluster was filled', () => {
    const markdown = markdownOf(filledResult({ evidence: 'simulated' }))
    expect(markdown).toContain('### Filling the cluster (simulated)')
    expect(markdown).toContain('| filled | 4 m 22 s | 98.7 s | 2.66× faster |')
    expect(markdown).toContain('| pods Ready | 5,000 | 5,000 | — |')
    expect(markdown).not.toContain('Machine-bound: more than')
    expect(markdownOf(sampleResult())).not.toContain('Filling')
  })

  it('should say what machine-bound means where a fill was, and only what its ratio is at least', () => {
    const result = filledResult()
    Object.assign(fillIn(result.arms[1]) ?? {}, { machineBusy: 0.97 })
    const markdown = markdownOf(result)
    expect(markdown).toContain('| filled | 4 m 22 s | ≤ 98.7 s (machine-bound) | ≥ 2.66× faster |')
    expect(markdown).toContain('Machine-bound: more than 90 % of the processor time was in use.')
  })
})
