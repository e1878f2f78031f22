import { formatBytes } from '../base/quantity.ts'
import type { ArmOutcome, Distribution, Result } from '../result/result.ts'
import { isMachineBound, machineBoundAbove } from '../result/result.ts'
import { formatCount, formatShare, none, plural } from './format.ts'
import { body, columns, num, section, swatch, table, term, time } from './html-elements.ts'
import { armLabel } from './labels.ts'
import type { Content, Markup } from './markup.ts'
import { markup } from './markup.ts'
import type { ProbeRun, ProbeView, ReportView } from './view.ts'

/** Every pod accounted for, and the conditions it was measured under. */
export function accountSection(view: ReportView): Content {
  const { probes } = view
  if (probes.length === 0) return null
  const pods = ['expected', 'created', 'bound', 'started', 'ready', 'deleted', 'unexpected', 'censored'] as const
  return section(
    'Pods and conditions',
    table(
      'Pods accounted for. Censored: moments known only as an interval.',
      markup`<tr><th scope="col">Arm</th>${columns(pods)}</tr>`,
      perRun(view, ({ probe }) => pods.map((key) => num(formatCount(probe.pods[key])))),
    ),
    table(
      `Conditions of the measurement. Above ${formatShare(machineBoundAbove)} busy the machine itself is the limit: timings are not comparable.`,
      markup`<tr><th scope="col">Arm</th>${columns(['machine busy', 'event loop delay, max', 'watch resumed', 'listed again', 'fell silent'])}</tr>`,
      perRun(view, ({ probe, probe: { machineBusy, eventLoopDelayMaxMs, watch } }) => [
        isMachineBound(probe)
          ? num(markup`<b class="bad">${formatShare(machineBusy ?? 0)}</b>`, 'machine-bound')
          : num(machineBusy === null ? none : formatShare(machineBusy)),
        num(time(eventLoopDelayMaxMs)),
        [watch.resumed, watch.relisted, watch.silent].map((count) => num(formatCount(count))),
      ]),
    ),
    table(
      'Time per pod between two points of its life, for the repetition nearest to the median',
      markup`<tr><th scope="col">Phase</th><th scope="col">Arm</th>${columns(['p50', 'p90', 'p99', 'max', 'pods', 'missing'])}</tr>`,
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
  const most = (request: string): number => Math.max(...typical.map(({ probe }) => probe.apiRequests[request] ?? 0))
  const requests = [...new Set(typical.flatMap(({ probe }) => Object.keys(probe.apiRequests)))]
  return requests
    .sort((a, b) => most(b) - most(a))
    .map((request) => {
      const counts = typical.map(({ probe }) => num(formatCount(probe.apiRequests[request] ?? 0)))
      return markup`<tr><th scope="row"><code>${request}</code></th>${counts}</tr>`
    })
}

function perRun(view: ReportView, cells: (run: ProbeRun) => Content): Markup[] {
  return view.probes.map(
    (probe) => markup`<tbody><tr><th scope="rowgroup" colspan="9">${probe.title}</th></tr>
${probe.runs.map((run) => markup`<tr><th scope="row">${swatch(view, run.profile, run.label)}</th>${cells(run)}</tr>`)}</tbody>`,
  )
}

function phaseBody(view: ReportView, { title, typical }: ProbeView): Markup {
  const phases = [...new Set(typical.flatMap(({ probe }) => Object.keys(probe.phasesMs)))]
  const cells = ({ p50, p90, p99, max, count, missing }: Distribution): Content => [
    [p50, p90, p99, max].map((ms) => num(time(ms))),
    num(formatCount(count)),
    num(missing === 0 ? '0' : markup`<b class="bad">${formatCount(missing)}</b>`),
  ]
  return markup`<tbody><tr><th scope="rowgroup" colspan="8">${title}</th></tr>
${phases.map((phase) =>
  typical.flatMap(({ probe, profile, label }) => {
    const distribution = probe.phasesMs[phase]
    return distribution === undefined
      ? []
      : [markup`<tr><th scope="row">${phase}</th><td>${swatch(view, profile, label)}</td>${cells(distribution)}</tr>`]
  }),
)}</tbody>`
}

/** The arms, what was in their clusters, and what they ran on. */
export function armSection(result: Result, view: ReportView): Content {
  const arms = result.arms.toSorted((a, b) => a.order - b.order)
  const resources = [...new Set(arms.flatMap((arm) => Object.keys(arm.objects)))]
  const { machine } = result
  return section(
    'Arms and environment',
    arms.length > 0 && [
      table(
        'Arms in the order they ran',
        markup`<tr><th scope="col">Arm</th><th scope="col">Outcome</th>${columns(['nodes', 'hosts', 'processes', 'control plane ready', 'fleet ready'])}<th scope="col">Left behind</th></tr>`,
        body(arms.map((arm) => armRow(view, arm))),
      ),
      resources.length > 0 &&
        table(
          'Objects in the cluster when the probes ran',
          markup`<tr><th scope="col">Arm</th>${columns(resources)}</tr>`,
          body(
            arms.map(
              ({ objects, ...arm }) => markup`<tr><th scope="row">${swatch(view, arm.profile, armLabel(arm))}</th>
${resources.map((resource) => num(objects[resource] === undefined ? none : formatCount(objects[resource])))}</tr>`,
            ),
          ),
        ),
    ],
    markup`<dl>${Object.entries(result.versions).map(([component, version]) => term(component, version))}
${term('machine', machine === null ? 'elsewhere' : `${machine.system}, ${plural(machine.cores, 'core')}, ${formatBytes(machine.memoryBytes)}`)}</dl>`,
  )
}

function armRow(view: ReportView, arm: ArmOutcome): Markup {
  const { fleet, outcome, error, residue } = arm
  return markup`<tr><th scope="row">${swatch(view, arm.profile, armLabel(arm))}</th>
<td>${outcome === 'complete' ? outcome : markup`<b class="bad">${outcome}</b>`}${error !== undefined && markup`<small>${error}</small>`}</td>
${num(formatCount(fleet.nodes))}${num(formatCount(fleet.hosts))}${num(formatCount(fleet.processes))}
${num(time(arm.controlPlaneReadyMs))}${num(time(fleet.readyMs))}
<td>${residue.length === 0 ? 'nothing' : residue.map((what) => markup`<div><b class="bad">${what}</b></div>`)}</td></tr>`
}
