import { describe, expect, it } from 'vitest'
import { viewFor } from '../testing/reports.ts'
import { sampleResult } from '../testing/results.ts'
import { runSummaryOf } from './run-summary.ts'
import type { ListedRun } from './runs-index.ts'
import { renderRunsIndex } from './runs-index.ts'

const summary = runSummaryOf(viewFor(sampleResult()))

function runOf(index: number, factor = 1, kubernetes = 'v1.36'): ListedRun {
  const figures = summary.figures.map((figure) => ({
    ...figure,
    median: figure.median === null ? null : figure.median * factor * (1 + (index % 3) / 100),
  }))
  return { folder: `run-${index}`, writtenAtMs: index, summary: { ...summary, figures, kubernetes } }
}

describe('renderRunsIndex', () => {
  it('should list all runs, newest first, each with its verdict and a link to its report', () => {
    const page = renderRunsIndex([runOf(1), runOf(3), runOf(2)])
    expect([...page.matchAll(/href="(run-\d)\/report\.html"/g)].map(([, folder]) => folder)).toEqual([
      'run-3',
      'run-2',
      'run-1',
    ])
    expect(page).toContain('pass')
  })

  it('should say where a level changed, by how much and with which version', () => {
    const runs = Array.from({ length: 12 }, (_, index) => (index < 6 ? runOf(index) : runOf(index, 1.2, 'v1.37')))
    const page = renderRunsIndex(runs)
    expect(page).toMatch(/\(1\.20×\) from run-6 on, Kubernetes v1\.36 → v1\.37/)
    expect(page).toContain('stroke-dasharray')
  })

  it('should mark no change in runs that are alike', () => {
    expect(renderRunsIndex(Array.from({ length: 12 }, (_, index) => runOf(index)))).not.toContain('stroke-dasharray')
  })

  it('should list what cannot be read, and go on', () => {
    const page = renderRunsIndex([
      runOf(1),
      { folder: 'broken', writtenAtMs: 2, summary: { unreadable: 'is not JSON' } },
    ])
    expect(page).toContain('is not JSON')
    expect(page).toContain('run-1')
  })

  it('should need no script and no network', () => {
    expect(renderRunsIndex([runOf(1)])).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/)
  })
})
