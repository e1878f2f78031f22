import { plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { usualMaterial } from '../plan/limits.ts'
import { changePoints } from '../statistics/change-points.ts'
import { formatRate, formatRatio, formatTaken, none } from './format.ts'
import { body, columns, fold, num, page, section, table } from './html-elements.ts'
import type { Content, Markup } from './markup.ts'
import { markup, raw } from './markup.ts'
import type { RunSummary } from './run-summary.ts'

/** A run of a folder of reports. */
export interface ListedRun {
  /** The name of its folder. */
  folder: string
  writtenAtMs: number
  /** What cannot be read is listed all the same, with the reason. */
  summary: RunSummary | { unreadable: string }
}

/** All runs of a folder, newest first, and the trends of their plans, as one page that needs no network and no script. */
export function renderRunsIndex(runs: readonly ListedRun[]): string {
  const newestFirst = runs.toSorted((one, other) => other.writtenAtMs - one.writtenAtMs)
  return page(
    'scale-test: all runs',
    markup`<header><p class="kicker">scale-test</p><h1>${plural(runs.length, 'run')}</h1></header>
<main>
${section('Runs, newest first', runs.length === 0 ? markup`<p>No runs yet.</p>` : runTable(newestFirst))}
${trendsOf(runs).map(trendSection)}
</main>`,
  )
}

function runTable(runs: readonly ListedRun[]): Markup {
  return table(
    'Every run in this folder',
    markup`<tr><th scope="col">Run</th><th scope="col">Verdict</th><th scope="col">Plan</th><th scope="col">Target</th><th scope="col">Kubernetes</th>${columns(['repetitions'])}<th scope="col">Taken</th></tr>`,
    body(runs.map(runRow)),
  )
}

function runRow({ folder, summary }: ListedRun): Markup {
  if ('unreadable' in summary)
    return markup`<tr><th scope="row">${folder}</th><td colspan="6"><b class="inconclusive">cannot be read</b>: ${summary.unreadable}</td></tr>`
  const { plan, verdict, verdictInWords, target, kubernetes = none, repetitions, evidence } = summary
  return markup`<tr><th scope="row"><a href="${encodeURIComponent(folder)}/report.html">${folder}</a></th>
<td><b class="${verdict}">${verdictInWords}</b></td><td>${plan}</td><td>${target} <span class="tag ${evidence}">${evidence}</span></td><td>${kubernetes}</td>${num(String(repetitions))}<td>${formatTaken(summary)}</td></tr>`
}

/** One figure of one plan over time. */
interface Trend {
  label: string
  arm: string
  unit: string
  /** Oldest first. */
  values: { median: number; folder: string; kubernetes: string | undefined }[]
}

interface PlanTrends {
  title: string
  trends: Trend[]
}

/** Fewer are no trend. */
const leastRuns = 3

/** Runs of one plan, target and evidence are one line in time; whole ones only. */
function trendsOf(runs: readonly ListedRun[]): PlanTrends[] {
  const readable = runs
    .toSorted((one, other) => one.writtenAtMs - other.writtenAtMs)
    .flatMap(({ folder, summary }) => ('unreadable' in summary || summary.partial ? [] : [{ ...summary, folder }]))
  const plans = Map.groupBy(readable, ({ plan, target, evidence }) => `${plan} on ${target} (${evidence})`)
  return [...plans].flatMap(([title, own]) => {
    const points = own.flatMap(({ figures, folder, kubernetes }) =>
      figures.flatMap(({ median, ...figure }) => (median === null ? [] : [{ ...figure, median, folder, kubernetes }])),
    )
    const trends = [...Map.groupBy(points, ({ arm, label }) => JSON.stringify([arm, label])).values()].flatMap(
      (values) => {
        const [first] = values
        return first === undefined || values.length < leastRuns ? [] : [{ ...first, values }]
      },
    )
    return trends.length === 0 ? [] : [{ title, trends }]
  })
}

function trendSection({ title, trends }: PlanTrends): Content {
  return section(
    `Trends of ${title}`,
    table(
      'Medians over the repetitions, oldest run first. A vertical line marks a level change (E-divisive with a t test, p at most 0.001).',
      markup`<tr><th scope="col">Figure</th>${columns(['runs', 'newest'])}<th scope="col">Trend</th><th scope="col">Changes</th></tr>`,
      body(trends.map(trendRow)),
    ),
  )
}

function trendRow({ label, arm, unit, values }: Trend): Markup {
  const medians = values.map(({ median }) => median)
  const changes = changePoints(medians, { leastChange: usualMaterial })
  const newest = values.at(-1)
  const told = changes.map(({ index, before, after }) => {
    const at = values[index]
    const [earlier, later] = [values[index - 1]?.kubernetes, at?.kubernetes]
    const version = earlier === later ? '' : `, Kubernetes ${earlier ?? none} → ${later ?? none}`
    return `${format(before, unit)} → ${format(after, unit)} (${formatRatio(after / before)}) from ${at?.folder} on${version}`
  })
  const every = values.map(({ folder, median }) => markup`<li>${folder}: ${format(median, unit)}</li>`)
  return markup`<tr><th scope="row">${label}<small>${arm}</small></th>${num(String(values.length))}${num(newest === undefined ? none : format(newest.median, unit))}
<td>${sparkline(
    medians,
    changes.map(({ index }) => index),
    `${arm} ${label}, ${plural(values.length, 'run')}`,
  )}</td>
<td>${told.length === 0 ? 'none' : told.map((text) => markup`<p>${text}</p>`)}${fold('every run', markup`<ul>${every}</ul>`)}</td></tr>`
}

function format(value: number, unit: string): string {
  if (unit === 'ms') return formatDuration(value)
  return unit === 'per second' ? formatRate(value) : String(value)
}

const [lineWidth, lineHeight, margin] = [220, 44, 5]

/** A small chart from 0 up, so that what is small looks small. */
function sparkline(values: readonly number[], changes: readonly number[], label: string): Markup {
  const most = Math.max(...values, Number.MIN_VALUE)
  const x = (index: number) => margin + (index * (lineWidth - 2 * margin)) / Math.max(1, values.length - 1)
  const y = (value: number) => lineHeight - margin - (value / most) * (lineHeight - 2 * margin)
  const points = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`)
  const lines = changes.map((index) => {
    const at = ((x(index - 1) + x(index)) / 2).toFixed(1)
    return `<line x1="${at}" x2="${at}" y1="0" y2="${lineHeight}" stroke="var(--p0)" stroke-dasharray="3 2"/>`
  })
  const dots = points.map((point) => {
    const [cx, cy] = point.split(',')
    return `<circle cx="${cx}" cy="${cy}" r="2" fill="var(--p1)"/>`
  })
  return markup`<svg role="img" aria-label="${label}" width="${lineWidth}" height="${lineHeight}" viewBox="0 0 ${lineWidth} ${lineHeight}">${raw(`${lines.join('')}<polyline points="${points.join(' ')}" fill="none" stroke="var(--p1)" stroke-width="1.5"/>${dots.join('')}`)}</svg>`
}
