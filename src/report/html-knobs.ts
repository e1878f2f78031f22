import { formatKnobValue, none, orNone } from './format.ts'
import type { TitledPart } from './html-elements.ts'
import { body, fold, num, swatch, table } from './html-elements.ts'
import type { KnobCell, KnobRow } from './knobs.ts'
import type { Content, Markup } from './markup.ts'
import { markup } from './markup.ts'
import type { ReportView } from './view.ts'

/** Its section is called this. */
export const knobsTitle = 'Settings'

/** Every knob: what was asked for and what is used. */
export function knobSection(view: ReportView): TitledPart | null {
  const { differing, same, notApplied } = view.knobs
  const folded = (title: string, rows: KnobRow[]): Content =>
    rows.length > 0 && fold(markup`${title} <span class="muted">(${rows.length})</span>`, knobTable(view, title, rows))
  if (differing.length + same.length + notApplied.length === 0) return null
  const content = [
    markup`<p class="muted">${view.words.effective}</p>`,
    differing.length > 0 && knobTable(view, 'Settings that differ, or were not taken as requested', differing),
    view.armNames.length === 1 && same.length > 0
      ? knobTable(view, 'As requested', same)
      : folded('The same in every arm', same),
    folded('Not applied, and why', notApplied),
  ]
  return { title: knobsTitle, content }
}

function knobTable(view: ReportView, title: string, rows: KnobRow[]): Markup {
  return table(
    title,
    markup`<tr><th scope="col">Knob</th>${view.armNames.map((name) => markup`<th class="num" scope="col">${swatch(view, name)}</th>`)}
<th scope="col">Read from</th></tr>`,
    body(rows.map(knobRow)),
  )
}

function knobRow({ setting, component, cells, readFrom, notes }: KnobRow): Markup {
  return markup`<tr><th scope="row" class="knob"><code>${setting}</code><small>${component}</small>${notes.map((note) => markup`<small class="note">${note}</small>`)}</th>${cells.map(knobCell)}
<td class="source">${readFrom}</td></tr>`
}

function knobCell({ outcomes }: KnobCell): Markup {
  if (outcomes.length === 0) return num(none)
  return markup`<td class="value">${outcomes.map(({ repetitions, knob }) => {
    const effective = orNone(knob.effective, formatKnobValue)
    const requested = knob.requested === null ? '' : `requested ${formatKnobValue(knob.requested)}, `
    const which = outcomes.length > 1 && ` in run ${repetitions.join(', ')}`
    return markup`<b>${effective}</b>${which}<small>${requested}<span class="${knob.status}">${knob.status.replace('-', ' ')}</span></small>`
  })}</td>`
}
