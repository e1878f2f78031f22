import { printable } from '../base/printable.ts'
import type { Result } from '../result/result.ts'
import type { Series } from '../result/series.ts'
import type { PlacedSeries } from './series-lines.ts'
import { seriesIn } from './series-lines.ts'
import type { ReportView } from './view.ts'

/*
 * OpenMetrics 1.0 text (https://prometheus.io/docs/specs/om/open_metrics_spec/), for whatever keeps
 * metrics over many runs. A series is a family of its name (docs/series.md) behind `scale_test_`.
 */

type MetricType = 'counter' | 'gauge' | 'summary'

/** One line of a family: what follows its name, its labels and its value. */
interface MetricSample {
  suffix: string
  labels: Readonly<Record<string, string>>
  value: number
}

/** Every series of every step and arm of a run as OpenMetrics text. What is not known has no line. */
export function renderOpenMetrics({ result }: ReportView): string {
  const families = Map.groupBy(seriesIn(result), ({ series }) => series.name)
  const lines = [...families].flatMap(([name, all]) => familyLines(name, all, result.run))
  return `${[...runLines(result), ...lines, '# EOF'].join('\n')}\n`
}

/** What the run was, which other families name by its label `run`. */
function runLines({ run, plan, planHash, target, verdict, evidence, versions }: Result): string[] {
  const own = { run, plan, plan_hash: planHash, target, verdict, evidence }
  const others = Object.entries(versions).map(([name, version]) => [labelName(`${name}_version`), version])
  const labels = { ...own, ...Object.fromEntries(others) }
  return ['# TYPE scale_test_run info', sampleLine('scale_test_run', { suffix: '_info', labels, value: 1 })]
}

function familyLines(name: string, all: readonly PlacedSeries[], run: string): string[] {
  const type = typeOf(name, all)
  const samples = all.flatMap((placed) => samplesOf(placed, run, type))
  const [first] = all
  if (first === undefined || samples.length === 0) return []
  // A counter's samples have a suffix that its family has not.
  const family = `scale_test_${type === 'counter' ? metricName(name).replace(/_total$/, '') : metricName(name)}`
  const { unit } = first.series
  return [
    `# TYPE ${family} ${type}`,
    ...(family.endsWith(`_${unit}`) ? [`# UNIT ${family} ${unit}`] : []),
    ...samples.map((sample) => sampleLine(family, sample)),
  ]
}

function typeOf(name: string, all: readonly PlacedSeries[]): MetricType {
  if (all.some(({ series }) => 'distribution' in series)) return 'summary'
  return name.endsWith('_total') ? 'counter' : 'gauge'
}

function samplesOf({ arm, repetition, step, series }: PlacedSeries, run: string, type: MetricType): MetricSample[] {
  const own = { run, arm, repetition: String(repetition), step, evidence: series.evidence }
  // As Prometheus does with labels of what it scrapes that are its own.
  const others = Object.entries(series.labels).map(([label, value]) => [
    label in own || label === 'quantile' ? `exported_${labelName(label)}` : labelName(label),
    value,
  ])
  const labels = { ...own, ...Object.fromEntries(others) }
  if ('distribution' in series) return summaryOf(series, labels)
  // A distribution of which nothing was read is a value of null.
  if (series.value === null || type === 'summary') return []
  return [{ suffix: type === 'counter' ? '_total' : '', labels, value: series.value }]
}

const quantiles = { p50: '0.5', p90: '0.9', p99: '0.99', max: '1' } as const

/** Percentiles that are infinitely late, since too many never came, say so; those of nothing have no line. */
function summaryOf(
  { distribution }: Extract<Series, { distribution: unknown }>,
  labels: MetricSample['labels'],
): MetricSample[] {
  const never = distribution.missing > 0 ? Number.POSITIVE_INFINITY : null
  return [
    ...Object.entries(quantiles).flatMap(([key, quantile]) => {
      const value = distribution[key as keyof typeof quantiles] ?? never
      return value === null ? [] : [{ suffix: '', labels: { ...labels, quantile }, value }]
    }),
    { suffix: '_count', labels, value: distribution.count },
  ]
}

function sampleLine(family: string, { suffix, labels, value }: MetricSample): string {
  const pairs = Object.entries(labels)
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `${name}="${escaped(text)}"`)
  return `${family}${suffix}{${pairs.join(',')}} ${value === Number.POSITIVE_INFINITY ? '+Inf' : value}`
}

function escaped(text: string): string {
  return printable(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function metricName(text: string): string {
  return text.replace(/[^\w]/g, '_')
}

/** Names of labels begin with no digit, and with no underscore, which is reserved. */
function labelName(text: string): string {
  return text.replace(/[^\w]/g, '_').replace(/^(?=\d)|^_+/, 'x_')
}
