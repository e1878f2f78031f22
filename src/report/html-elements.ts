import { formatDuration } from '../base/duration.ts'
import { none } from './format.ts'
import type { Content, Markup } from './markup.ts'
import { markup } from './markup.ts'
import type { ReportView } from './view.ts'

/** A titled part of the page. */
export function section(title: string, ...content: Content[]): Markup {
  return markup`<section><h2>${title}</h2>\n${content}</section>`
}

/** A table that scrolls by itself when it is too wide; `bodies` are whole `tbody` elements, so that rows can be grouped. */
export function table(caption: string, head: Markup, bodies: Content): Markup {
  return markup`<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table><caption><span>${caption}</span></caption>
<thead>${head}</thead>
${bodies}
</table></div>`
}

/** Rows without a group. */
export function body(rows: Content): Markup {
  return markup`<tbody>${rows}</tbody>`
}

/** Heads of columns of figures. */
export function columns(titles: readonly string[]): Content {
  return titles.map((title) => markup`<th class="num" scope="col">${title}</th>`)
}

/** A cell with a figure, and what belongs to it in small print. */
export function num(figure: Content, detail?: Content): Markup {
  return markup`<td class="num"><span>${figure}</span>${detail && markup`<small>${detail}</small>`}</td>`
}

/** The items as a list; nothing when there are none. */
export function list(items: string[]): Content {
  return items.length > 0 && markup`<ul>${items.map((item) => markup`<li>${item}</li>`)}</ul>`
}

/** One line of a definition list. */
export function term(name: string, value: Content): Markup {
  return markup`<dt>${name}</dt><dd>${value}</dd>`
}

/** A duration, or a dash where there is none. */
export function time(ms: number | null): string {
  return ms === null ? none : formatDuration(ms)
}

/** A profile, or one of its arms, with the colour it has all over the page. */
export function swatch(view: ReportView, profile: string, label = profile): Markup {
  return markup`<span class="profile ${profileClass(view, profile)}">${label}</span>`
}

/** The name of a profile’s colour, as a class and as a CSS variable. */
export function profileClass(view: ReportView, profile: string): string {
  return `p${view.profiles.indexOf(profile) % 6}`
}
