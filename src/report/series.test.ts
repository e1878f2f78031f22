import { describe, expect, it } from 'vitest'
import type { Series } from '../result/series.ts'
import { speedupOf } from '../testing/reports.ts'
import { sampleResult } from '../testing/results.ts'
import { figureRows } from './comparison.ts'
import { renderCsv } from './csv.ts'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import { sampleText } from './sample.ts'
import { namedSeries, seriesFigures } from './series.ts'
import { viewOf } from './view.ts'

const given = { evidence: 'measured' as const, gaps: [] }

/** What an arm may have recorded; `busy` is the share of the machine that was in use. */
function series(p99: number, busy = 0.4): Series[] {
  const distribution = { count: 100, missing: 0, p50: 2, p90: 5, p99, max: null }
  return [
    {
      ...given,
      name: 'apiserver_request_latency_ms',
      labels: { verb: 'POST', resource: 'pods' },
      unit: 'ms',
      distribution,
    },
    { ...given, name: 'pods_bound_per_second', labels: {}, unit: 'per second', value: 48.4 },
    { ...given, name: 'etcd_size_bytes', labels: { instance: 'etcd' }, unit: 'bytes', value: 3 * 2 ** 20 },
    { ...given, name: 'machine_busy_ratio', labels: {}, unit: 'ratio', value: busy },
    {
      ...given,
      name: 'scheduler_attempts_total',
      labels: {},
      unit: 'count',
      value: null,
      gaps: ['kube-scheduler: it hid'],
    },
  ]
}

function recorded(untuned: Series[], tuned: Series[]) {
  const { arms } = sampleResult()
  for (const arm of arms) arm.series = arm.name === 'untuned' ? untuned : tuned
  return viewOf(sampleResult({ arms }), [])
}

function rowsOf(...args: Parameters<typeof recorded>) {
  const { series: comparison } = recorded(...args)
  return (comparison === null ? [] : figureRows(comparison)).map(({ name, cells, format, bound }) => [
    name,
    ...cells.map(({ measured }) => sampleText(measured, format, bound).figure),
    speedupOf(cells[1]),
  ])
}

describe('series over a whole arm', () => {
  it('should be set side by side, times in ratio, and what nobody knows left out', () => {
    expect(rowsOf(series(10), series(40))).toEqual([
      ['apiserver_request_latency_ms{verb="POST",resource="pods"} p50', '2.0 ms', '2.0 ms', null],
      ['apiserver_request_latency_ms{verb="POST",resource="pods"} p99', '10 ms', '40 ms', 0.25],
      ['pods_bound_per_second', '48.4/s', '48.4/s', null],
      ['etcd_size_bytes{instance="etcd"}', '3.0 MiB', '3.0 MiB', null],
      ['machine_busy_ratio', '40 %', '40 %', null],
    ])
  })

  it('should be bounds where the machine was at its limit, but for what does not hang on it', () => {
    expect(rowsOf(series(10), series(40, 0.95)).map(([, , tuned, ratio]) => [tuned, ratio])).toEqual([
      ['≤ 2.0 ms', null],
      ['≤ 40 ms', null],
      ['≥ 48.4/s', null],
      ['3.0 MiB', null],
      ['95 %', null],
    ])
  })

  it('should be a distribution where one arm read it and the other did not', () => {
    const [latency] = series(10)
    if (latency === undefined) throw new Error('there are series')
    const { distribution: _, ...nothing } = { distribution: undefined, ...latency, labels: {} }
    const lacking: Series = { ...nothing, value: null, gaps: ['kube-apiserver: refused'] }
    expect(rowsOf([{ ...latency, labels: {} }], [lacking])).toEqual([
      ['apiserver_request_latency_ms p50', '2.0 ms', '—', null],
      ['apiserver_request_latency_ms p99', '10 ms', '—', null],
    ])
  })

  it('should be on the page, with what was not read, and in the comma-separated values', () => {
    const view = recorded(series(10), series(40))
    const text = renderHtml(view)
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/\s+/g, ' ')
    expect(text).toContain('Over the whole arm 5 figures From the control plane’s first response')
    expect(text).toContain('apiserver_request_latency_ms p99 verb POST, resource pods 10 ms')
    expect(text).toContain('untuned #1 kube-scheduler: it hid scheduler_attempts_total')
    expect(renderCsv(view)).toContain(
      'arm,"etcd_size_bytes{instance=""etcd""}",tuned,2,3145728,bytes,,,measured,,,,,\r\n',
    )
    expect(renderMarkdown(view)).not.toContain('etcd_size_bytes')
  })

  it('should not be missed in results from before they were recorded', () => {
    expect(viewOf(sampleResult(), []).series).toBeNull()
    expect(renderHtml(viewOf(sampleResult(), []))).not.toContain('Over the whole arm')
  })

  it('should be figures of a step that has nothing else, of which the one that grew most stands for its series', () => {
    const runs = [{ arm: 'a', label: 'a #1', repetition: 1, outcome: namedSeries(series(10)) }]
    const [p50, , rate] = seriesFigures(runs, 'headline')
    expect(p50).toMatchObject({
      importance: 'headline',
      inFull: 'apiserver_request_latency_ms p50 POST pods',
      leastFactor: 2,
      family: { name: 'apiserver_request_latency_ms p50' },
    })
    expect(rate?.read(namedSeries(series(10)))).toMatchObject({ value: 48.4, hindrance: null })
    expect(rate?.read(namedSeries([]))).toBeUndefined()
  })
})
