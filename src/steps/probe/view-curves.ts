import { plural } from '../../base/count.ts'
import { formatDuration } from '../../base/duration.ts'
import type { FigureRow } from '../../report/comparison.ts'
import type { Section } from '../../report/section.ts'
import type { ReportContext } from '../../report/step-view.ts'
import type { StopName } from '../../result/parts.ts'
import type { ProbeRun } from './view-run.ts'

/** Which curve shows a probe, and the stops at which the curve ends: a figure for another stop has no place in it. */
const charted: { key: string; title: string; endsAt: StopName[] }[] = [
  { key: 'ready', title: 'Pods Ready', endsAt: ['available', 'ready'] },
  { key: 'remaining', title: 'Pods remaining', endsAt: ['deleted'] },
]

/** The curve that shows the probe best, of every run that has it, beside the document's figures for stops at which it ends. */
export function curveSection(
  title: string,
  runs: readonly ProbeRun[],
  rows: readonly FigureRow[],
  { armNames, evidence }: ReportContext,
): Section[] {
  const shown = charted.find(({ key }) => runs.some((run) => curveOf(run, key).length > 0))
  if (shown === undefined) return []
  const lines = runs
    .map((run) => ({ arm: run.arm, label: run.label, curve: curveOf(run, shown.key) }))
    .filter(({ curve }) => curve.length > 0)
  const cells = rows.filter(({ name }) => shown.endsAt.some((stop) => stop === name)).flatMap((row) => row.cells)
  const legend = armNames.flatMap((arm) => {
    const count = lines.filter((line) => line.arm === arm).length
    return count === 0 ? [] : [{ text: `${arm}, ${plural(count, 'run')}`, arm }]
  })
  const ends = lines.map(({ label, curve }) => `${label} ends at ${formatDuration(curve.at(-1)?.[0] ?? 0)}`)
  const drawing = {
    kind: 'drawing' as const,
    title: `${shown.title}, ${title} (${evidence})`,
    legend,
    description: ends.join(', '),
    height: 340,
    xName: 'seconds since the scale request',
    yName: 'pods',
    lines: lines.map(({ arm, curve }) => ({ arm, curve })),
    marks: cells.flatMap(({ arm, reference }) =>
      reference === null
        ? []
        : [{ arm, atMs: reference.valueMs, label: `document, ${arm}: ${formatDuration(reference.valueMs)}` }],
    ),
  }
  return [{ part: 'curves', title: 'Over time', blocks: [drawing] }]
}

function curveOf({ outcome: { probe } }: ProbeRun, key: string) {
  return probe.curves[key] ?? []
}
