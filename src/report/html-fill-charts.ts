import { formatCount } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { formatBytes } from '../base/quantity.ts'
import type { Curve, FillOutcome } from '../result/result.ts'
import { summedCurve } from './curves.ts'
import type { FillRun } from './fill-view.ts'
import { formatLatency } from './format.ts'
import { figure, profileColor, swatch } from './html-elements.ts'
import type { Content } from './markup.ts'
import { markup } from './markup.ts'
import type { ReportView } from './view.ts'

const height = 260
const podLines = [
  { key: 'created', dash: 'dotted' },
  { key: 'bound', dash: 'dashed' },
  { key: 'ready', dash: undefined },
] as const

/** Pods created, bound and Ready over time, of every arm in one drawing. */
export function podsChart(view: ReportView, typical: FillRun[], evidence: string): Content {
  const lines = typical.flatMap(({ profile, fill: { curves } }) =>
    podLines.map(({ key, dash }) => ({ color: profileColor(view, profile), curve: curves[key] ?? [], dash })),
  )
  if (lines.every(({ curve }) => curve.length === 0)) return null
  const strokes = podLines.map(
    ({ key, dash }) => markup`<span class="stroke ${dash ?? 'solid'}">${key === 'ready' ? 'Ready' : key}</span>`,
  )
  return figure(
    `Pods while the cluster was filled (${evidence})`,
    [...legendOf(view, typical), ...strokes],
    typical
      .map(({ label, fill: { pods, durationMs } }) =>
        [label, `${formatCount(pods.ready)} Ready after`, formatDuration(durationMs)].join(' '),
      )
      .join(', '),
    {
      height: 340,
      xName: 'seconds since the fill began',
      yName: 'pods',
      lines: lines.map(({ dash, ...line }) => (dash === undefined ? line : { ...line, dash })),
    },
  )
}

/** How late watches showed a change, over time. */
export function watchLagChart(view: ReportView, typical: FillRun[], evidence: string): Content {
  return curveChart(view, typical, {
    title: `Watch lag while the cluster was filled (${evidence})`,
    xName: 'seconds since the fill began',
    yName: 'ms',
    yUnit: 1,
    curveOf: ({ watchLagCurve }) => watchLagCurve,
    format: formatLatency,
  })
}

/** What all database files of an arm take together, over time. */
export function etcdChart(view: ReportView, typical: FillRun[], evidence: string): Content {
  return curveChart(view, typical, {
    title: `Size of all etcd database files together (${evidence})`,
    xName: 'seconds since the fill began',
    yName: 'MiB',
    yUnit: 2 ** 20,
    curveOf: ({ etcd }) => summedCurve(etcd.map(({ sizeCurve }) => sizeCurve)),
    format: formatBytes,
  })
}

interface CurveChart {
  title: string
  xName: string
  yName: string
  yUnit: number
  curveOf: (fill: FillOutcome) => Curve
  format: (value: number) => string
}

/** One line per arm. */
function curveChart(view: ReportView, typical: FillRun[], chart: CurveChart): Content {
  const { title, curveOf, format, ...axes } = chart
  const runs = typical.filter(({ fill }) => curveOf(fill).length > 0)
  if (runs.length === 0) return null
  const peaks = runs.map(
    ({ label, fill }) => `${label} at most ${format(Math.max(...curveOf(fill).map(([, value]) => value)))}`,
  )
  return figure(title, legendOf(view, runs), peaks.join(', '), {
    height,
    ...axes,
    lines: runs.map(({ profile, fill }) => ({
      color: profileColor(view, profile),
      curve: curveOf(fill),
      shape: 'slopes',
    })),
  })
}

function legendOf(view: ReportView, runs: FillRun[]): Content[] {
  return runs.map(({ profile, label }) => swatch(view, profile, label))
}
