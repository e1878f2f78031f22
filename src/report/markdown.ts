import { formatCount } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { printable } from '../base/printable.ts'
import type { FillOutcome, Result } from '../result/result.ts'
import { isMachineBound, machineBoundAbove } from '../result/result.ts'
import type { Caveat } from './caveats.ts'
import { dataPlaneOf, lacksKubeProxy, noKubeProxy } from './data-plane.ts'
import { configObjects } from './fill-view.ts'
import {
  formatActual,
  formatDeviation,
  formatKnobValue,
  formatShare,
  formatSpeedup,
  formatTaken,
  none,
} from './format.ts'
import type { KnobCell, KnobRow } from './knobs.ts'
import { rerenderCommand, stopLabel } from './labels.ts'
import { sampleText } from './sample.ts'
import type { ComparisonCell, ProbeView, ReportView } from './view.ts'
import { viewOf } from './view.ts'
import { worsenedText } from './worse.ts'

/** The report in brief, for a pull request or release notes (GitHub's Markdown). */
export function renderMarkdown(result: Result): string {
  const view = viewOf(result)
  const blocks = [
    `## ${escapeMarkdown(view.title)}`,
    view.partial !== null && `**${view.partial}**: stopped early. Only finished steps are shown.`,
    `**Verdict: ${view.verdict}**`,
    bullets(result.reasons.map(escapeMarkdown)),
    worse(view),
    ...view.caveats.map(caveat),
    escapeMarkdown(view.evidence),
    thresholds(result),
    fill(result, view),
    dataPlane(result, view),
    ...view.probes.map((probe) => comparison(result, view, probe)),
    view.notes.length > 0 && view.notes.map((note, index) => `${index + 1}. ${escapeMarkdown(note)}`).join('\n'),
    reasons(view),
    knobs(view),
    conditions(view),
    footer(result),
  ]
  return `${blocks.filter((block) => typeof block === 'string' && block !== '').join('\n\n')}\n`
}

function worse({ profiles, worse: all }: ReportView): string {
  if (all.length === 0) return ''
  return `**Worse than ${escapeMarkdown(profiles[0] ?? '')}**\n${bullets(all.map((one) => escapeMarkdown(worsenedText(one))))}`
}

function caveat({ title, places }: Caveat): string {
  return `**${escapeMarkdown(title)}**\n${bullets(places.map(escapeMarkdown))}`
}

function thresholds(result: Result): string {
  if (result.thresholds.length === 0) return ''
  const rows = result.thresholds.map((threshold) => [
    escapeMarkdown(threshold.name),
    threshold.verdict === 'pass' ? threshold.verdict : `**${threshold.verdict}**`,
    formatActual(threshold) ?? none,
    escapeMarkdown(threshold.reason ?? ''),
  ])
  return table(['Threshold', 'Verdict', 'Actual:', 'Reason'], rows)
}

function fill({ evidence }: Result, { profiles, fill: view }: ReportView): string {
  if (view === null) return ''
  const { rows, runs, typical } = view
  const others = profiles.slice(1)
  const counted = (label: string, count: (fill: FillOutcome) => string): string[] => [
    label,
    ...profiles.map((profile) => {
      const run = typical.find((one) => one.profile === profile)
      return run === undefined ? none : count(run.fill)
    }),
    ...others.map(() => none),
  ]
  const head = [
    `Figure (${evidence})`,
    ...profiles.map((profile) => `${escapeMarkdown(profile)}:`),
    ...others.map((profile) => `${escapeMarkdown(profiles[0] ?? '')} / ${escapeMarkdown(profile)}:`),
  ]
  const bound = runs.some(({ fill }) => isMachineBound(fill))
  return [
    `### Filling the cluster (${evidence})`,
    table(head, [
      counted('pods Ready', ({ pods }) => outOf(pods.ready, pods.expected)),
      counted('config objects', (fill) => outOf(configObjects(fill).found, configObjects(fill).expected)),
      ...rows.map(({ label, format, bound, cells }) => [
        label,
        ...cells.map(({ measured }) => sampleWords(sampleText(measured, format, bound))),
        ...cells.slice(1).map(({ ratio }) => (ratio === null ? none : formatSpeedup(ratio))),
      ]),
    ]),
    ...(bound ? [machineBoundNote] : []),
  ].join('\n\n')
}

function dataPlane({ evidence }: Result, { fill: view, words }: ReportView): string {
  if (view === null) return ''
  const plane = dataPlaneOf(view.typical, words)
  if (plane === null) return lacksKubeProxy(view.typical) ? noKubeProxy : ''
  const { runs, rows, remarks } = plane
  return [
    `### Services reach the data plane (${evidence})`,
    table(
      [`Figure (${evidence})`, ...runs.map(({ label }) => `${escapeMarkdown(label)}:`)],
      rows.map(({ label, cells }) => [label, ...cells]),
    ),
    remarks.join(' '),
  ].join('\n\n')
}

const machineBoundNote = `Machine-bound: more than ${formatShare(machineBoundAbove)} of the processor time was in use. Times are then upper bounds: shown, but not compared.`

function outOf(found: number, expected: number): string {
  return found === expected ? formatCount(found) : `**${formatCount(found)}** of ${formatCount(expected)}`
}

function sampleWords({ figure, detail }: { figure: string; detail: string }): string {
  return detail === '' ? figure : `${figure} (${detail})`
}

function comparison(result: Result, { profiles }: ReportView, probe: ProbeView): string {
  const others = profiles.slice(1)
  const head = [
    `Stop (${result.evidence})`,
    ...profiles.map((profile) => `${escapeMarkdown(profile)}:`),
    ...others.map((profile) => `${escapeMarkdown(profiles[0] ?? '')} / ${escapeMarkdown(profile)}:`),
    ...(result.reference === null ? [] : profiles.map((profile) => `document, ${escapeMarkdown(profile)}:`)),
  ]
  const rows = probe.rows.map((row) => [
    row.documented ? `**${row.label}** (the document’s stop)` : row.label,
    ...row.cells.map(({ measured }) => sampleWords(sampleText(measured))),
    ...row.cells.slice(1).map(({ ratio }) => (ratio === null ? none : formatSpeedup(ratio))),
    ...(result.reference === null ? [] : row.cells.map(referenceText)),
  ])
  return `### ${escapeMarkdown(probe.title)} (${result.evidence})\n\n${escapeMarkdown(probe.conditions)}\n\n${table(head, rows)}`
}

function referenceText({ reference }: ComparisonCell): string {
  if (reference === null) return none
  const { valueMs, deviation, note } = reference
  const remarks = [deviation !== null && `this run ${formatDeviation(deviation)}`, note !== null && `note ${note}`]
  const said = remarks.filter((remark) => remark !== false).join(', ')
  return `${formatDuration(valueMs)}${said && ` (${said})`}`
}

function reasons({ probes }: ReportView): string {
  const lines = probes.flatMap((probe) =>
    probe.typical.flatMap(({ label, troubles, probe: { explanations } }) => {
      const what = `${escapeMarkdown(probe.title)}, ${escapeMarkdown(label)}`
      return [
        ...troubles.map((trouble) => `${what}: ${escapeMarkdown(trouble)}`),
        ...explanations.map(({ stop, text }) => `${what}, ${escapeMarkdown(stopLabel(stop))}: ${escapeMarkdown(text)}`),
      ]
    }),
  )
  return lines.length === 0 ? '' : `### Why\n\n${bullets(lines)}`
}

function knobs(view: ReportView): string {
  const { differing, same, notApplied } = view.knobs
  const folded = (title: string, rows: KnobRow[]): string =>
    rows.length === 0
      ? ''
      : `<details><summary>${title} (${rows.length})</summary>\n\n${knobTable(view, rows)}\n\n</details>`
  return [
    differing.length > 0 && `### Settings that differ, or were not taken as requested\n\n${knobTable(view, differing)}`,
    folded('Settings that are the same in every arm', same),
    folded('Settings not applied, and why', notApplied),
  ]
    .filter((block) => typeof block === 'string' && block !== '')
    .join('\n\n')
}

function knobTable({ profiles }: ReportView, rows: KnobRow[]): string {
  return table(
    ['Knob', ...profiles.map((profile) => `${escapeMarkdown(profile)}:`), 'Read from', 'Note'],
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
    const effective = knob.effective === null ? none : escapeMarkdown(formatKnobValue(knob.effective))
    if (knob.status === 'applied') return `${effective}${which}`
    if (knob.requested === null) return `${effective}${which} (${knob.status.replace('-', ' ')})`
    const requested = escapeMarkdown(formatKnobValue(knob.requested))
    return `${effective}${which} (**${knob.status.replace('-', ' ')}**, requested ${requested})`
  })
  return texts.join('; ')
}

function conditions({ probes }: ReportView): string {
  const rows = probes.flatMap((probe) =>
    probe.runs.map(({ label, probe: { pods, watch, machineBusy } }) => [
      `${escapeMarkdown(probe.title)}, ${escapeMarkdown(label)}`,
      ...[pods.expected, pods.ready, pods.deleted, pods.unexpected, pods.censored].map(formatCount),
      formatCount(watch.resumed + watch.relisted + watch.silent),
      machineBusy === null ? none : formatShare(machineBusy),
    ]),
  )
  const head = [
    'Pods',
    'expected:',
    'ready:',
    'deleted:',
    'unexpected:',
    'uncertain:',
    'watch disruptions:',
    'machine busy:',
  ]
  if (rows.length === 0) return ''
  return `<details><summary>Pods accounted for</summary>\n\n${table(head, rows)}\n\n</details>`
}

function footer(result: Result): string {
  const versions = Object.entries(result.versions).map(([component, version]) => `${component} ${version}`)
  return [
    `Run ${escapeMarkdown(result.run)} on ${escapeMarkdown(result.target)}, ${escapeMarkdown(formatTaken(result))}.`,
    `${escapeMarkdown(versions.join(', '))}.`,
    `Plan hash ${escapeMarkdown(result.planHash)}, result schema ${result.schema}. Make again: \`${printable(rerenderCommand(result)).replace(/[`\s]+/g, ' ')}\``,
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
function escapeMarkdown(text: string): string {
  return printable(text)
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]|~<&]/g, '\\$&')
    .replace(/[#@](?=\w)/g, `$&${wordJoiner}`)
}
