import { differenceText } from '../difference.ts'
import { body, columns, fold, list, num, page, section, table } from '../html-elements.ts'
import type { Content, Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import type { Finding } from './findings.ts'
import { sideText } from './text.ts'
import type { ComparedView, CrossRunView } from './view.ts'

/** A comparison as one page that needs no network and no script. */
export function renderCrossRunHtml(view: CrossRunView): string {
  return page(
    view.title,
    markup`<header><p class="kicker">scale-test compare</p><h1>${view.title}</h1>
<div class="verdict ${view.verdict}"><p>Verdict: ${view.verdict}</p>${list(view.reasons)}</div>
${list(view.sides.map(sideText))}
${view.unlike.length > 0 && markup`<div class="notice bad"><p><b>Not the same experiment</b></p>${list(view.unlike)}</div>`}</header>
<main>${differsSection(view)}${view.compared.map((one) => comparedSections(view, one))}</main>`,
  )
}

function differsSection({ differs, sides }: CrossRunView): Markup {
  if (differs.length === 0) return section('What differs', markup`<p>No differences known.</p>`)
  return section(
    'What differs',
    table(
      'Versions, place, settings in force and plan',
      markup`<tr><th scope="col">What</th>${sides.map(({ letter }) => markup`<th scope="col">${letter}</th>`)}</tr>`,
      body(
        differs.map(
          ({ what, values }) =>
            markup`<tr><th scope="row">${what}</th>${values.map((value) => markup`<td>${value}</td>`)}</tr>`,
        ),
      ),
    ),
  )
}

function comparedSections(view: CrossRunView, one: ComparedView): Content {
  const { letter } = one.side
  const headlines = one.findings.filter(({ isHeadline }) => isHeadline)
  return [
    section(
      `${letter} against ${view.sides[0]?.letter ?? ''}`,
      headlines.length === 0
        ? markup`<p>No headline figure in common.</p>`
        : findingTable(
            `Headline figures, ${view.evidence}: medians, worse ones first`,
            [...one.worse, ...headlines.filter((finding) => !one.worse.includes(finding))],
            view,
            letter,
          ),
      one.nothingShown !== '' && markup`<p>${one.nothingShown}</p>`,
      markup`<p class="muted">Ratios of geometric means. The intervals hold with 95 % confidence for all headline figures together, and likewise for all other figures together.</p>`,
    ),
    section(
      `Worth a look in ${letter}`,
      one.toLookAt.length === 0
        ? markup`<p>None of ${one.others} other figures differs.</p>`
        : findingTable(
            `${one.toLookAt.length} of ${one.others} other figures, ${view.evidence}`,
            one.toLookAt,
            view,
            letter,
          ),
      one.alone.length > 0 && fold(`Only in one of them: ${one.alone.length}`, list(one.alone)),
    ),
  ]
}

function findingTable(caption: string, findings: readonly Finding[], { sides }: CrossRunView, letter: string): Markup {
  return table(
    caption,
    markup`<tr><th scope="col">Figure</th>${columns([sides[0]?.letter ?? '', letter, 'difference'])}<th scope="col">Why</th></tr>`,
    body(findings.map(findingRow)),
  )
}

function findingRow({ arm, label, before, after, difference, of, effect, cause }: Finding): Markup {
  const { figure, detail } = differenceText(difference, of)
  const tone = { worse: 'fail', better: 'pass', changed: '', 'none-shown': '', 'not-comparable': '' }[effect]
  const isSaid = effect === 'worse' || effect === 'better' || effect === 'changed'
  const why = difference.kind === 'not-comparable' ? difference.reason : isSaid ? cause : ''
  return markup`<tr><th scope="row">${label}<small>${arm}</small></th>${num(before)}${num(after)}${num(tone === '' ? figure : markup`<b class="${tone}">${figure}</b>`, detail || undefined)}<td>${why}</td></tr>`
}
