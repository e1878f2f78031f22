import { createHash } from 'node:crypto'
import { markOf } from './arm-marks.ts'
import type { Chart } from './chart.ts'
import { renderChart } from './chart.ts'
import type { Content, Markup } from './markup.ts'
import { markup, raw } from './markup.ts'
import { styleSheet } from './style.ts'
import type { ReportView } from './view.ts'

/**
 * What a browser lets the page do: nothing but show itself in this style sheet. Markup that got in all the same could neither run a
 * script, load or send anything, nor change what other parts look like.
 */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(styleSheet).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** A whole page that needs no network and no script. */
export function page(title: string, content: Markup): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${raw(policy)}">
<title>${title}</title>
<style>${raw(styleSheet)}</style>
</head>
<body>
${content}
</body>
</html>
`.markup
}

/** A part of the page that a link can lead to. */
export interface TitledPart {
  title: string
  content: Content
}

/** A titled part of the page. */
export function section(title: string, ...content: Content[]): Markup {
  return markup`<section id="${anchorOf(title)}" aria-label="${title}"><h2>${title}</h2>\n${content}</section>`
}

/** Parts in their order, and links to them. */
export function partsOf(parts: readonly TitledPart[]): { contents: Markup; sections: Content } {
  const links = parts.map(({ title }) => markup`<li><a href="#${anchorOf(title)}">${title}</a></li>`)
  return {
    contents: markup`<nav class="contents" aria-label="Contents"><ul>${links}</ul></nav>`,
    sections: parts.map(({ title, content }) => markup`${section(title, content)}\n`),
  }
}

/** `why-each-number-is-what-it-is` */
export function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
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

/** A chart with its title and legend; `description` says in words what is to be seen. */
export function figure(
  title: string,
  legend: Content[],
  { description, note }: { description: string; note?: string },
  chart: Omit<Chart, 'width'>,
): Markup {
  return drawing(title, legend, { description, note }, (width) => renderChart({ width, ...chart }))
}

/** How wide charts are drawn, in units of their own: for pages, and for screens that are held in a hand. */
const chartWidths = { wide: 1040, narrow: 360 }

/** A chart with its title and legend, drawn for wide and for narrow pages. */
export function drawing(
  title: string,
  legend: Content[],
  { description, note }: { description: string; note?: string | undefined },
  draw: (width: number) => string,
): Markup {
  const drawn = Object.entries(chartWidths).map(
    ([name, width]) => markup`<div class="${name}">${raw(draw(width))}</div>`,
  )
  return markup`<figure><figcaption><h3>${title}</h3><ul class="legend">${legend.map((item) => markup`<li>${item}</li>`)}</ul></figcaption>
<div class="chart" role="img" aria-label="${`${title}: ${description}`}">${drawn}</div>
${note !== undefined && markup`<p class="notes">${note}</p>`}</figure>`
}

/** What is secondary, behind a line to open it with. */
export function fold(title: Content, ...content: Content[]): Markup {
  return markup`<details><summary>${title}</summary>${content}</details>`
}

/** An arm, or one of its repetitions, with the colour it has all over the page. */
export function swatch(view: ReportView, arm: string, label = arm): Markup {
  const { colour, shape } = markOf(view.armNames.indexOf(arm))
  return markup`<span class="profile p${colour} s${shape}">${label}</span>`
}

/** An arm’s colour as a CSS value, and the shape of its marks. */
export function armMark({ armNames }: ReportView, arm: string): { color: string; shape: number } {
  const { colour, shape } = markOf(armNames.indexOf(arm))
  return { color: `var(--p${colour})`, shape }
}
