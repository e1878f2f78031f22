import { describe, expect, it } from 'vitest'
import { commonVersions } from '../result/versions.ts'
import { sampleResult } from '../testing/results.ts'
import { renderHtml } from './html.ts'
import { renderJunit } from './junit.ts'
import { renderMarkdown } from './markdown.ts'
import { renderSummary } from './summary.ts'
import { viewOf } from './view.ts'

const control = (version: string) => ({ 'kube-apiserver': version, 'hollow-node': version })
const older = { etcd: '3.6.8', ...control('v1.36.3') }
const newer = { etcd: '3.7.3', ...control('v1.37.2') }

/** The sample, its arms untuned, tuned, tuned, untuned, with these versions. */
function resultWith(...versions: Record<string, string>[]) {
  const sample = sampleResult()
  const arms = sample.arms.map((arm, index) => ({ ...arm, versions: versions[index] ?? {} }))
  return { ...sample, arms, versions: commonVersions(arms) }
}

describe('versions of the arms', () => {
  it('should be said once when they are the same', () => {
    const view = viewOf(resultWith(newer, newer, newer), [])
    expect(view.result.versions).toEqual(newer)
    expect([view.versions, view.caveats]).toEqual([[], []])
  })

  it('should be said of each arm when they differ, and what is the same once', () => {
    const result = resultWith(older, { ...newer, etcd: '3.6.8' }, { ...newer, etcd: '3.6.8' }, older)
    const view = viewOf(result, [])
    expect(result.versions).toEqual({ etcd: '3.6.8' })
    expect(view.caveats.map(({ places }) => places)).toEqual([
      ['untuned: kube-apiserver and hollow-node v1.36.3', 'tuned: kube-apiserver and hollow-node v1.37.2'],
    ])
  })

  it('should be said with the repetition when an arm had several', () => {
    const view = viewOf(resultWith(older, newer, older, older), [])
    expect(view.versions.map(({ arm }) => arm)).toEqual(['untuned', 'tuned #1', 'tuned #2'])
  })

  it('should be in every report', () => {
    const view = viewOf(resultWith(older, newer, newer, older), [])
    const told = 'etcd 3.6.8, kube-apiserver and hollow-node v1.36.3'
    expect(renderHtml(view)).toContain(`<dt>untuned</dt><dd>${told}</dd>`)
    expect(renderMarkdown(view)).toContain(`untuned: ${told}; tuned: etcd 3.7.3`)
    expect(renderSummary(view, {})).toContain('The arms run different versions')
    expect(renderJunit(view)).toContain('<property name="kube-apiserver of tuned" value="v1.37.2"/>')
  })

  it('should stay as they were told in results that have none of the arms', () => {
    const view = viewOf(sampleResult(), [])
    expect(view.versions).toEqual([])
    expect(renderMarkdown(view)).toContain('kubernetes v1.36.3, etcd 3.6.8')
  })
})
