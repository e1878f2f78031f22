import { formatCount } from '../base/count.ts'
import type { ProbeOutcome } from '../result/result.ts'
import { isMachineBound, machineBoundAbove } from '../result/result.ts'
import { formatShare, none } from './format.ts'
import {
  body,
  columns,
  distributionCells,
  distributionTitles,
  num,
  section,
  swatch,
  table,
  time,
} from './html-elements.ts'
import type { Content, Markup } from './markup.ts'
import { markup } from './markup.ts'
import type { ProbeView, ReportView } from './view.ts'

/** Every pod accounted for, and the conditions it was measured under. */
export function accountSection(view: ReportView): Content {
  const { probes, fill } = view
  if (probes.length === 0 && fill === null) return null
  const pods = ['expected', 'created', 'bound', 'started', 'ready', 'deleted', 'unexpected', 'censored'] as const
  return section(
    'Pods and conditions',
    probes.length > 0 &&
      table(
        'Pods accounted for. Ready: when the probe ended. Uncertain: the exact moment was not seen.',
        markup`<tr><th scope="col">Arm</th>${columns(pods.map((key) => (key === 'censored' ? 'uncertain' : key)))}</tr>`,
        probes.map(({ title, runs }) =>
          runGroup(
            view,
            title,
            runs.map(({ probe, ...run }) => ({ ...run, cells: pods.map((key) => num(formatCount(probe.pods[key]))) })),
          ),
        ),
      ),
    table(
      `${view.words.conditions}. Above ${formatShare(machineBoundAbove)} busy the machine itself is the limit, and times are upper bounds.`,
      markup`<tr><th scope="col">Arm</th>${columns(['machine busy', 'event loop delay, max', 'watch resumed', 'listed again', 'fell silent'])}</tr>`,
      [
        fill !== null &&
          runGroup(
            view,
            'filling the cluster',
            fill.runs.map(({ fill, ...run }) => ({ ...run, cells: conditionCells(fill) })),
          ),
        probes.map(({ title, runs }) =>
          runGroup(
            view,
            title,
            runs.map(({ probe, ...run }) => ({ ...run, cells: conditionCells(probe) })),
          ),
        ),
      ],
    ),
    probes.length > 0 &&
      table(
        'Time per pod between two points of its life, for the repetition nearest to the median',
        markup`<tr><th scope="col">Phase</th><th scope="col">Arm</th>${columns([...distributionTitles, 'pods', 'missing'])}</tr>`,
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
  // An apiserver that was read has a count of none that it was not asked for.
  const countOf = ({ apiRequests }: ProbeOutcome, request: string) => apiRequests[request] ?? 0
  const most = (request: string): number => Math.max(...typical.map(({ probe }) => countOf(probe, request)))
  const requests = [...new Set(typical.flatMap(({ probe }) => Object.keys(probe.apiRequests)))]
  return requests
    .sort((a, b) => most(b) - most(a))
    .map((request) => {
      const counts = typical.map(({ probe }) =>
        num(wereRequestsRead(probe) ? formatCount(countOf(probe, request)) : none),
      )
      return markup`<tr><th scope="row"><code>${request}</code></th>${counts}</tr>`
    })
}

/** An apiserver that was read has answered something. */
function wereRequestsRead({ apiRequests }: ProbeOutcome): boolean {
  return Object.keys(apiRequests).length > 0
}

/** The conditions that the fill and the probes have in common. */
type Conditions = Pick<ProbeOutcome, 'machineBusy' | 'eventLoopDelayMaxMs' | 'watch'>

function conditionCells(conditions: Conditions): Content {
  const { machineBusy, eventLoopDelayMaxMs, watch } = conditions
  return [
    isMachineBound(conditions)
      ? num(markup`<b class="bad">${formatShare(machineBusy ?? 0)}</b>`, 'machine-bound')
      : num(machineBusy === null ? none : formatShare(machineBusy)),
    num(time(eventLoopDelayMaxMs)),
    [watch.resumed, watch.relisted, watch.silent].map((count) => num(formatCount(count))),
  ]
}

function runGroup(view: ReportView, title: string, runs: { profile: string; label: string; cells: Content }[]): Markup {
  return markup`<tbody><tr><th scope="rowgroup" colspan="9">${title}</th></tr>
${runs.map(({ profile, label, cells }) => markup`<tr><th scope="row">${swatch(view, profile, label)}</th>${cells}</tr>`)}</tbody>`
}

function phaseBody(view: ReportView, { title, typical }: ProbeView): Markup {
  const phases = [...new Set(typical.flatMap(({ probe }) => Object.keys(probe.phasesMs)))]
  return markup`<tbody><tr><th scope="rowgroup" colspan="8">${title}</th></tr>
${phases.map((phase) =>
  typical.flatMap(({ probe, profile, label }) => {
    const distribution = probe.phasesMs[phase]
    return distribution === undefined
      ? []
      : [
          markup`<tr><th scope="row">${phase}</th><td>${swatch(view, profile, label)}</td>${distributionCells(distribution)}</tr>`,
        ]
  }),
)}</tbody>`
}
