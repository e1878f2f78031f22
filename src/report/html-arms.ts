import { formatCount, plural } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import { formatBytes } from '../base/quantity.ts'
import { sumOf } from '../base/sum.ts'
import type { ArmOutcome } from '../result/result.ts'
import { none, orNone } from './format.ts'
import type { TitledPart } from './html-elements.ts'
import { body, columns, num, swatch, table, term } from './html-elements.ts'
import { armLabel } from './labels.ts'
import type { Content, Markup } from './markup.ts'
import { markup } from './markup.ts'
import type { ReportView } from './view.ts'

/** The arms, what was in their clusters, and what they ran on. */
export function armSection(view: ReportView): TitledPart {
  const { result } = view
  const { arms } = result
  const resources = [...new Set(arms.flatMap((arm) => Object.keys(arm.objects)))]
  const { machine, orchestrator } = result
  // Results from before flaps were counted have no such figure either.
  const flaps = orchestrator !== null
  const content = [
    arms.length + (result.warmUps ?? []).length > 0 && [
      table(
        'Arms in the order they ran',
        markup`<tr><th scope="col">Arm</th><th scope="col">Outcome</th>${columns(['nodes', 'hosts', 'processes', 'control plane ready', 'fleet ready', ...(flaps ? ['node flaps'] : [])])}<th scope="col">Left behind</th></tr>`,
        body([...(result.warmUps ?? []), ...arms].map((arm) => armRow(view, arm, flaps))),
      ),
      besideLine(view),
      resources.length > 0 &&
        table(
          'Objects in the cluster under test',
          markup`<tr><th scope="col">Arm</th>${columns(resources)}</tr>`,
          body(
            arms.map(
              ({ objects, ...arm }) => markup`<tr><th scope="row">${swatch(view, arm.name, armLabel(arm))}</th>
${resources.map((resource) => num(objects[resource] === undefined ? none : formatCount(objects[resource])))}</tr>`,
            ),
          ),
        ),
    ],
    markup`<dl>${Object.entries(result.versions).map(([component, version]) => term(component, version))}
${view.versions.map(({ arm, words }) => term(arm, words))}
${flowsOf(arms).map((text) => term('own requests', text))}
${term('machine', machine === null ? view.words.elsewhere : `${machine.system}, ${plural(machine.cores, 'core')}, ${formatBytes(machine.memoryBytes)}`)}
${orchestrator !== null && term('orchestrator', `${formatBytes(orchestrator.peakMemoryBytes)} of memory at its peak`)}</dl>`,
  ]
  return { title: 'Arms and environment', content }
}

/** What the orchestrator's own requests rode on in API Priority and Fairness, of all arms together. */
function flowsOf(arms: readonly ArmOutcome[]): string[] {
  const all = arms.flatMap(({ ownFlows = [] }) => ownFlows)
  const kinds = Map.groupBy(
    all,
    ({ flowSchema, priorityLevel }) => `priority level ${priorityLevel}, by flow schema ${flowSchema}`,
  )
  return [...kinds].map(
    ([kind, flows]) => `${kind}: ${plural(sumOf(flows.map(({ requests }) => requests)), 'request')}`,
  )
}

/** Shorter work is not worth a word. */
const shortMs = 1000

/** What took time beside the figures of the table, and is in none of them. */
function besideLine({ result, steps }: ReportView): Content {
  const runs = steps.flatMap((step) => step.runs)
  const lines = result.arms.flatMap((arm) => {
    const label = armLabel(arm)
    const parts = [
      { what: 'waiting for its Lease', ms: arm.waitedForLeaseMs },
      { what: 're-tuning', ms: arm.retunedMs },
      { what: 'preparing its nodes', ms: arm.fleet.preparedMs },
      ...runs.filter((run) => run.label === label).flatMap(({ beside }) => beside ?? []),
    ]
    const long = parts.flatMap(({ what, ms = 0 }) => (ms < shortMs ? [] : [`${formatDuration(ms)} ${what}`]))
    return long.length === 0 ? [] : [`${label}: ${long.join(', ')}`]
  })
  return lines.length > 0 && markup`<p class="muted">Not included in these times: ${lines.join('; ')}.</p>`
}

function armRow(view: ReportView, arm: ArmOutcome, flaps: boolean): Markup {
  const { fleet, outcome, error, residue } = arm
  return markup`<tr><th scope="row">${swatch(view, arm.name, armLabel(arm))}${arm.profile !== arm.name && markup`<small>based on ${arm.profile}</small>`}${arm.repetition === 0 && markup`<small>not in any figure</small>`}</th>
<td>${outcome === 'complete' ? outcome : markup`<b class="bad">${outcome}</b>`}${error !== undefined && markup`<small>${error}</small>`}</td>
${num(formatCount(fleet.nodes))}${num(formatCount(fleet.hosts))}${num(fleet.source === 'hollow' ? formatCount(fleet.processes) : none)}
${num(orNone(arm.controlPlaneReadyMs, formatDuration))}${num(orNone(fleet.readyMs, formatDuration))}${flaps && flapCell(arm)}
<td>${residue.length === 0 ? 'nothing' : residue.map((what) => markup`<div><b class="bad">${what}</b></div>`)}</td></tr>`
}

/** How often a node stopped being Ready, and how many nodes did. */
function flapCell({ fleet: { flaps } }: ArmOutcome): Markup {
  const away = flaps.notReadyAtEnd.length
  const ending = away > 0 && markup`, <b class="bad">${formatCount(away)} not Ready at the end</b>`
  const { count, nodes } = flaps
  return num(formatCount(count), count > 0 && [`of ${plural(nodes.length, 'node')}`, ending])
}
