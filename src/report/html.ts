import { formatDuration } from '../base/duration.ts'
import { formatBytes } from '../base/quantity.ts'
import type { ArmOutcome, Distribution, Result } from '../result/result.ts'
import { renderChart } from './chart.ts'
import {
  formatActual,
  formatCount,
  formatDeviation,
  formatInstant,
  formatKnobValue,
  formatLimit,
  formatRange,
  formatRatio,
  formatShare,
  none,
  plural,
} from './format.ts'
import { type Content, type Markup, markup, raw } from './markup.ts'
import { styleSheet } from './style.ts'
import {
  armLabel,
  type ComparisonCell,
  type ComparisonRow,
  chartedCurve,
  isMachineBound,
  type KnobCell,
  type KnobRow,
  limiterName,
  type ProbeRun,
  type ProbeView,
  type ReportView,
  rerenderCommand,
  sampleText,
  stopLabel,
  stopsOf,
  viewOf,
} from './view.ts'

/** The whole report as one HTML page that needs no network and no script. */
export function renderHtml(result: Result): string {
  const view = viewOf(result)
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${view.title}</title>
<style>${raw(styleSheet)}</style>
</head>
<body>
${pageHeader(result, view)}
<main>
${thresholdSection(result)}
${comparisonSection(result, view)}
${reasonSection(view)}
${chartSection(result, view)}
${knobSection(view)}
${accountSection(view)}
${armSection(result, view)}
</main>
${pageFooter(result)}
</body>
</html>
`.markup
}

function pageHeader(result: Result, view: ReportView): Markup {
  const { evidence, verdict } = result
  return markup`<header>
<p class="kicker">scale-test on ${result.target} · ${formatInstant(result.startedAt)} · took ${formatDuration(result.durationMs)}</p>
<h1>${result.plan} <span class="tag ${evidence}">${evidence}</span></h1>
${result.description !== undefined && markup`<p class="lead">${result.description}</p>`}
<p class="muted">${view.evidence}</p>
${view.partial !== null && markup`<div class="notice bad"><p><b>${view.partial}.</b> This run did not go to its end: what is here is all there is.</p></div>`}
<div class="verdict ${verdict}"><p>Verdict: ${verdict} (${evidence})</p>${list(result.reasons)}</div>
${caveatNotice(view)}
</header>`
}

function caveatNotice({ caveats }: ReportView): Content {
  if (caveats.length === 0) return null
  const worst = caveats.some(({ severity }) => severity === 'bad') ? 'bad' : 'warn'
  return markup`<div class="notice ${worst}"><p><b>Before you trust the figures</b></p>
${caveats.map(({ severity, title, places }) => markup`<p><b class="${severity}">${title}</b></p>${list(places)}`)}</div>`
}

function thresholdSection(result: Result): Content {
  const rows = result.thresholds.map(
    ({
      name,
      verdict,
      actual,
      min,
      max,
      unit,
      reason,
    }) => markup`<tr><th scope="row">${name}${reason !== undefined && markup`<small>${reason}</small>`}</th><td><b class="${verdict}">${verdict}</b></td>
${num(actual === null ? none : formatActual(actual, unit))}
${num(min === undefined || max === undefined ? none : formatRange(formatActual(min, unit), formatActual(max, unit)))}</tr>`,
  )
  if (rows.length === 0) return section('Thresholds', markup`<p>The plan sets none.</p>`)
  return section(
    'Thresholds',
    table(
      `Median over the repetitions, ${result.evidence}`,
      markup`<tr><th scope="col">Threshold</th><th scope="col">Verdict</th>${columns(['actual', 'min–max'])}</tr>`,
      body(rows),
    ),
  )
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
      ratio === null ? none : formatRatio(ratio),
      reference !== null && reference.ratio !== null && `document ${formatRatio(reference.ratio)}`,
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

function reasonSection(view: ReportView): Content {
  const probes = view.probes.filter(({ runs }) =>
    runs.some(({ probe }) => probe.explanations.length + probe.limiters.length > 0),
  )
  if (probes.length === 0) return null
  return section(
    'Why each number is what it is',
    markup`<p class="muted">From the components’ own metrics, for the repetition of each profile nearest to its median.</p>`,
    probes.map(
      (probe) => markup`<h3>${probe.title}</h3>
${explanationTable(view, probe.typical)}${limiterTable(view, probe.typical)}
${
  probe.runs.length > probe.typical.length &&
  markup`<details><summary>Every repetition of ${probe.title}</summary>${explanationTable(view, probe.runs)}${limiterTable(view, probe.runs)}</details>`
}`,
    ),
  )
}

function explanationTable(view: ReportView, runs: ProbeRun[]): Content {
  const stops = [...new Set(runs.flatMap(({ probe }) => stopsOf(probe).map(({ stop }) => stop)))]
  const bodies = stops.map(
    (stop) =>
      markup`<tbody>${runs.flatMap((run) => {
        const ms = run.probe.stopsMs[stop]
        if (ms === undefined) return []
        const why = run.probe.explanations.filter((explanation) => explanation.stop === stop)
        return markup`<tr><th scope="row">${stopLabel(stop)}</th><td>${swatch(view, run.profile, run.label)}</td>${num(time(ms))}
<td>${why.map(({ boundBy }) => (boundBy === null ? 'no limiter' : markup`<b>${boundBy}</b>`))}</td>
<td class="text">${why.map(({ text }) => markup`<div>${text}</div>`)}</td></tr>`
      })}</tbody>`,
  )
  const head = markup`<tr><th scope="col">Stop</th><th scope="col">Arm</th>${columns(['time'])}<th scope="col">Bound by</th><th scope="col">Why</th></tr>`
  return table('What each stop was waiting for', head, bodies)
}

function limiterTable(view: ReportView, runs: ProbeRun[]): Content {
  const rows = runs.flatMap((run) =>
    run.probe.limiters.map((limiter) => {
      const bound = run.probe.explanations.filter(({ boundBy }) => boundBy === limiterName(limiter))
      const stops = stopsOf(run.probe).filter(({ stop }) => bound.some((explanation) => explanation.stop === stop))
      const requests = Object.entries(limiter.requests)
      const total = requests.reduce((sum, [, count]) => sum + count, 0)
      const verbs = requests.map(([verb, count]) => `${verb}\u00a0${formatCount(count)}`)
      return markup`<tr><th class="name" scope="row">${limiter.component}<small>${limiter.client}</small></th><td>${swatch(view, run.profile, run.label)}</td>
${num(formatLimit(limiter.qps))}${num(formatLimit(limiter.burst))}
${num(formatCount(total), markup`<span class="wrap">${verbs.join(', ')}</span>`)}
${num(formatCount(limiter.gatingRequests))}${num(formatDuration(limiter.waitedMs))}${num(time(limiter.floorMs))}
<td class="num">${stops.length === 0 ? none : stops.map(({ label, ms }) => accountedFor(label, ms, limiter.floorMs))}</td></tr>`
    }),
  )
  if (rows.length === 0) return null
  const titles = ['qps', 'burst', 'requests', 'pods wait for', 'waited', 'floor', 'accounts for']
  return [
    table(
      'Client-side rate limiters',
      markup`<tr><th scope="col">Limiter</th><th scope="col">Arm</th>${columns(titles)}</tr>`,
      body(rows),
    ),
    markup`<p class="notes">Floor: the least time a full bucket needs for the requests the pods wait for. Waited: summed over all requests, many of which wait at the same time.</p>`,
  ]
}

function accountedFor(label: string, ms: number | null, floorMs: number | null): Markup {
  const share = ms !== null && ms > 0 && floorMs !== null && `${formatShare(floorMs / ms)} of `
  return markup`<div>${share}${time(ms)}<small>${label}</small></div>`
}

function chartSection(result: Result, view: ReportView): Content {
  const figures = view.probes.flatMap((probe) => probeChart(result, view, probe))
  return figures.length > 0 && section('Over time', figures)
}

function probeChart(result: Result, view: ReportView, probe: ProbeView): Markup[] {
  const charted = chartedCurve(probe)
  if (charted === null) return []
  const color = (profile: string): string => `var(--${profileClass(view, profile)})`
  const title = `${charted.title}, ${probe.title} (${result.evidence})`
  const svg = renderChart({
    width: 1040,
    height: 340,
    yName: 'pods',
    lines: charted.lines.map(({ profile, curve }) => ({ color: color(profile), curve })),
    marks: charted.marks.map(({ profile, valueMs }) => ({
      color: color(profile),
      atMs: valueMs,
      label: `document, ${profile}: ${formatDuration(valueMs)}`,
    })),
  })
  const ends = charted.lines.map(({ label, curve }) => `${label} ends at ${formatDuration(curve.at(-1)?.[0] ?? 0)}`)
  const legend = view.profiles.flatMap((profile) => {
    const runs = charted.lines.filter((line) => line.profile === profile).length
    return runs === 0 ? [] : [markup`<li>${swatch(view, profile)}, ${plural(runs, 'run')}</li>`]
  })
  return [
    markup`<figure><figcaption><h3>${title}</h3><ul class="legend">${legend}</ul></figcaption>
<div class="scroll" role="img" aria-label="${`${title}: ${ends.join(', ')}`}">${raw(svg)}</div></figure>`,
  ]
}

function knobSection(view: ReportView): Content {
  const { differing, same, notApplied } = view.knobs
  const folded = (title: string, rows: KnobRow[]): Content =>
    rows.length > 0 &&
    markup`<details><summary>${title} <span class="muted">(${rows.length})</span></summary>${knobTable(view, title, rows)}</details>`
  if (differing.length + same.length + notApplied.length === 0) return null
  return section(
    'Knobs',
    markup`<p class="muted">The large figure is what the running component says it uses.</p>`,
    differing.length > 0 && knobTable(view, 'Not the same in every profile, or not as requested', differing),
    view.profiles.length === 1 && same.length > 0
      ? knobTable(view, 'As requested', same)
      : folded('The same in every profile', same),
    folded('Not applied, and why', notApplied),
  )
}

function knobTable(view: ReportView, title: string, rows: KnobRow[]): Markup {
  return table(
    title,
    markup`<tr><th scope="col">Knob</th>${view.profiles.map((profile) => markup`<th class="num" scope="col">${swatch(view, profile)}</th>`)}
<th scope="col">Read from</th><th scope="col">Note</th></tr>`,
    body(rows.map(knobRow)),
  )
}

function knobRow({ setting, component, cells, readFrom, notes }: KnobRow): Markup {
  return markup`<tr><th scope="row"><code>${setting}</code><small>${component}</small></th>${cells.map(knobCell)}
<td>${readFrom}</td><td class="text">${notes.map((note) => markup`<div>${note}</div>`)}</td></tr>`
}

function knobCell({ outcomes }: KnobCell): Markup {
  if (outcomes.length === 0) return num(none)
  return markup`<td class="num">${outcomes.map(({ repetitions, knob }) => {
    const effective = knob.effective === null ? none : formatKnobValue(knob.effective)
    const requested = knob.requested === null ? 'not requested' : `requested ${formatKnobValue(knob.requested)}`
    const which = outcomes.length > 1 && ` in run ${repetitions.join(', ')}`
    return markup`<b>${effective}</b>${which}<small>${requested}, <span class="${knob.status}">${knob.status}</span></small>`
  })}</td>`
}

function accountSection(view: ReportView): Content {
  const { probes } = view
  if (probes.length === 0) return null
  const pods = ['expected', 'created', 'bound', 'started', 'ready', 'deleted', 'unexpected', 'censored'] as const
  return section(
    'Pods and conditions',
    table(
      'Pods accounted for. Censored: moments known only as an interval.',
      markup`<tr><th scope="col">Arm</th>${columns(pods)}</tr>`,
      perRun(view, ({ probe }) => pods.map((key) => num(formatCount(probe.pods[key])))),
    ),
    table(
      'Conditions of the measurement. Above 90 % the machine itself is the limit and timings are not comparable.',
      markup`<tr><th scope="col">Arm</th>${columns(['machine busy', 'event loop delay, max', 'watch resumed', 'listed again', 'fell silent'])}</tr>`,
      perRun(view, ({ probe, probe: { machineBusy, eventLoopDelayMaxMs, watch } }) => [
        isMachineBound(probe)
          ? num(markup`<b class="bad">${formatShare(machineBusy ?? 0)}</b>`, 'machine-bound')
          : num(machineBusy === null ? none : formatShare(machineBusy)),
        num(time(eventLoopDelayMaxMs)),
        [watch.resumed, watch.relisted, watch.silent].map((count) => num(formatCount(count))),
      ]),
    ),
    table(
      'Time per pod between two points of its life, for the repetition nearest to the median',
      markup`<tr><th scope="col">Phase</th><th scope="col">Arm</th>${columns(['p50', 'p90', 'p99', 'max', 'pods', 'missing'])}</tr>`,
      probes.map((probe) => phaseBody(view, probe)),
    ),
    probes.map(
      (probe) =>
        markup`<details><summary>API requests, ${probe.title}</summary>${table(
          'Requests the apiserver answered during the probe, for the repetition nearest to the median',
          markup`<tr><th scope="col">Request</th>${probe.typical.map((run) => markup`<th class="num" scope="col">${swatch(view, run.profile, run.label)}</th>`)}</tr>`,
          body(requestRows(probe)),
        )}</details>`,
    ),
  )
}

function requestRows({ typical }: ProbeView): Markup[] {
  const most = (request: string): number => Math.max(...typical.map(({ probe }) => probe.apiRequests[request] ?? 0))
  const requests = [...new Set(typical.flatMap(({ probe }) => Object.keys(probe.apiRequests)))]
  return requests
    .sort((a, b) => most(b) - most(a))
    .map((request) => {
      const counts = typical.map(({ probe }) => num(formatCount(probe.apiRequests[request] ?? 0)))
      return markup`<tr><th scope="row"><code>${request}</code></th>${counts}</tr>`
    })
}

function perRun(view: ReportView, cells: (run: ProbeRun) => Content): Markup[] {
  return view.probes.map(
    (probe) => markup`<tbody><tr><th scope="rowgroup" colspan="9">${probe.title}</th></tr>
${probe.runs.map((run) => markup`<tr><th scope="row">${swatch(view, run.profile, run.label)}</th>${cells(run)}</tr>`)}</tbody>`,
  )
}

function phaseBody(view: ReportView, { title, typical }: ProbeView): Markup {
  const phases = [...new Set(typical.flatMap(({ probe }) => Object.keys(probe.phasesMs)))]
  const cells = ({ p50, p90, p99, max, count, missing }: Distribution): Content => [
    [p50, p90, p99, max].map((ms) => num(time(ms))),
    num(formatCount(count)),
    num(missing === 0 ? '0' : markup`<b class="bad">${formatCount(missing)}</b>`),
  ]
  return markup`<tbody><tr><th scope="rowgroup" colspan="8">${title}</th></tr>
${phases.map((phase) =>
  typical.flatMap(({ probe, profile, label }) => {
    const distribution = probe.phasesMs[phase]
    return distribution === undefined
      ? []
      : [markup`<tr><th scope="row">${phase}</th><td>${swatch(view, profile, label)}</td>${cells(distribution)}</tr>`]
  }),
)}</tbody>`
}

function armSection(result: Result, view: ReportView): Content {
  const arms = result.arms.toSorted((a, b) => a.order - b.order)
  const resources = [...new Set(arms.flatMap((arm) => Object.keys(arm.objects)))]
  const { machine } = result
  return section(
    'Arms and environment',
    arms.length > 0 && [
      table(
        'Arms in the order they ran',
        markup`<tr><th scope="col">Arm</th><th scope="col">Outcome</th>${columns(['nodes', 'hosts', 'processes', 'control plane ready', 'fleet ready'])}<th scope="col">Left behind</th></tr>`,
        body(arms.map((arm) => armRow(view, arm))),
      ),
      resources.length > 0 &&
        table(
          'Objects in the cluster when the probes ran',
          markup`<tr><th scope="col">Arm</th>${columns(resources)}</tr>`,
          body(
            arms.map(
              ({ objects, ...arm }) => markup`<tr><th scope="row">${swatch(view, arm.profile, armLabel(arm))}</th>
${resources.map((resource) => num(objects[resource] === undefined ? none : formatCount(objects[resource])))}</tr>`,
            ),
          ),
        ),
    ],
    markup`<dl>${Object.entries(result.versions).map(([component, version]) => term(component, version))}
${term('machine', machine === null ? 'elsewhere' : `${machine.system}, ${plural(machine.cores, 'core')}, ${formatBytes(machine.memoryBytes)}`)}</dl>`,
  )
}

function armRow(view: ReportView, arm: ArmOutcome): Markup {
  const { fleet, outcome, error, residue } = arm
  return markup`<tr><th scope="row">${swatch(view, arm.profile, armLabel(arm))}</th>
<td>${outcome === 'complete' ? outcome : markup`<b class="bad">${outcome}</b>`}${error !== undefined && markup`<small>${error}</small>`}</td>
${num(formatCount(fleet.nodes))}${num(formatCount(fleet.hosts))}${num(formatCount(fleet.processes))}
${num(time(arm.controlPlaneReadyMs))}${num(time(fleet.readyMs))}
<td>${residue.length === 0 ? 'nothing' : residue.map((what) => markup`<div><b class="bad">${what}</b></div>`)}</td></tr>`
}

function pageFooter(result: Result): Markup {
  return markup`<footer><dl>${term('run', result.run)}${term('plan', result.plan)}${term('plan hash', markup`<code>${result.planHash}</code>`)}
${term('result schema', result.schema)}${term('evidence', result.evidence)}</dl>
<p>Made from <code>result.json</code> alone. To make it again: <code>${rerenderCommand(result)}</code></p></footer>`
}

function section(title: string, ...content: Content[]): Markup {
  return markup`<section><h2>${title}</h2>\n${content}</section>`
}

/** `bodies` are whole `tbody` elements, so that rows can be grouped. */
function table(caption: string, head: Markup, bodies: Content): Markup {
  return markup`<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table><caption><span>${caption}</span></caption>
<thead>${head}</thead>
${bodies}
</table></div>`
}

function body(rows: Content): Markup {
  return markup`<tbody>${rows}</tbody>`
}

function columns(titles: readonly string[]): Content {
  return titles.map((title) => markup`<th class="num" scope="col">${title}</th>`)
}

function num(figure: Content, detail?: Content): Markup {
  return markup`<td class="num"><span>${figure}</span>${detail && markup`<small>${detail}</small>`}</td>`
}

function list(items: string[]): Content {
  return items.length > 0 && markup`<ul>${items.map((item) => markup`<li>${item}</li>`)}</ul>`
}

function term(name: string, value: Content): Markup {
  return markup`<dt>${name}</dt><dd>${value}</dd>`
}

function time(ms: number | null): string {
  return ms === null ? none : formatDuration(ms)
}

function swatch(view: ReportView, profile: string, label = profile): Markup {
  return markup`<span class="profile ${profileClass(view, profile)}">${label}</span>`
}

function profileClass(view: ReportView, profile: string): string {
  return `p${view.profiles.indexOf(profile) % 6}`
}
