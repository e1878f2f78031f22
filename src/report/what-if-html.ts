import { formatDuration } from '../base/duration.ts'
import type { Result } from '../result/result.ts'
import { markOf } from './arm-marks.ts'
import type { EffectLine } from './effect-chart.ts'
import { renderEffectChart } from './effect-chart.ts'
import { formatShare, formatTaken, none } from './format.ts'
import { caveatNotice, pageFooter, partialNotice } from './html.ts'
import { body, columns, drawing, list, num, page, section, table } from './html-elements.ts'
import type { Markup } from './markup.ts'
import { markup } from './markup.ts'
import { sampleText } from './sample.ts'
import type { Effect, EffectCell, EffectGroup, WhatIfView } from './what-if.ts'

/** What the values of one setting make of every time: charts, the figures, and what bounds each; no network, no script. */
export function renderWhatIfHtml(view: WhatIfView): string {
  const { varied, report } = view
  const { result } = report
  return page(
    `what if: ${varied}, ${result.plan} (${result.evidence})`,
    markup`${pageHeader(view)}
<main>
${chartSection(result, view)}
${figureSection(result, view)}
${boundSection(view)}
</main>
${pageFooter(report)}`,
  )
}

function pageHeader({ report, varied, runs, headline }: WhatIfView): Markup {
  const { result } = report
  const { evidence, verdict } = result
  return markup`<header>
<p class="kicker">scale-test what-if on ${result.target} · ${formatTaken(result)} · <a href="report.html">the whole report</a></p>
<h1>What if: ${varied} <span class="tag ${evidence}">${evidence}</span></h1>
${headline !== undefined && markup`<div class="verdict"><p>${headline.claim}</p>${headline.because !== '' && markup`<p>${headline.because}</p>`}</div>`}
${result.description !== undefined && markup`<p class="lead">${result.description}</p>`}
<p class="muted">${report.evidence}</p>
${runs < 2 && markup`<div class="notice"><p>Where a value ran only once, chance cannot be ruled out: add <code>--repeat 3</code>.</p></div>`}
${partialNotice(report)}
${verdict !== 'pass' && markup`<div class="verdict ${verdict}"><p>Verdict: ${verdict} (${evidence})</p>${list(result.reasons)}</div>`}
${caveatNotice(report)}
</header>`
}

/** A chart for every group in which the setting changes something; all of them when it changes nothing. */
function chartSection(result: Result, view: WhatIfView): Markup {
  const changing = view.groups.filter(({ effects }) => effects.some(({ isFlat }) => !isFlat))
  const charted = changing.length === 0 ? view.groups : changing
  const flat = view.groups.filter((group) => !charted.includes(group)).map(({ title }) => title)
  return section(
    `How ${view.varied} affects every time`,
    changing.length === 0 &&
      markup`<p>It makes no difference to any time beyond chance, or beyond ${formatShare(result.material)}.</p>`,
    charted.map((group) => chartOf(result, view, group)),
    flat.length > 0 && markup`<p class="muted">Not charted because nothing changes: ${flat.join(', ')}.</p>`,
  )
}

const dashes = ['dashed', 'dotted'] as const

function chartOf({ evidence }: Result, { varied, values }: WhatIfView, group: EffectGroup): Markup {
  const { title, effects, floors } = group
  const cells = effects.flatMap((effect) => effect.cells)
  const unbound = cells.some(({ boundBy }) => boundBy === undefined)
    ? '○ bound by none, or not known'
    : '○ bound by none'
  const legend = [
    ...(cells.some(({ boundBy }) => boundBy !== undefined) ? ['● bound by a client limit', unbound] : []),
    ...(cells.some(({ sample }) => (sample?.runs ?? 0) > 1) ? ['bars: minimum to maximum of the repetitions'] : []),
    ...(floors.length > 0
      ? [markup`<span class="stroke dashed">floor: the time a component’s limit alone takes</span>`]
      : []),
  ]
  const said = effects.map((effect) => {
    const figures = effect.cells.map(({ sample }, index) => `${sampleText(sample).figure} at ${values[index]?.label}`)
    return `${effect.label}: ${figures.join(', ')}`
  })
  const together = linesOf(effects)
  const lines = together.map(({ labels, ...line }) => ({ ...line, label: labels.join(', ') }))
  const draw = (width: number) =>
    renderEffectChart({
      width,
      height: 380,
      xName: varied,
      values,
      lines,
      floors: floors.map(({ limiter, ms }, index) => ({
        dash: dashes[index % dashes.length] ?? 'dashed',
        label: `${limiter.split('/')[0]} floor`,
        ms,
      })),
    })
  const shared = together.filter(({ labels }) => labels.length > 1).map(({ labels }) => labels.join(', '))
  const note = shared.length === 0 ? undefined : `Times that coincide share one line: ${shared.join('; ')}.`
  return drawing(`${title} (${evidence})`, legend, { description: said.join('; '), note }, draw)
}

/** A line, and all times that it is of. */
type SharedLine = Omit<EffectLine, 'label'> & { labels: string[] }

/** A line per time; times that would cover each other share one. */
function linesOf(effects: Effect[]): SharedLine[] {
  const lines: SharedLine[] = []
  const isKnown = effects.some(({ cells }) => cells.some(({ boundBy }) => boundBy !== undefined))
  for (const { label, cells } of effects) {
    const points = cells.map((cell) => pointOf(cell, isKnown))
    const same = lines.find((line) => line.points.every((point, index) => covers(point, points[index] ?? null)))
    if (same !== undefined) same.labels.push(label)
    else {
      const { colour, shape } = markOf(lines.length)
      lines.push({ labels: [label], color: `var(--p${colour})`, shape, points })
    }
  }
  return lines
}

type Point = EffectLine['points'][number]

/** Filled where a client limit bounds it, and where that is not known of anything. */
function pointOf({ sample, boundBy }: EffectCell, isKnown: boolean): Point {
  if (sample === null || sample.median === null) return null
  const { median, min, max } = sample
  return { ms: median, minMs: min ?? median, maxMs: max ?? median, filled: !isKnown || typeof boundBy === 'string' }
}

function covers(one: Point, other: Point): boolean {
  if (one === null || other === null) return one === other
  return one.filled === other.filled && Math.abs(one.ms - other.ms) <= 0.01 * one.ms
}

function figureSection({ evidence, material }: Result, { varied, values, groups }: WhatIfView): Markup {
  const head = markup`<tr><th scope="col" rowspan="2">${varied}</th>
${groups.map(({ title, effects }, index) => markup`<th scope="colgroup"${index > 0 && markup` class="split"`} colspan="${effects.length}">${title}</th>`)}</tr>
<tr>${columns(groups.flatMap(({ effects }) => effects.map(({ label }) => label)))}</tr>`
  const effects = groups.flatMap((group) => group.effects)
  const rows = values.map(
    ({ label }, row) => markup`<tr><th scope="row">${label}</th>${effects.map(({ cells }) => cellOf(cells[row]))}</tr>`,
  )
  return section(
    'Figures',
    table(
      `Time to each stop: median over the repetitions, ${evidence}; below it their minimum and maximum, and what bounds it. Best: the first value within chance or ${formatShare(material)} of the fastest.`,
      head,
      body(rows),
    ),
  )
}

function cellOf(cell: EffectCell | undefined): Markup {
  if (cell === undefined || cell.sample === null) return num(none)
  const { figure, detail } = sampleText(cell.sample, formatDuration)
  const bound = cell.boundBy === undefined ? '' : (cell.boundBy?.split('/')[0] ?? 'no client limit')
  return num(cell.best ? markup`<b class="pass">best</b> <b>${figure}</b>` : figure, [
    detail,
    detail !== '' && bound !== '' && markup`<br>`,
    bound,
  ])
}

function boundSection({ groups, report }: WhatIfView): Markup {
  const rows = groups.flatMap(({ title, effects }) => effects.map((effect) => boundRow(title, effect)))
  return section(
    'What bounds each time',
    table(
      `A client limit bounds a time when the limit alone takes at least three quarters of it. One value counts as faster than another only if they differ by more than ${formatShare(report.result.material)} and the interval of their ratio, widened for comparing all values, excludes 1; otherwise it may be chance.`,
      markup`<tr><th scope="col">Stop</th><th scope="col">Limit</th><th scope="col">With the setting</th></tr>`,
      body(rows),
    ),
  )
}

function boundRow(title: string, { label, bounds, change }: Effect): Markup {
  return markup`<tr><th class="stop" scope="row">${label}<small>${title}</small></th><td class="text">${bounds ?? none}</td><td>${change ?? none}</td></tr>`
}
