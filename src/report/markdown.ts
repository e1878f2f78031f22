import { formatDuration } from '../base/duration.ts'
import { printable } from '../base/printable.ts'
import { machineBoundAbove } from '../result/parts.ts'
import type { Result } from '../result/result.ts'
import type { Caveat } from './caveats.ts'
import type { Comparison, ComparisonCell, Row } from './comparison.ts'
import { figureRows, nothingShownIn, shownRows } from './comparison.ts'
import { differenceLine } from './difference.ts'
import { formatActual, formatDeviation, formatKnobValue, formatShare, formatTaken, none, orNone } from './format.ts'
import type { Headline } from './headline.ts'
import { basisText } from './headline.ts'
import type { KnobCell, KnobRow } from './knobs.ts'
import { rerenderCommand } from './labels.ts'
import { sampleText } from './sample.ts'
import type { Block, Cell, Section, Table } from './section.ts'
import { itemsOf } from './section.ts'
import type { StepReport } from './step-view.ts'
import type { ThresholdLine } from './threshold-groups.ts'
import { marginText, metText, remarksOn, thresholdLines, verdictOf } from './threshold-groups.ts'
import type { ReportView } from './view.ts'
import { worsenedText } from './worse.ts'

/** The report in brief, for a pull request or release notes (GitHub's Markdown). */
export function renderMarkdown(view: ReportView): string {
  const { result } = view
  const blocks = [
    `## ${escapeMarkdown(view.title)}`,
    view.partial !== null && `**${view.partial}**: stopped early. Only finished steps are shown.`,
    bullets(result.reasons.map(escapeMarkdown)),
    bullets(view.headlines.map(headline)),
    [`${basisText(view.basis)}.`, ...view.repetitions, view.evidence].map(escapeMarkdown).join(' '),
    worse(view),
    ...view.caveats.map(caveat),
    ...thresholds(result),
    overview(view),
    ...view.steps.map((step) => folded(step.title, stepBlocks(view, step))),
    folded('Why', reasons(view)),
    ...knobs(view),
    ...view.sections
      .filter((section) => !isOpen(section))
      .map(({ title, blocks }) => folded(title, brief(view, blocks))),
    footer(view),
  ]
  return `${blocks.filter((block) => typeof block === 'string' && block !== '').join('\n\n')}\n`
}

function headline({ claim, because }: Headline): string {
  const said = `**${escapeMarkdown(claim)}**`
  return because === '' ? said : `${said}: ${escapeMarkdown(because)}`
}

/** The most important figures of all steps: the one table that stands open. */
function overview({ steps, armNames, result: { evidence } }: ReportView): string {
  const [baseline = '', ...others] = armNames
  const rows = steps.flatMap(({ figures }) => figureRows({ rows: shownRows(figures, 'headline') }))
  if (rows.length === 0) return ''
  return table(
    [
      `Median (${evidence})`,
      ...armNames.map((name) => `${escapeMarkdown(name)}:`),
      ...others.map((name) => `${escapeMarkdown(name)} against ${escapeMarkdown(baseline)}:`),
    ],
    rows.map(({ inFull, cells, format, bound }) => [
      escapeMarkdown(inFull),
      ...cells.map(({ measured }) => sampleText(measured, format, bound).figure),
      ...cells.slice(1).map(({ difference }) => differenceLine(difference)),
    ]),
  )
}

/** All that a step has to show in brief, with the notes that its published figures have. */
function stepBlocks(view: ReportView, { sections, figures }: StepReport): string[] {
  const blocks = sections.filter(isOpen).flatMap((one) => brief(view, one.blocks))
  const noted = new Set(figureRows(figures).flatMap(({ cells }) => cells.map(({ reference }) => reference?.note)))
  const notes = view.notes.flatMap((note, index) =>
    noted.has(index + 1) ? [`${index + 1}. ${escapeMarkdown(note)}`] : [],
  )
  return notes.length === 0 ? blocks : [...blocks, notes.join('\n')]
}

/** Whether it is of the steps, and not an account of how they were measured. */
function isOpen({ part }: Section): boolean {
  return part !== 'account'
}

/** What of a section is shown in brief. */
function brief(view: ReportView, blocks: readonly Block[]): string[] {
  const { evidence } = view.result
  return blocks.flatMap((block) => {
    if (block.kind === 'comparison') return comparison(view, block)
    if (!('brief' in block)) return []
    if (block.kind === 'table') return [stepTable(block)]
    const text = escapeMarkdown(block.text)
    return [block.kind === 'heading' ? `### ${text} (${evidence})` : text]
  })
}

function folded(title: string, blocks: readonly string[]): string {
  if (blocks.length === 0) return ''
  return `<details><summary>${escapeMarkdown(title)}</summary>\n\n${blocks.join('\n\n')}\n\n</details>`
}

function stepTable({ columns, groups, caption }: Table): string {
  const titles = columns.map(({ title, of }) => `${cellText(title)}${of === 'figures' ? ':' : ''}`)
  const rows = groups.flatMap((group) =>
    group.rows.map(([head = '', ...cells]) => {
      const names = [group.title ?? [], itemsOf(head).map(({ text }) => text)].flat(2)
      return [names.map(escapeMarkdown).join(', '), ...cells.map(cellText)]
    }),
  )
  return `${escapeMarkdown(caption)}\n\n${table(titles, rows)}`
}

function cellText(cell: Cell): string {
  return itemsOf(cell)
    .map(({ text, detail, tone }) => {
      const said = tone === undefined ? escapeMarkdown(text) : `**${escapeMarkdown(text)}**`
      return detail === undefined ? said : `${said} (${escapeMarkdown(detail)})`
    })
    .join('; ')
}

function worse({ armNames, worse: all }: ReportView): string {
  if (all.length === 0) return ''
  return `**Worse than ${escapeMarkdown(armNames[0] ?? '')}**\n${bullets(all.map((one) => escapeMarkdown(worsenedText(one))))}`
}

function caveat({ title, places }: Caveat): string {
  return `**${escapeMarkdown(title)}**\n${bullets(places.map(escapeMarkdown))}`
}

/** Those that are not met stand open. */
function thresholds({ thresholds: outcomes }: Result): string[] {
  const lines = thresholdLines(outcomes)
  const [open, met] = [false, true].map((isMet) => lines.filter((line) => (verdictOf(line) === 'pass') === isMet))
  return [
    open === undefined || open.length === 0 ? '' : thresholdTable(open),
    met === undefined || met.length === 0 ? '' : folded(`Thresholds: ${metText(outcomes)}`, [thresholdTable(met)]),
  ]
}

function thresholdTable(lines: readonly ThresholdLine[]): string {
  const rows = lines.map((line) => {
    if ('met' in line) {
      const { group, count, furthest, margin } = line.met
      return [escapeMarkdown(group), 'pass', furthest ?? none, margin, `${count}; the worst is shown`]
    }
    const { outcome } = line
    return [
      escapeMarkdown(outcome.name),
      outcome.verdict === 'pass' ? outcome.verdict : `**${outcome.verdict}**`,
      formatActual(outcome) ?? none,
      marginText(outcome),
      escapeMarkdown(remarksOn(outcome).join('; ')),
    ]
  })
  return table(['Threshold', 'Verdict', 'Actual:', 'Against the limit:', 'Reason'], rows)
}

const machineBoundNote = `Machine-bound: more than ${formatShare(machineBoundAbove)} of the processor time was in use. Times are then upper bounds: shown, but not compared.`

function sampleWords({ figure, detail }: { figure: string; detail: string }): string {
  return detail === '' ? figure : `${figure} (${detail})`
}

function comparison({ armNames, result: { evidence } }: ReportView, compared: Comparison): string[] {
  const [baseline = '', ...others] = armNames
  const rows = shownRows(compared)
  const hasReference = rows.some((row) => row.kind === 'figure' && row.documented)
  const isBound = rows.some(
    (row) => row.kind === 'figure' && row.cells.some(({ measured }) => measured?.hindrance === 'machine-bound'),
  )
  const head = [
    `${escapeMarkdown(compared.head)} (${evidence})`,
    ...armNames.map((name) => `${escapeMarkdown(name)}:`),
    ...others.map((name) => `${escapeMarkdown(name)} against ${escapeMarkdown(baseline)}:`),
    ...(hasReference ? armNames.map((name) => `document, ${escapeMarkdown(name)}:`) : []),
  ]
  return [
    `### ${escapeMarkdown(compared.title)} (${evidence})`,
    ...(compared.conditions === '' ? [] : [escapeMarkdown(compared.conditions)]),
    table(
      head,
      rows.map((row) => comparisonCells(row, hasReference)),
    ),
    ...nothingShownIn([compared], armNames).map(escapeMarkdown),
    ...(isBound ? [machineBoundNote] : []),
  ]
}

function comparisonCells(row: Row, hasReference: boolean): string[] {
  if (row.kind === 'text') {
    const blanks = row.cells.map(() => none)
    const texts = row.cells.map(({ text, isBad }) => cellText({ text, ...(isBad && { tone: 'bad' }) }))
    return [escapeMarkdown(row.label), ...texts, ...blanks.slice(1), ...(hasReference ? blanks : [])]
  }
  const { documented, cells, format, bound } = row
  const label = escapeMarkdown(row.label)
  return [
    documented ? `**${label}** (the document’s stop)` : label,
    ...cells.map(({ measured }) => sampleWords(sampleText(measured, format, bound))),
    ...cells.slice(1).map(({ difference }) => differenceLine(difference)),
    ...(hasReference ? cells.map(referenceText) : []),
  ]
}

function referenceText({ reference }: ComparisonCell): string {
  if (reference === null) return none
  const { valueMs, deviation, note } = reference
  const remarks = [deviation !== null && `this run ${formatDeviation(deviation)}`, note !== null && `note ${note}`]
  const said = remarks.filter((remark) => remark !== false).join(', ')
  return `${formatDuration(valueMs)}${said && ` (${said})`}`
}

function reasons({ steps }: ReportView): string[] {
  const lines = steps.flatMap(({ title, reasons: own }) => own.map((reason) => escapeMarkdown(`${title}, ${reason}`)))
  return lines.length === 0 ? [] : [bullets(lines)]
}

function knobs(view: ReportView): string[] {
  const { differing, same, notApplied } = view.knobs
  const fold = (title: string, rows: KnobRow[]) =>
    folded(`${title} (${rows.length})`, rows.length === 0 ? [] : [knobTable(view, rows)])
  return [
    fold('Settings that differ, or were not taken as requested', differing),
    fold('Settings that are the same in every arm', same),
    fold('Settings not applied, and why', notApplied),
  ]
}

function knobTable({ armNames }: ReportView, rows: KnobRow[]): string {
  return table(
    ['Knob', ...armNames.map((name) => `${escapeMarkdown(name)}:`), 'Read from', 'Note'],
    rows.map((row) => [
      `${escapeMarkdown(row.component)} ${escapeMarkdown(row.setting)}`,
      ...row.cells.map(knobText),
      escapeMarkdown(row.readFrom),
      escapeMarkdown(row.notes.join('; ')),
    ]),
  )
}

function knobText({ outcomes }: KnobCell): string {
  if (outcomes.length === 0) return none
  const texts = outcomes.map(({ repetitions, knob }) => {
    const which = outcomes.length > 1 ? ` in run ${repetitions.join(', ')}` : ''
    const effective = orNone(knob.effective, (value) => escapeMarkdown(formatKnobValue(value)))
    if (knob.status === 'applied') return `${effective}${which}`
    if (knob.requested === null) return `${effective}${which} (${knob.status.replace('-', ' ')})`
    const requested = escapeMarkdown(formatKnobValue(knob.requested))
    return `${effective}${which} (**${knob.status.replace('-', ' ')}**, requested ${requested})`
  })
  return texts.join('; ')
}

function footer({ result, versions: differing }: ReportView): string {
  const common = Object.entries(result.versions).map(([component, version]) => `${component} ${version}`)
  const versions = [
    ...(common.length === 0 ? [] : [common.join(', ')]),
    ...differing.map(({ arm, words }) => `${arm}: ${words}`),
  ]
  return [
    `Run ${escapeMarkdown(result.run)} on ${escapeMarkdown(result.target)}, ${escapeMarkdown(formatTaken(result))}.`,
    `${escapeMarkdown(versions.join('; '))}.`,
    `Plan hash ${escapeMarkdown(result.planHash)}, result schema ${result.schema}. To rebuild this report: \`${printable(rerenderCommand(result)).replace(/[`\s]+/g, ' ')}\``,
  ].join('\n')
}

/** A table whose columns are right-aligned where the title ends in a colon. */
function table(titles: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`
  const head = line(titles.map((title) => title.replace(/:$/, '')))
  return [head, line(titles.map((title) => (title.endsWith(':') ? '---:' : '---'))), ...rows.map(line)].join('\n')
}

function bullets(lines: string[]): string {
  return lines.map((line) => `- ${line}`).join('\n')
}

/** Invisible; between `#` and `1` it keeps GitHub from linking an arm to an issue. */
const wordJoiner = '\u2060'

/** Text that GitHub shows as it is: neither Markdown nor HTML, in a table cell or out of it. */
export function escapeMarkdown(text: string): string {
  return printable(text)
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]|~<&]/g, '\\$&')
    .replace(/[#@](?=\w)/g, `$&${wordJoiner}`)
}
