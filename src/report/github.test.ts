import { describe, expect, it } from 'vitest'
import { viewFor } from '../testing/reports.ts'
import { sampleResult } from '../testing/results.ts'
import { annotationsOf, fitted, renderAnnotation } from './github.ts'

describe('annotations', () => {
  it('should be escaped, so that no text ends them or adds properties', () => {
    const annotation = { title: 'a: b, c', message: '100 % of\r\n"x::y"', file: 'plans/a,b.yaml', line: 3 }
    expect(renderAnnotation(annotation)).toBe(
      '::error file=plans/a%2Cb.yaml,line=3,title=a%3A b%2C c::100 %25 of%0D%0A"x::y"',
    )
    expect(renderAnnotation({ title: 't', message: 'm' })).toBe('::error title=t::m')
  })

  it('should be one for each missed threshold, and one for a run without a verdict', () => {
    const missed = { name: 'rollout at most 15 s', id: 'rollout', actual: 17_400, unit: 'ms' } as const
    const place = { file: 'plans/single-node.yaml', line: 41 }
    const result = sampleResult({
      verdict: 'inconclusive',
      reasons: ['no node was Ready'],
      thresholds: [
        { ...missed, verdict: 'fail', place },
        { ...missed, id: 'other', verdict: 'pass' },
      ],
    })
    expect(annotationsOf(viewFor(result))).toEqual([
      { title: 'missed: rollout', message: 'rollout at most 15 s: actual 17.4 s', ...place },
      { title: 'kubelet-200: inconclusive (measured)', message: 'no node was Ready' },
    ])
    expect(annotationsOf(viewFor(sampleResult()))).toEqual([])
  })
})

describe('the summary of a step', () => {
  it('should be whole where it fits, and cut behind a line with a note where it does not', () => {
    const markdown = '# Größe\n\nélève élève\nlast\n'
    const bytes = Buffer.byteLength(markdown)
    expect(fitted(markdown, bytes)).toBe(markdown)
    const long = `${'é'.repeat(99)}\n`.repeat(100)
    for (const roomBytes of [1000, 1001, 1002]) {
      const text = fitted(long, roomBytes)
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(roomBytes)
      expect(text).toMatch(/^(é{99}\n){3}é{99}\n\n\*\*Truncated/)
    }
    expect(fitted(long, 20)).toBe('')
  })
})
