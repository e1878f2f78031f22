import type { ThresholdOutcome } from '../result/result.ts'
import { formatActual, formatTaken, none } from './format.ts'
import { armSection } from './html-arms.ts'
import { sectionMarkup } from './html-blocks.ts'
import { body, columns, list, num, page, section, table, term } from './html-elements.ts'
import { knobSection } from './html-knobs.ts'
import { machineSection } from './html-machine.ts'
import { rerenderCommand } from './labels.ts'
import type { Content, Markup } from './markup.ts'
import { markup } from './markup.ts'
import type { Part } from './section.ts'
import type { MetTogether } from './threshold-groups.ts'
import { remarksOn, thresholdLines } from './threshold-groups.ts'
import type { ReportView } from './view.ts'
import { worsenedText } from './worse.ts'

/** The whole report as one HTML page that needs no network and no script. */
export function renderHtml(view: ReportView): string {
  const sectionsOf = (wanted: (part: Part) => boolean): Content =>
    view.sections.filter(({ part }) => wanted(part)).map((one) => markup`${sectionMarkup(view, one)}\n`)
  return page(
    view.title,
    markup`${pageHeader(view)}
<main>
${thresholdSection(view)}
${view.steps.length === 0 && section('Figures', markup`<p>No step with figures ran.</p>`)}
${sectionsOf((part) => part !== 'account')}
${machineSection(view)}
${knobSection(view)}
${sectionsOf((part) => part === 'account')}
${armSection(view)}
</main>
${pageFooter(view)}`,
  )
}

function pageHeader(view: ReportView): Markup {
  const { result } = view
  const { evidence, verdict } = result
  return markup`<header>
<p class="kicker">scale-test on ${result.target} · ${formatTaken(result)}</p>
<h1>${result.plan} <span class="tag ${evidence}">${evidence}</span></h1>
${result.description !== undefined && markup`<p class="lead">${result.description}</p>`}
<p class="muted">${view.evidence}</p>
${result.whatIf !== undefined && markup`<p>What ${result.whatIf.varied} does to every time: <a href="what-if.html">what-if.html</a></p>`}
${partialNotice(view)}
<div class="verdict ${verdict}"><p>Verdict: ${view.verdict}</p>${list(result.reasons)}</div>
${view.repetitions.map((text) => markup`<p class="muted">${text}</p>`)}
${worseNotice(view)}
${caveatNotice(view)}
</header>`
}

/** That a run was stopped early. */
export function partialNotice({ partial }: ReportView): Content {
  return (
    partial !== null &&
    markup`<div class="notice bad"><p><b>${partial}.</b> Stopped early. Only finished steps are shown.</p></div>`
  )
}

/** What an arm made worse, which no threshold need speak of. */
function worseNotice({ armNames, worse }: ReportView): Content {
  if (worse.length === 0) return null
  return markup`<div class="notice warn"><p><b>Worse than ${armNames[0]}</b></p>${list(worse.map(worsenedText))}</div>`
}

/** What to know before trusting the figures. */
export function caveatNotice({ caveats }: ReportView): Content {
  if (caveats.length === 0) return null
  const worst = caveats.some(({ severity }) => severity === 'bad') ? 'bad' : 'warn'
  return markup`<div class="notice ${worst}"><p><b>Before you trust the figures</b></p>
${caveats.map(({ severity, title, places }) => markup`<p><b class="${severity}">${title}</b></p>${list(places)}`)}</div>`
}

function thresholdSection({ result: { thresholds, evidence } }: ReportView): Content {
  if (thresholds.length === 0) return section('Thresholds', markup`<p>The plan sets none.</p>`)
  return section(
    'Thresholds',
    table(
      `Median over the repetitions, ${evidence}`,
      markup`<tr><th scope="col">Threshold</th><th scope="col">Verdict</th>${columns(['actual'])}</tr>`,
      body(thresholdLines(thresholds).map((line) => ('met' in line ? metRow(line.met) : thresholdRow(line.outcome)))),
    ),
  )
}

function thresholdRow(threshold: ThresholdOutcome): Markup {
  const { name, verdict } = threshold
  return markup`<tr><th scope="row">${name}${remarksOn(threshold).map((text) => markup`<small>${text}</small>`)}</th>
<td><b class="${verdict}">${verdict}</b></td>${num(formatActual(threshold) ?? none)}</tr>`
}

function metRow({ group, count, furthest = none }: MetTogether): Markup {
  return markup`<tr><th scope="row">${group}<small>${count}; the furthest is shown</small></th>
<td><b class="pass">pass</b></td>${num(furthest)}</tr>`
}

/** What the page was made from, and how to make it again. */
export function pageFooter({ result }: ReportView): Markup {
  return markup`<footer><dl>${term('run', result.run)}${term('plan', result.plan)}${term('plan hash', markup`<code>${result.planHash}</code>`)}
${term('result schema', result.schema)}${term('evidence', result.evidence)}</dl>
<p>Made from <code>result.json</code> alone. To make it again: <code>${rerenderCommand(result)}</code></p></footer>`
}
