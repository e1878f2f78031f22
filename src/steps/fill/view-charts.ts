import { formatCount } from '../../base/count.ts'
import { formatDuration } from '../../base/duration.ts'
import { formatBytes } from '../../base/quantity.ts'
import { summedCurve } from '../../report/curves.ts'
import { formatLatency } from '../../report/format.ts'
import type { Drawing } from '../../report/section.ts'
import type { Curve } from '../../result/parts.ts'
import type { FillOutcome } from './outcome.ts'
import type { FillRun } from './view-run.ts'

const height = 260
const xName = 'seconds since the fill began'
const podLines = [
  { key: 'created', name: 'created', stroke: 'dotted' },
  { key: 'bound', name: 'bound', stroke: 'dashed' },
  { key: 'ready', name: 'Ready', stroke: 'solid' },
] as const

/** Pods created, bound and Ready over time, of every arm in one drawing. */
export function podsChart(typical: readonly FillRun[], evidence: string): Drawing[] {
  const lines = typical.flatMap(({ arm, outcome: { curves } }) =>
    podLines.map(({ key, stroke }) => ({
      arm,
      curve: curves[key] ?? [],
      ...(stroke !== 'solid' && { dash: stroke }),
    })),
  )
  if (lines.every(({ curve }) => curve.length === 0)) return []
  const ends = typical.map(
    ({ label, outcome: { pods, durationMs } }) =>
      `${label} ${formatCount(pods.ready)} Ready after ${formatDuration(durationMs)}`,
  )
  return [
    {
      kind: 'drawing',
      title: `Pods while the cluster was filled (${evidence})`,
      legend: [...legendOf(typical), ...podLines.map(({ name, stroke }) => ({ text: name, stroke }))],
      description: ends.join(', '),
      height: 340,
      xName,
      yName: 'pods',
      lines,
    },
  ]
}

/** How late watches showed a change, over time. */
export function watchLagChart(typical: readonly FillRun[], evidence: string): Drawing[] {
  return curveChart(typical, {
    title: `Watch lag while the cluster was filled (${evidence})`,
    yName: 'ms',
    yUnit: 1,
    curveOf: ({ watchLagCurve }) => watchLagCurve,
    format: formatLatency,
  })
}

/** What all database files of an arm take together, over time. */
export function etcdChart(typical: readonly FillRun[], evidence: string): Drawing[] {
  return curveChart(typical, {
    title: `Size of all etcd database files together (${evidence})`,
    yName: 'MiB',
    yUnit: 2 ** 20,
    curveOf: ({ etcd }) => summedCurve(etcd.map(({ sizeCurve }) => sizeCurve)),
    format: formatBytes,
  })
}

interface CurveChart extends Pick<Drawing, 'title' | 'yName'> {
  yUnit: number
  curveOf: (fill: FillOutcome) => Curve
  format: (value: number) => string
}

/** One line per arm. */
function curveChart(typical: readonly FillRun[], { curveOf, format, ...chart }: CurveChart): Drawing[] {
  const runs = typical.map((run) => ({ ...run, curve: curveOf(run.outcome) })).filter(({ curve }) => curve.length > 0)
  if (runs.length === 0) return []
  const peaks = runs.map(
    ({ label, curve }) => `${label} at most ${format(Math.max(...curve.map(([, value]) => value)))}`,
  )
  return [
    {
      kind: 'drawing',
      ...chart,
      legend: legendOf(runs),
      description: peaks.join(', '),
      height,
      xName,
      lines: runs.map(({ arm, curve }) => ({ arm, curve, form: 'slopes' })),
    },
  ]
}

function legendOf(runs: readonly FillRun[]): { text: string; arm: string }[] {
  return runs.map(({ arm, label }) => ({ text: label, arm }))
}
