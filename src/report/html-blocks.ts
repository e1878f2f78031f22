import { formatDuration } from '../base/duration.ts'
import type { Reading } from '../result/sample.ts'
import { sampleOf } from '../result/sample.ts'
import { coincidingLines } from './coinciding.ts'
import type { Comparison, ComparisonCell, FigureRow, Row } from './comparison.ts'
import { figureRows, nothingShownIn, pairRatio, pairsOf, shownRows } from './comparison.ts'
import { differenceText } from './difference.ts'
import { formatDeviation, formatFactor, formatSpeedup, none, orNone } from './format.ts'
import type { TitledPart } from './html-elements.ts'
import { armMark, body, columns, figure, fold, num, swatch, table } from './html-elements.ts'
import { timelineMarkup } from './html-timeline.ts'
import type { Content, Markup } from './markup.ts'
import { markup, raw } from './markup.ts'
import { sampleText } from './sample.ts'
import type { Block, Cell, Column, Drawing, Item, Paragraph, Section, Table } from './section.ts'
import { itemOf, itemsOf } from './section.ts'
import type { ReportView } from './view.ts'

/** A section that steps have made, as a part of the page. */
export function titledPart(view: ReportView, { title, blocks }: Section): TitledPart {
  return { title, content: blocksMarkup(view, title, blocks) }
}

/** Comparisons with the same caption share a table. */
function blocksMarkup(view: ReportView, title: string, blocks: readonly Block[]): Content[] {
  const tables = Map.groupBy(
    blocks.filter((block) => block.kind === 'comparison'),
    ({ caption }) => caption,
  )
  return blocks.map((block) => {
    if (block.kind !== 'comparison') return blockMarkup(view, block)
    const together = tables.get(block.caption) ?? []
    return block === together[0] && comparisonTable(view, title, block, together)
  })
}

function blockMarkup(view: ReportView, block: Exclude<Block, Comparison>): Content {
  switch (block.kind) {
    case 'heading':
      return markup`<h3>${block.text}</h3>`
    case 'paragraph':
      return paragraph(block)
    case 'table':
      return tableMarkup(view, block)
    case 'drawing':
      return drawingMarkup(view, block)
    case 'timeline':
      return timelineMarkup(view, block)
    case 'fold':
      return fold(block.title, ...blocksMarkup(view, block.title, block.blocks))
  }
}

function paragraph({ text, isNote }: Paragraph): Markup {
  return markup`<p class="${isNote ? 'notes' : 'muted'}">${text}</p>`
}

function comparisonTable(
  view: ReportView,
  sectionTitle: string,
  { caption, head: rowsAre }: Comparison,
  comparisons: readonly Comparison[],
): Content {
  const { armNames, result, notes } = view
  const rows = comparisons.flatMap((one) => shownRows(one))
  const hasReference = rows.some((row) => row.kind === 'figure' && row.documented)
  const [baseline, ...others] = armNames
  const arms = (classes: (index: number) => string) =>
    armNames.map((name, index) => markup`<th class="${classes(index)}" scope="col">${swatch(view, name)}</th>`)
  const head = markup`<tr><th scope="col" rowspan="2">${rowsAre}</th>
<th scope="colgroup" colspan="${armNames.length + others.length}">${result.evidence}</th>
${hasReference && markup`<th class="split" scope="colgroup" colspan="${armNames.length}">the document</th>`}</tr>
<tr>${arms(() => 'num')}
${columns(others.map((name) => `${name} against ${baseline}`))}
${hasReference && arms((index) => (index === 0 ? 'num split' : 'num'))}</tr>`
  const width = 1 + armNames.length + others.length + (hasReference ? armNames.length : 0)
  const bodies = comparisons.map((one) => {
    const shown = shownRows(one).map((row) => comparisonRow(row, hasReference))
    // The section may be of nothing else.
    const title = one.title !== sectionTitle && groupHead(width, one.title, one.conditions)
    return markup`<tbody>${title}${shown}</tbody>`
  })
  return [
    hasReference &&
      markup`<p class="muted">The document: ${result.reference?.source}. It timed the marked stops. Below each of its figures is how far off this run is.</p>`,
    table(caption, head, bodies),
    nothingShownIn(comparisons, armNames).map((text) => markup`<p class="muted">${text}</p>`),
    pairTable(view, comparisons),
    hasReference &&
      notes.length > 0 &&
      markup`<ol class="notes">${notes.map((note, index) => markup`<li id="note-${index + 1}">${note}</li>`)}</ol>`,
  ]
}

/** Every repetition of both arms, which the ratios are made of; nothing where each arm ran once. */
function pairTable({ armNames }: ReportView, comparisons: readonly Comparison[]): Content {
  const bodies = comparisons.flatMap((one) =>
    figureRows({ rows: shownRows(one) }).flatMap(({ inFull, cells, format, unit }) => {
      const [baseline, ...others] = cells
      if (baseline === undefined || unit !== 'ms') return []
      return others.flatMap((other) => {
        const pairs = pairsOf(baseline, other)
        if (pairs.length < 2) return []
        const figureOf = (reading: Reading) => {
          const { figure, detail } = sampleText(sampleOf([reading]), format)
          return num(figure, detail)
        }
        const rows = pairs.map(
          (pair) =>
            markup`<tr><th scope="row">${other.arm} #${pair.repetition}</th>${figureOf(pair.baseline)}${figureOf(pair.other)}${num(orNone(pairRatio(pair), (ratio) => formatFactor(1 / ratio)))}</tr>`,
        )
        return [markup`<tbody>${groupHead(4, inFull)}${rows}</tbody>`]
      })
    }),
  )
  if (bodies.length === 0) return null
  const head = markup`<tr><th scope="col">repetition</th>${columns([armNames[0] ?? '', 'the other arm', 'ratio'])}</tr>`
  return fold(
    'Every repetition',
    table('Where the ratios come from: repetitions of both arms, pair by pair', head, bodies),
  )
}

function groupHead(width: number, title: string, detail = ''): Markup {
  return markup`<tr><th scope="rowgroup" colspan="${width}">${title}${detail !== '' && markup` <small>${detail}</small>`}</th></tr>\n`
}

function comparisonRow(row: Row, hasReference: boolean): Markup {
  if (row.kind === 'text') {
    const blanks = row.cells.map(() => none)
    return markup`<tr><th class="stop" scope="row">${row.label}</th>${row.cells.map(({ text, isBad }) => num(isBad ? markup`<b class="bad">${text}</b>` : text))}
${blanks.slice(1).map((blank) => num(blank))}${hasReference && blanks.map((blank, index) => referenceCell(blank, index === 0))}</tr>`
  }
  const documented = row.documented && markup` <span class="tag">the document’s stop</span>`
  return markup`<tr${row.documented && raw(' class="documented"')}><th class="stop" scope="row">${row.label}${documented}<small>${row.meaning}</small></th>
${row.cells.map((cell) => measuredCell(row, cell))}
${row.cells.slice(1).map(({ difference, reference }) => {
  const { figure, detail } = differenceText(difference)
  const details = [
    detail,
    reference !== null && reference.ratio !== null && `document ${formatSpeedup(reference.ratio)}`,
  ].filter((one) => one !== false && one !== '')
  return num(
    figure,
    details.map((one, index) => [index > 0 && markup`<br>`, one]),
  )
})}
${hasReference && row.cells.map((cell, index) => referenceCell(referenceText(cell), index === 0))}</tr>`
}

function measuredCell({ format, bound }: FigureRow, { measured }: ComparisonCell): Markup {
  const { figure, detail } = sampleText(measured, format, bound)
  return num(markup`<b>${figure}</b>`, detail)
}

function referenceCell(content: Content, isFirst: boolean): Markup {
  return markup`<td class="num${isFirst && ' split'}">${content}</td>`
}

function referenceText({ reference }: ComparisonCell): Content {
  if (reference === null) return none
  const { valueMs, deviation, note } = reference
  const remarks = [
    deviation !== null && `this run ${formatDeviation(deviation)}`,
    note !== null && markup`<a href="#note-${note}">note ${note}</a>`,
  ].filter((remark) => remark !== false)
  return markup`${formatDuration(valueMs)}
<small>${remarks.map((remark, index) => [index > 0 && ', ', remark])}</small>`
}

function tableMarkup(view: ReportView, { caption, columns: titles, groups, isSpanning }: Table): Markup {
  const bodies = groups.map(({ title, rows }) => {
    const shown = rows.map((row, index) => tableRow(view, titles, row, isSpanning ? spanAt(rows, index) : undefined))
    return title === undefined ? body(shown) : markup`<tbody>${groupHead(titles.length, title)}${shown}</tbody>`
  })
  return table(caption, tableHead(view, titles), bodies)
}

/** One line, or two where columns have something above them. */
function tableHead(view: ReportView, titles: readonly Column[]): Markup {
  const head = ({ title, of }: Column, rows: Content = null) =>
    markup`<th${of === 'figures' && raw(' class="num"')} scope="col"${rows}>${itemMarkup(view, title)}</th>`
  const groups = Map.groupBy(titles, ({ above }) => (above === undefined ? '' : itemOf(above).text))
  if (groups.size <= 1) return markup`<tr>${titles.map((column) => head(column))}</tr>`
  const upper = [...groups.values()].map((group) => {
    const above = group[0]?.above
    if (above === undefined) return group.map((column) => head(column, raw(' rowspan="2"')))
    return markup`<th scope="colgroup" colspan="${group.length}">${itemMarkup(view, above)}</th>`
  })
  return markup`<tr>${upper}</tr>
<tr>${titles.filter(({ above }) => above !== undefined).map((column) => head(column))}</tr>`
}

/** How many rows the first cell of this one stands for; 0 where an earlier row's does. */
function spanAt(rows: readonly (readonly Cell[])[], index: number): number {
  const name = (row: readonly Cell[] = []) => JSON.stringify(row[0])
  const own = name(rows[index])
  if (index > 0 && name(rows[index - 1]) === own) return 0
  const next = rows.findIndex((row, later) => later > index && name(row) !== own)
  return (next === -1 ? rows.length : next) - index
}

function tableRow(view: ReportView, titles: readonly Column[], cells: readonly Cell[], span?: number): Markup {
  const [head = '', ...others] = cells
  const set = titles[0]?.of
  const classes = set === 'names' ? raw(' class="name"') : set === 'labels' && raw(' class="stop"')
  const first =
    span === undefined
      ? markup`<th${classes} scope="row">${cellMarkup(view, head)}</th>`
      : span > 0 && markup`<th scope="rowgroup" rowspan="${span}">${breakable(itemsOf(head)[0]?.text ?? '')}</th>`
  const rest = others.map((cell, index) =>
    tableCell(view, titles[index + 1]?.of, cell, span !== undefined && index === 0),
  )
  return markup`<tr>${first}${rest}</tr>`
}

/** A name such as `etcd-leases.coordination.k8s.io`, which may go on in the next line after a dot. */
function breakable(name: string): Content {
  return name.split('.').map((part, index) => [index > 0 && markup`.<wbr>`, part])
}

function tableCell(view: ReportView, of: Column['of'], cell: Cell, isArm: boolean): Markup {
  const [only, ...more] = itemsOf(cell)
  if (of === 'figures' && only !== undefined && more.length === 0)
    return num(
      itemMarkup(view, { ...only, detail: '' }),
      only.detail !== undefined && markup`<span class="wrap">${only.detail}</span>`,
    )
  const classes = isArm ? 'arm' : of === 'figures' ? 'num' : of === 'names' ? 'name' : of === 'text' ? 'text' : ''
  return markup`<td${classes !== '' && markup` class="${classes}"`}>${cellMarkup(view, cell)}</td>`
}

function cellMarkup(view: ReportView, cell: Cell): Content {
  const items = itemsOf(cell)
  return items.length === 1
    ? items.map((item) => itemMarkup(view, item))
    : items.map((item) => markup`<div>${itemMarkup(view, item)}</div>`)
}

function itemMarkup(view: ReportView, item: Item): Markup {
  const { text, detail = '', tone, arm, isCode } = itemOf(item)
  const small = detail !== '' && markup`<small>${detail}</small>`
  if (arm !== undefined) return markup`${swatch(view, arm, text)}${small}`
  if (isCode) return markup`<code>${text}</code>${small}`
  if (tone !== undefined) return markup`<b${tone === 'bad' && raw(' class="bad"')}>${text}</b>${small}`
  return markup`${text}${small}`
}

function drawingMarkup(view: ReportView, drawing: Drawing): Markup {
  const { kind: _, title, legend, description, lines, marks, ...chart } = drawing
  const marked = <T extends { arm: string }>({ arm, ...rest }: T) => ({ ...rest, ...armMark(view, arm) })
  const note = coincidingLines(lines)
  return figure(
    title,
    legend.map((item) =>
      typeof item === 'object' && 'stroke' in item
        ? markup`<span class="stroke ${item.stroke}">${item.text}</span>`
        : itemMarkup(view, item),
    ),
    { description, ...(note !== undefined && { note }) },
    {
      ...chart,
      lines: lines.map((line) => ({ ...marked(line), label: line.arm })),
      ...(marks !== undefined && { marks: marks.map(marked) }),
    },
  )
}
