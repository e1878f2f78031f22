import { plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import type { Result, ThresholdOutcome } from '../result/result.ts'
import { formatActual, formatDeviation, formatSpeedup, formatTaken, none } from './format.ts'
import { accountSection } from './html-account.ts'
import { armSection } from './html-arms.ts'
import { body, columns, figure, list, num, page, profileColor, section, swatch, table, term } from './html-elements.ts'
import { fillSection } from './html-fill.ts'
import { knobSection } from './html-knobs.ts'
import { machineSection } from './html-machine.ts'
import { reasonSection } from './html-why.ts'
import { rerenderCommand } from './labels.ts'
import type { Content, Markup } from './markup.ts'
import { markup, raw } from './markup.ts'
import { sampleText } from './sample.ts'
import type { ComparisonCell, ComparisonRow, ProbeView, ReportView } from './view.ts'
import { chartedCurve, viewOf } from './view.ts'
import { worsenedText } from './worse.ts'

/** The whole report as one HTML page that needs no network and no script. */
export function renderHtml(result: Result): string {
  const view = viewOf(result)
  return page(
    view.title,
    markup`${pageHeader(result, view)}
<main>
${thresholdSection(result)}
${comparisonSection(result, view)}
${chartSection(result, view)}
${reasonSection(view)}
${fillSection(result, view)}
${machineSection(result, view)}
${knobSection(view)}
${accountSection(view)}
${armSection(result, view)}
</main>
${pageFooter(result)}`,
  )
}

function pageHeader(result: Result, view: ReportView): Markup {
  const { evidence, verdict } = result
  return markup`<header>
<p class="kicker">scale-test on ${result.target} · ${formatTaken(result)}</p>
<h1>${result.plan} <span class="tag ${evidence}">${evidence}</span></h1>
${result.description !== undefined && markup`<p class="lead">${result.description}</p>`}
<p class="muted">${view.evidence}</p>
${result.whatIf !== undefined && markup`<p>What ${result.whatIf.varied} does to every time: <a href="what-if.html">what-if.html</a></p>`}
${view.partial !== null && markup`<div class="notice bad"><p><b>${view.partial}.</b> Stopped early. Only finished steps are shown.</p></div>`}
<div class="verdict ${verdict}"><p>Verdict: ${view.verdict}</p>${list(result.reasons)}</div>
${worseNotice(view)}
${caveatNotice(view)}
</header>`
}

/** What an arm made worse, which no threshold need speak of. */
function worseNotice({ profiles, worse }: ReportView): Content {
  if (worse.length === 0) return null
  return markup`<div class="notice warn"><p><b>Worse than ${profiles[0]}</b></p>${list(worse.map(worsenedText))}</div>`
}

/** What to know before trusting the figures. */
export function caveatNotice({ caveats }: ReportView): Content {
  if (caveats.length === 0) return null
  const worst = caveats.some(({ severity }) => severity === 'bad') ? 'bad' : 'warn'
  return markup`<div class="notice ${worst}"><p><b>Before you trust the figures</b></p>
${caveats.map(({ severity, title, places }) => markup`<p><b class="${severity}">${title}</b></p>${list(places)}`)}</div>`
}

function thresholdSection(result: Result): Content {
  if (result.thresholds.length === 0) return section('Thresholds', markup`<p>The plan sets none.</p>`)
  return section(
    'Thresholds',
    table(
      `Median over the repetitions, ${result.evidence}`,
      markup`<tr><th scope="col">Threshold</th><th scope="col">Verdict</th>${columns(['actual'])}</tr>`,
      body(result.thresholds.map(thresholdRow)),
    ),
  )
}

function thresholdRow(threshold: ThresholdOutcome): Markup {
  const { name, verdict, reason } = threshold
  return markup`<tr><th scope="row">${name}${reason !== undefined && markup`<small>${reason}</small>`}</th>
<td><b class="${verdict}">${verdict}</b></td>${num(formatActual(threshold) ?? none)}</tr>`
}

function comparisonSection(result: Result, view: ReportView): Content {
  const { profiles, probes, notes } = view
  if (probes.length === 0) return section('Comparison', markup`<p>No probe ran.</p>`)
  const { reference, evidence } = result
  const others = profiles.slice(1)
  const head = markup`<tr><th scope="col" rowspan="2">Stop</th>
<th scope="colgroup" colspan="${profiles.length + others.length}">${evidence}</th>
${reference !== null && markup`<th class="split" scope="colgroup" colspan="${profiles.length}">the document</th>`}</tr>
<tr>${profiles.map((profile) => markup`<th class="num" scope="col">${swatch(view, profile)}</th>`)}
${columns(others.map((profile) => `${profiles[0]} / ${profile}`))}
${reference !== null && profiles.map((profile, index) => markup`<th class="num${index === 0 && ' split'}" scope="col">${swatch(view, profile)}</th>`)}</tr>`
  const width = 1 + profiles.length + others.length + (reference === null ? 0 : profiles.length)
  const bodies = probes.map(
    (
      probe,
    ) => markup`<tbody><tr><th scope="rowgroup" colspan="${width}">${probe.title} <small>${probe.conditions}</small></th></tr>
${probe.rows.map((row) => comparisonRow(row, reference !== null))}</tbody>`,
  )
  return section(
    'Comparison',
    reference !== null &&
      markup`<p class="muted">The document: ${reference.source}. The marked stops are the ones it timed; below its figures: how far this run is from them.</p>`,
    table(`Time from the scale request to each stop: median over the repetitions, ${evidence}`, head, bodies),
    notes.length > 0 &&
      markup`<ol class="notes">${notes.map((note, index) => markup`<li id="note-${index + 1}">${note}</li>`)}</ol>`,
  )
}

function comparisonRow(row: ComparisonRow, hasReference: boolean): Markup {
  const documented = row.documented && markup` <span class="tag">the document’s stop</span>`
  return markup`<tr${row.documented && raw(' class="documented"')}><th class="stop" scope="row">${row.label}${documented}<small>${row.meaning}</small></th>
${row.cells.map(({ measured }) => {
  const { figure, detail } = sampleText(measured)
  return num(markup`<b>${figure}</b>`, detail)
})}
${row.cells
  .slice(1)
  .map(({ ratio, reference }) =>
    num(
      ratio === null ? none : formatSpeedup(ratio),
      reference !== null && reference.ratio !== null && `document ${formatSpeedup(reference.ratio)}`,
    ),
  )}
${hasReference && row.cells.map((cell, index) => referenceCell(cell, index === 0))}</tr>`
}

function referenceCell({ reference }: ComparisonCell, isFirst: boolean): Markup {
  const classes = `num${isFirst ? ' split' : ''}`
  if (reference === null) return markup`<td class="${classes}">${none}</td>`
  const { valueMs, deviation, note } = reference
  const remarks = [
    deviation !== null && `this run ${formatDeviation(deviation)}`,
    note !== null && markup`<a href="#note-${note}">note ${note}</a>`,
  ].filter((remark) => remark !== false)
  return markup`<td class="${classes}">${formatDuration(valueMs)}
<small>${remarks.map((remark, index) => [index > 0 && ', ', remark])}</small></td>`
}

function chartSection(result: Result, view: ReportView): Content {
  const figures = view.probes.flatMap((probe) => probeChart(result, view, probe))
  return figures.length > 0 && section('Over time', figures)
}

function probeChart(result: Result, view: ReportView, probe: ProbeView): Markup[] {
  const charted = chartedCurve(probe)
  if (charted === null) return []
  const legend = view.profiles.flatMap((profile) => {
    const runs = charted.lines.filter((line) => line.profile === profile).length
    return runs === 0 ? [] : [[swatch(view, profile), `, ${plural(runs, 'run')}`]]
  })
  const ends = charted.lines.map(({ label, curve }) => `${label} ends at ${formatDuration(curve.at(-1)?.[0] ?? 0)}`)
  return [
    figure(`${charted.title}, ${probe.title} (${result.evidence})`, legend, ends.join(', '), {
      height: 340,
      xName: 'seconds since the scale request',
      yName: 'pods',
      lines: charted.lines.map(({ profile, curve }) => ({ color: profileColor(view, profile), curve })),
      marks: charted.marks.map(({ profile, valueMs }) => ({
        color: profileColor(view, profile),
        atMs: valueMs,
        label: `document, ${profile}: ${formatDuration(valueMs)}`,
      })),
    }),
  ]
}

/** What the page was made from, and how to make it again. */
export function pageFooter(result: Result): Markup {
  return markup`<footer><dl>${term('run', result.run)}${term('plan', result.plan)}${term('plan hash', markup`<code>${result.planHash}</code>`)}
${term('result schema', result.schema)}${term('evidence', result.evidence)}</dl>
<p>Made from <code>result.json</code> alone. To make it again: <code>${rerenderCommand(result)}</code></p></footer>`
}
