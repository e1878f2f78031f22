import { beforeAll, describe, expect, it } from 'vitest'
import { renderSeriesCsv } from '../../report/csv.ts'
import { renderOpenMetrics } from '../../report/open-metrics.ts'
import { seriesIn } from '../../report/series-lines.ts'
import type { Result } from '../../result/result.ts'
import type { Series } from '../../result/series.ts'
import { openMetricsOf } from '../../testing/open-metrics-rules.ts'
import { viewFor } from '../../testing/reports.ts'
import { sampleResult } from '../../testing/results.ts'
import { simulatedRun } from '../../testing/simulated-runs.ts'

const written = `
probes:
  pod: { image: pause, serviceAccountToken: false }
  settle: 1s
  sequence: [{ name: rollout, from: 1, to: 20, timeout: 2m }]
`

const common: Pick<Series, 'labels' | 'evidence' | 'gaps'> = { labels: {}, evidence: 'measured', gaps: [] }

/** What is told of a measured run whose first arm has these series. */
function resultWith(series: Series[]): Result {
  const [arm, ...others] = sampleResult().arms
  if (arm === undefined) throw new Error('there is an arm')
  return sampleResult({ arms: [{ ...arm, series }, ...others] })
}

let simulated: Result

/** A label that is empty is as good as none. */
function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  return JSON.stringify([
    name,
    ...Object.entries(labels)
      .filter(([, text]) => text !== '')
      .sort(),
  ])
}

beforeAll(async () => {
  simulated = (await simulatedRun(written)).result
})

describe('metrics.txt', () => {
  it('should be OpenMetrics text with every series of every step and arm, and say that they are simulated', () => {
    const samples = openMetricsOf(renderOpenMetrics(viewFor(simulated)))
    const [run, ...others] = samples
    expect(run).toMatchObject({ name: 'scale_test_run_info', labels: { run: 'run', evidence: 'simulated' } })
    expect(new Set(others.map(({ labels }) => labels['evidence']))).toEqual(new Set(['simulated']))
    const found = new Map(others.map(({ name, labels, value }) => [keyOf(name, labels), value]))
    for (const { arm, step, series } of seriesIn(simulated)) {
      const { name, labels, evidence } = series
      const suffix = 'distribution' in series ? '_count' : ''
      const key = keyOf(`scale_test_${name}${suffix}`, { ...labels, run: 'run', arm, repetition: '1', step, evidence })
      const expected = 'distribution' in series ? series.distribution.count : (series.value ?? undefined)
      expect([key, found.get(key)]).toEqual([key, expected])
    }
  })

  it('should have percentiles as quantiles, infinite where too many never came, and nothing where nothing is known', () => {
    const distribution = { count: 200, missing: 3, p50: 12, p90: 40.5, p99: null, max: null }
    const text = renderOpenMetrics(
      viewFor(
        resultWith([
          { ...common, name: 'etcd_commit_ms', unit: 'ms', distribution },
          { ...common, name: 'etcd_fsync_ms', unit: 'ms', distribution: { ...distribution, missing: 0 } },
          { ...common, name: 'watch_lag_ms', unit: 'ms', value: null },
        ]),
      ),
    )
    const told = (name: string) =>
      openMetricsOf(text)
        .filter((sample) => sample.name.startsWith(`scale_test_${name}`))
        .map(({ labels, value }) => [labels['quantile'], value])
    expect(told('etcd_commit_ms')).toEqual([
      ['0.5', 12],
      ['0.9', 40.5],
      ['0.99', Number.POSITIVE_INFINITY],
      ['1', Number.POSITIVE_INFINITY],
      [undefined, 200],
    ])
    expect(told('etcd_fsync_ms')).toHaveLength(3)
    expect(text).toContain('# TYPE scale_test_etcd_commit_ms summary\n# UNIT scale_test_etcd_commit_ms ms\n')
    expect(text).not.toContain('watch_lag')
  })

  it('should keep labels apart from its own, and escape what would end them', () => {
    const labels = { arm: 'left', verb: 'a"b\\c\nd', 'strange-name': 'x', '0': 'y', empty: '' }
    const text = renderOpenMetrics(viewFor(resultWith([{ ...common, name: 'odd', unit: 'count', value: 3, labels }])))
    expect(openMetricsOf(text).at(-1)).toEqual({
      name: 'scale_test_odd',
      labels: {
        ...{ run: sampleResult().run, arm: 'untuned', repetition: '1', step: 'arm', evidence: 'measured' },
        ...{ exported_arm: 'left', verb: 'a"b\\c\nd', strange_name: 'x', x_0: 'y' },
      },
      value: 3,
    })
  })
})

describe('series.csv', () => {
  it('should have a line for every figure of every series of every step and arm', () => {
    const [head, ...lines] = renderSeriesCsv(viewFor(simulated)).trimEnd().split('\r\n')
    expect(head).toBe('step,series,labels,statistic,arm,repetition,value,unit,evidence,gaps')
    const all = simulated.arms.flatMap(({ steps, series = [] }) => [
      ...steps.flatMap((one) => one.series ?? []),
      ...series,
    ])
    const figures = all.map((series) => ('distribution' in series ? Object.keys(series.distribution).length : 1))
    expect(lines).toHaveLength(figures.reduce((sum, count) => sum + count, 0))
    const bound = lines.filter((line) =>
      line.startsWith('rollout,apiserver_requests_total,verb=POST;resource=pods;subresource=binding,'),
    )
    expect(bound.map((line) => line.split(',').slice(3).join(','))).toEqual([
      'value,untuned,1,19,count,simulated,',
      'value,tuned,1,19,count,simulated,',
    ])
    expect(lines.every((line) => line.includes(',simulated,'))).toBe(true)
  })

  it('should leave a figure empty where nothing is known, and say why', () => {
    const gaps = ['etcd: connection refused, "twice"']
    const csv = renderSeriesCsv(
      viewFor(
        resultWith([
          {
            ...common,
            name: 'etcd_size_bytes',
            labels: { instance: 'etcd', x: 'y' },
            unit: 'bytes',
            value: null,
            gaps,
          },
        ]),
      ),
    )
    expect(csv.split('\r\n')[1]).toBe(
      'arm,etcd_size_bytes,instance=etcd;x=y,value,untuned,1,,bytes,measured,"etcd: connection refused, ""twice"""',
    )
  })
})
