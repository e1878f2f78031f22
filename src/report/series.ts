import { plural } from '../base/count.ts'
import type { Reading } from '../result/sample.ts'
import type { Series } from '../result/series.ts'
import { busySeries, readingOfSeries } from '../result/series.ts'
import type { Comparison, Figure, StepRun } from './comparison.ts'
import { compare } from './comparison.ts'
import { formatFigure, formatLatency } from './format.ts'
import type { Block, Cell, Section } from './section.ts'
import type { ReportContext } from './step-view.ts'
import { runsOf } from './step-view.ts'

/** Series by their names and labels: `apiserver_requests_total{verb="POST"}`. */
export type NamedSeries = ReadonlyMap<string, Series>

/** An arm's series, or those of one of its steps. */
type SeriesRun = StepRun<NamedSeries>

const formats: Partial<Record<Series['unit'], (value: number) => string>> = { ms: formatLatency }

/** Percentiles of a histogram are interpolated within buckets of which the next one reaches twice as far: less may be no difference. */
export const bucketFactor = 2

/** What series say, as figures that are compared: the value, or the percentiles of a distribution. Runs need not have the same series. */
export function seriesFigures(
  runs: readonly SeriesRun[],
  importance: Figure<never>['importance'],
): Figure<NamedSeries>[] {
  const all = new Map(runs.flatMap(({ outcome }) => [...outcome]))
  return [...all].flatMap(([key, { name, labels, unit }]) => {
    const figure = (suffix: string, valueIn: (series: Series) => number | null): Figure<NamedSeries> => ({
      name: `${key}${suffix}`,
      label: `${name}${suffix}`,
      inFull: [`${name}${suffix}`, ...Object.values(labels)].join(' '),
      meaning: Object.entries(labels)
        .map(([label, value]) => `${label} ${value}`)
        .join(', '),
      unit,
      format: formats[unit] ?? ((value) => formatFigure(value, unit)),
      bound: unit === 'per second' ? '≥' : '≤',
      importance,
      read: (own) => readingOf(own, key, valueIn),
      ...(suffix !== '' && { leastFactor: bucketFactor }),
      family: { name: `${name}${suffix}`, others: (count) => ` (and ${plural(count, 'other')} of this series)` },
    })
    // Where nothing of it was read, a distribution is a value of null.
    return runs.some(({ outcome }) => isDistribution(outcome.get(key)))
      ? [figure(' p50', (one) => percentileOf(one, 'p50')), figure(' p99', (one) => percentileOf(one, 'p99'))]
      : [figure('', (one) => ('value' in one ? one.value : null))]
  })
}

/** The series by what tells them apart. */
export function namedSeries(all: readonly Series[]): NamedSeries {
  return new Map(
    all.map((series) => {
      const pairs = Object.entries(series.labels).map(([label, value]) => `${label}="${value}"`)
      return [pairs.length === 0 ? series.name : `${series.name}{${pairs.join(',')}}`, series]
    }),
  )
}

function isDistribution(series: Series | undefined): boolean {
  return series !== undefined && 'distribution' in series
}

function percentileOf(series: Series, key: 'p50' | 'p99'): number | null {
  return 'distribution' in series ? series.distribution[key] : null
}

/** Undefined where nothing is known. */
function readingOf(own: NamedSeries, key: string, valueIn: (series: Series) => number | null): Reading | undefined {
  const found = own.get(key)
  const value = found === undefined ? null : valueIn(found)
  if (found === undefined || value === null) return undefined
  return readingOfSeries(value, found.unit, own.get(busySeries))
}

/** Every arm's series over all of its time. */
export function armSeries(context: ReportContext): SeriesRun[] {
  return runsOf(context, ({ series }) => (series === undefined ? [] : [namedSeries(series)]))
}

/** The same, side by side; null when no arm has any. */
export function seriesComparison(runs: readonly SeriesRun[], context: ReportContext): Comparison | null {
  const figures = seriesFigures(runs, 'table')
  const { rows } = compare({ ...context, name: 'arm', runs, figures, decisive: ([first]) => first })
  if (rows.length === 0) return null
  return {
    kind: 'comparison',
    title: plural(rows.length, 'figure'),
    caption: `From the control plane’s first response until the last check of the nodes: median over the repetitions, ${context.evidence}. docs/series.md explains each series.`,
    head: 'Series',
    conditions: '',
    rows,
  }
}

/** The section that shows them, folded away as there are many; what they lack is in sight. */
export function seriesSection(runs: readonly SeriesRun[], series: Comparison | null): Section[] {
  if (series === null) return []
  const gaps = runs.flatMap(gapRows)
  const blocks: Block[] = [{ kind: 'fold', title: series.title, blocks: [series] }]
  if (gaps.length > 0)
    blocks.push({
      kind: 'table',
      caption: 'What was not read, and which series are affected',
      columns: [{ title: 'Arm' }, { title: 'Why', of: 'text' }, { title: 'Series', of: 'text' }],
      groups: [{ rows: gaps }],
    })
  return [{ part: 'account', title: 'Over the whole arm', blocks }]
}

function gapRows({ arm, label, outcome }: SeriesRun): Cell[][] {
  const all = [...outcome.values()].flatMap(({ name, gaps }) => gaps.map((gap) => ({ name, gap })))
  return [...Map.groupBy(all, ({ gap }) => gap)].map(([gap, lacking]) => [
    { text: label, arm },
    gap,
    [...new Set(lacking.map(({ name }) => name))].join(', '),
  ])
}
