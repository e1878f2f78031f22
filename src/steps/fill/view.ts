import { formatCount } from '../../base/count.ts'
import { formatDuration } from '../../base/duration.ts'
import { formatList } from '../../base/names.ts'
import { formatBytes } from '../../base/quantity.ts'
import type { Comparison } from '../../report/comparison.ts'
import { compare } from '../../report/comparison.ts'
import { distributionItems, distributionTitles, percentileItems } from '../../report/distribution.ts'
import { formatLatency, formatRate, none, orNone } from '../../report/format.ts'
import type { Block, Cell, Section, Table } from '../../report/section.ts'
import type { ReportContext, RunReport, StepReport, StepView } from '../../report/step-view.ts'
import { placeOf, runsOf } from '../../report/step-view.ts'
import { isMachineBound } from '../../result/parts.ts'
import type { FillOutcome, FillStage } from './outcome.ts'
import { lacksOf } from './outcome.ts'
import { etcdChart, podsChart, watchLagChart } from './view-charts.ts'
import { countBlock, countRows } from './view-counts.ts'
import { dataPlaneBlocks } from './view-data-plane.ts'
import { fillFigures } from './view-figures.ts'
import { latencyBlocks } from './view-latency.ts'
import type { FillRun } from './view-run.ts'
import { fillsOf } from './view-run.ts'

/** How reports show fills: how long it took, what was counted, and what the cluster's components took for it. */
export const fillView: StepView = {
  kind: 'fill',
  reportsOf(context) {
    const runs = runsOf(context, fillsOf)
    return runs.length === 0 ? [] : [reportOf(runs, context)]
  },
}

function reportOf(runs: FillRun[], context: ReportContext): StepReport {
  const { evidence, armNames } = context
  const { rows, typical } = compare({
    ...context,
    name: 'fill',
    runs,
    figures: fillFigures(runs),
    decisive: ([filled]) => filled,
  })
  const title = 'Filling the cluster'
  const reasons = typical.flatMap(({ label, outcome: { explanation } }) =>
    explanation === undefined ? [] : [`${label}: ${explanation.text}`],
  )
  const figures: Comparison = {
    kind: 'comparison',
    title,
    caption: `Median over the repetitions, ${evidence}. Times of a machine-bound fill are upper bounds, and not compared.`,
    head: 'Figure',
    conditions: '',
    rows: [...rows, ...countRows(runs, typical, armNames)],
  }
  return {
    order: placeOf(context.arms, 'fill'),
    name: 'fill',
    title: 'filling the cluster',
    isSetUp: true,
    runs: runs.map(runReport),
    figures,
    sections: [
      ...reasonSection(runs, title),
      { part: 'details', title, blocks: detailsOf(runs, typical, figures, context) },
    ],
    headline: { figure: 'filled', does: 'fills the cluster' },
    reasons,
    briefReasons: reasons,
    floors: [],
    tests: { group: 'fill', name: 'fill: every object counted' },
  }
}

/** What each fill was waiting for. */
function reasonSection(runs: readonly FillRun[], title: string): Section[] {
  const rows = runs.flatMap(({ arm, label, outcome: { durationMs, explanation } }): Cell[][] =>
    explanation === undefined ? [] : [[{ text: label, arm }, formatDuration(durationMs), explanation.text]],
  )
  if (rows.length === 0) return []
  const table: Table = {
    kind: 'table',
    caption: 'What the fill was waiting for',
    columns: [{ title: 'Arm' }, { title: 'filled', of: 'figures' }, { title: 'Why', of: 'text' }],
    groups: [{ rows }],
  }
  return [
    { part: 'reasons', title: 'Why each number is what it is', blocks: [{ kind: 'heading', text: title }, table] },
  ]
}

function runReport({ arm, label, repetition, outcome }: FillRun): RunReport {
  const { pods, durationMs, countedMs } = outcome
  const lacks = lacksOf(outcome)
  const bound = isMachineBound(outcome) ? ', machine-bound' : ''
  return {
    arm,
    label,
    repetition,
    name: 'fill',
    phase: 'fill',
    conditions: outcome,
    doubts: lacks.map((text) => ({ severity: 'bad', title: 'The cluster was not filled completely', text })),
    test: {
      durationMs,
      output: `${formatCount(pods.ready)} of ${formatCount(pods.expected)} pods Ready after ${formatDuration(durationMs)}${bound}`,
      ...(lacks.length > 0 && { error: formatList(lacks) }),
    },
    ...(countedMs !== undefined && { beside: { what: 'counting objects after the fill', ms: countedMs } }),
  }
}

function detailsOf(
  runs: readonly FillRun[],
  typical: readonly FillRun[],
  figures: Comparison,
  { evidence, words }: ReportContext,
): Block[] {
  const typicalOnly =
    runs.length > typical.length ? ' Where a single run is shown, it is the one nearest to the arm’s median.' : ''
  const hasEtcd = typical.some(({ outcome: { etcd } }) => etcd.length > 0)
  return [
    { kind: 'paragraph', text: `From the first create request until the last pod is Ready.${typicalOnly}` },
    figures,
    ...podsChart(typical, evidence),
    ...countBlock(runs, typical, evidence),
    {
      kind: 'fold',
      title: 'How fast the objects were created, kind by kind',
      blocks: [stageTable(typical, evidence)],
    },
    { kind: 'heading', text: 'Pod startup and watch lag' },
    distributionTable(typical, evidence),
    ...watchLagChart(typical, evidence),
    ...latencyBlocks(typical, evidence),
    ...dataPlaneBlocks(typical, evidence, words),
    ...(hasEtcd
      ? [{ kind: 'heading' as const, text: 'etcd' }, etcdTable(typical, evidence), ...etcdChart(typical, evidence)]
      : []),
  ]
}

/** Things that several arms have: each with a row per arm. */
function perArmTable(
  typical: readonly FillRun[],
  { caption, head, titles }: { caption: string; head: string; titles: readonly string[] },
  namesIn: (fill: FillOutcome) => string[],
  cellsOf: (fill: FillOutcome, name: string) => Cell[],
): Table {
  const names = [...new Set(typical.flatMap(({ outcome }) => namesIn(outcome)))]
  const rows = names.flatMap((name) =>
    typical
      .filter(({ outcome }) => namesIn(outcome).includes(name))
      .map(({ arm, label, outcome }): Cell[] => [name, { text: label, arm }, ...cellsOf(outcome, name)]),
  )
  return {
    kind: 'table',
    caption,
    isSpanning: true,
    columns: [{ title: head }, { title: 'Arm' }, ...titles.map((title) => ({ title, of: 'figures' as const }))],
    groups: [{ rows }],
  }
}

function stageTable(typical: readonly FillRun[], evidence: string): Table {
  return perArmTable(
    typical,
    {
      caption: `One kind after another, ${evidence}. Latency: from when a request was due to be sent, retries included.`,
      head: 'Kind',
      titles: ['objects', 'duration', 'achieved', 'intended', 'p50', 'p99', 'max', 'sent late, p99'],
    },
    ({ stages }) => stages.map(({ name }) => name),
    ({ stages }, name) => stages.filter((stage) => stage.name === name).flatMap(stageCells),
  )
}

function stageCells({ objects, durationMs, intendedPerSecond, latencyMs, latenessMs }: FillStage): string[] {
  return [
    formatCount(objects),
    formatDuration(durationMs),
    durationMs > 0 ? formatRate((1000 * objects) / durationMs) : none,
    orNone(intendedPerSecond, formatRate),
    ...percentileItems(latencyMs, ['p50', 'p99', 'max'], formatLatency),
    ...percentileItems(latenessMs, ['p99'], formatLatency),
  ]
}

const watchLagName = 'watch lag'

function distributionTable(typical: readonly FillRun[], evidence: string): Table {
  return perArmTable(
    typical,
    {
      caption: `Time per pod between two points in its life; watch lag: from the answer to a write until a watch shows it, sampled once a second. All ${evidence}.`,
      head: 'From, to',
      titles: [...distributionTitles, 'count', 'missing'],
    },
    ({ podPhasesMs }) => [...Object.keys(podPhasesMs), watchLagName],
    ({ podPhasesMs, watchLagMs }, name) =>
      distributionItems(name === watchLagName ? watchLagMs : (podPhasesMs[name] ?? watchLagMs), formatLatency),
  )
}

function etcdTable(typical: readonly FillRun[], evidence: string): Table {
  return perArmTable(
    typical,
    {
      caption: `Size of each database file before and after the fill, how much of it is in use, and how long its disk writes took, ${evidence}`,
      head: 'Instance',
      titles: ['before', 'after', 'in use', 'commit p50', 'commit p99', 'fsync p50', 'fsync p99'],
    },
    ({ etcd }) => etcd.map(({ instance }) => instance),
    ({ etcd }, name) =>
      etcd
        .filter(({ instance }) => instance === name)
        .flatMap(({ sizeBytes, inUseBytes, commitMs, fsyncMs }) => [
          ...[sizeBytes.before, sizeBytes.after, inUseBytes].map(formatBytes),
          ...percentileItems(commitMs, ['p50', 'p99'], formatLatency),
          ...percentileItems(fsyncMs, ['p50', 'p99'], formatLatency),
        ]),
  )
}
