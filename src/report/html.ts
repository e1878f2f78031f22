import { capitalized } from '../base/words.ts'
import type { ThresholdOutcome } from '../result/result.ts'
import { formatActual, formatTaken, none } from './format.ts'
import { basisText } from './headline.ts'
import { armSection } from './html-arms.ts'
import { titledPart } from './html-blocks.ts'
import type { TitledPart } from './html-elements.ts'
import { anchorOf, body, columns, fold, list, num, page, partsOf, table, term } from './html-elements.ts'
import { knobSection, knobsTitle } from './html-knobs.ts'
import { machineSection } from './html-machine.ts'
import { rerenderCommand } from './labels.ts'
import type { Content, Markup } from './markup.ts'
import { markup } from './markup.ts'
import type { Part } from './section.ts'
import type { MetTogether, ThresholdLine } from './threshold-groups.ts'
import { marginText, metText, remarksOn, thresholdLines, verdictOf } from './threshold-groups.ts'
import type { ReportView } from './view.ts'
import { worsenedText } from './worse.ts'

/** The whole report as one HTML page that needs no network and no script. */
export function renderHtml(view: ReportView): string {
  const partsWhere = (wanted: (part: Part) => boolean): TitledPart[] =>
    view.sections.filter(({ part }) => wanted(part)).map((one) => titledPart(view, one))
  const { contents, sections } = partsOf(
    [
      thresholdSection(view),
      view.steps.length === 0 ? { title: 'Figures', content: markup`<p>No step with figures ran.</p>` } : null,
      ...partsWhere((part) => part !== 'account'),
      machineSection(view),
      knobSection(view),
      ...partsWhere((part) => part === 'account'),
      armSection(view),
    ].filter((part) => part !== null),
  )
  return page(
    [view.title, ...view.headlines.slice(0, 1).map(({ claim }) => claim)].join(' – '),
    markup`${pageHeader(view)}
${contents}
<main>
${sections}
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
${partialNotice(view)}
<div class="verdict ${verdict}"><p>Verdict: ${view.verdict}</p>${list(result.reasons)}
${headlineList(view)}
<p class="basis">${basis(view)}</p></div>
${worseNotice(view)}
${caveatNotice(view)}
${result.whatIf !== undefined && markup`<p>How ${result.whatIf.varied} affects every time: <a href="what-if.html">what-if.html</a></p>`}
${result.description !== undefined && markup`<p class="lead">${result.description}</p>`}
<p class="muted">${[view.evidence, ...view.repetitions].join(' ')}</p>
</header>`
}

/** The sentences that people came for. */
function headlineList({ headlines }: ReportView): Content {
  if (headlines.length === 0) return null
  return markup`<ul class="headlines">${headlines.map(({ claim, because }) => markup`<li><b>${claim}</b>${because !== '' && markup`<span>${because}</span>`}</li>`)}</ul>`
}

/** How many settings differ, with a link to them, and how often the arms ran. */
function basis({ basis: found, knobs }: ReportView): Content {
  const { settings, runs } = found
  if (settings === null || knobs.differing.length === 0) return basisText(found)
  return markup`<a href="#${anchorOf(knobsTitle)}">${settings}</a>; ${runs}`
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

/** So many thresholds that are met stand open where nothing else is to be seen. */
const mostOpen = 3

function thresholdSection({ result: { thresholds, evidence } }: ReportView): TitledPart {
  const title = 'Thresholds'
  if (thresholds.length === 0) return { title, content: markup`<p>The plan sets none.</p>` }
  const lines = thresholdLines(thresholds)
  const isMet = (line: ThresholdLine) => verdictOf(line) === 'pass'
  const [open, met] = [lines.filter((line) => !isMet(line)), lines.filter(isMet)]
  const tableOf = (shown: readonly ThresholdLine[]) =>
    table(
      `Median over the repetitions, ${evidence}`,
      markup`<tr><th scope="col">Threshold</th><th scope="col">Verdict</th>${columns(['actual', 'against the limit'])}</tr>`,
      body(shown.map((line) => ('met' in line ? metRow(line.met) : thresholdRow(line.outcome)))),
    )
  const content = [
    open.length > 0 && tableOf(open),
    met.length > 0 &&
      (open.length === 0 && met.length <= mostOpen
        ? tableOf(met)
        : fold(capitalized(metText(thresholds)), tableOf(met))),
  ]
  return { title, content }
}

function thresholdRow(threshold: ThresholdOutcome): Markup {
  const { name, verdict } = threshold
  return markup`<tr><th scope="row">${name}${remarksOn(threshold).map((text) => markup`<small>${text}</small>`)}</th>
<td><b class="${verdict}">${verdict}</b></td>${num(formatActual(threshold) ?? none)}${num(marginText(threshold))}</tr>`
}

function metRow({ group, count, furthest = none, margin }: MetTogether): Markup {
  return markup`<tr><th scope="row">${group}<small>${count}; the worst is shown</small></th>
<td><b class="pass">pass</b></td>${num(furthest)}${num(margin)}</tr>`
}

/** What the page was made from, and how to make it again. */
export function pageFooter({ result }: ReportView): Markup {
  return markup`<footer><dl>${term('run', result.run)}${term('plan', result.plan)}${term('plan hash', markup`<code>${result.planHash}</code>`)}
${term('result schema', result.schema)}${term('evidence', result.evidence)}</dl>
<p>Made from <code>result.json</code> alone. To rebuild it: <code>${rerenderCommand(result)}</code></p></footer>`
}
