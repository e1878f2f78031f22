import { formatCount } from '../base/count.ts'
import { formatDuration } from '../base/duration.ts'
import type { LimiterReading, StopName } from '../result/result.ts'
import { isBoundUnknown } from '../result/result.ts'
import { formatLimit, formatShare, none } from './format.ts'
import { body, columns, num, section, swatch, table, time } from './html-elements.ts'
import { limiterName, stopLabel, stopTimes } from './labels.ts'
import type { Content, Markup } from './markup.ts'
import { markup } from './markup.ts'
import type { ProbeRun, ReportView } from './view.ts'

/** What every stop was waiting for. */
export function reasonSection(view: ReportView): Content {
  const probes = view.probes.filter(({ runs }) =>
    runs.some(({ probe, troubles }) => probe.explanations.length + probe.limiters.length + troubles.length > 0),
  )
  if (probes.length === 0) return null
  return section(
    'Why each number is what it is',
    markup`<p class="muted">${view.words.counted}, for the repetition of each arm nearest to its median.</p>`,
    probes.map(
      (probe) => markup`<h3>${probe.title}</h3>
${explanationTable(view, probe.typical)}${limiterTable(view, probe.typical)}
${
  probe.runs.length > probe.typical.length &&
  markup`<details><summary>Every repetition of ${probe.title}</summary>${explanationTable(view, probe.runs)}${limiterTable(view, probe.runs)}</details>`
}`,
    ),
  )
}

function explanationTable(view: ReportView, runs: ProbeRun[]): Content {
  const stops = [...new Set(runs.flatMap(({ probe }) => stopTimes(probe).map(({ stop }) => stop)))]
  const rows = stops.flatMap((stop) => runs.map((run) => explanationRow(view, run, stop)))
  return table(
    'What each stop was waiting for',
    markup`<tr><th scope="col">Stop</th><th scope="col">Arm</th>${columns(['time'])}<th scope="col">Bound by</th><th scope="col">Why</th></tr>`,
    body(rows),
  )
}

function explanationRow(view: ReportView, { probe, profile, label, troubles }: ProbeRun, stop: StopName): Content {
  const ms = probe.stopsMs[stop]
  if (ms === undefined) return null
  const why = probe.explanations.filter((explanation) => explanation.stop === stop)
  const limiters = why.map((explanation) => {
    const { boundBy } = explanation
    if (boundBy === null) return isBoundUnknown(explanation) ? 'not known' : 'no limiter'
    const [component, client] = boundBy.split('/')
    return markup`<b>${component}</b><small>${client}</small>`
  })
  return markup`<tr><th scope="row">${stopLabel(stop)}</th><td>${swatch(view, profile, label)}</td>
${num(ms === null ? 'not reached' : formatDuration(ms))}<td class="name">${limiters}</td>
<td class="text">${[...(ms === null || why.length === 0 ? troubles : []), ...why.map(({ text }) => text)].map((text) => markup`<div>${text}</div>`)}</td></tr>`
}

function limiterTable(view: ReportView, runs: ProbeRun[]): Content {
  const rows = runs.flatMap((run) =>
    run.probe.limiters.map((limiter) => {
      const bound = run.probe.explanations.filter(({ boundBy }) => boundBy === limiterName(limiter))
      const stops = stopTimes(run.probe).filter(({ stop }) => bound.some((explanation) => explanation.stop === stop))
      const requests = Object.entries(limiter.requests)
      const total = requests.reduce((sum, [, count]) => sum + count, 0)
      const verbs = requests.map(([verb, count]) => `${verb}\u00a0${formatCount(count)}`)
      return markup`<tr><th class="name" scope="row">${limiter.component}<small>${limiter.client}</small></th><td>${swatch(view, run.profile, run.label)}</td>
${limitCells(limiter)}
${num(formatCount(total), markup`<span class="wrap">${verbs.join(', ')}</span>`)}
${num(formatCount(limiter.gatingRequests))}${num(time(limiter.waitedMs))}${num(time(limiter.floorMs))}
<td class="num">${stops.length === 0 ? none : stops.map(({ label, ms }) => accountedFor(label, ms, limiter.floorMs))}</td></tr>`
    }),
  )
  if (rows.length === 0) return null
  const titles = ['qps', 'burst', 'requests', 'pods wait for', 'waited', 'floor', 'accounts for']
  return [
    table(
      'Client-side rate limiters',
      markup`<tr><th scope="col">Limiter</th><th scope="col">Arm</th>${columns(titles)}</tr>`,
      body(rows),
    ),
    markup`<p class="notes">Floor: the least time a full bucket needs for the requests the pods wait for. Waited: summed over all requests, many of which wait at the same time; ${none} where a kubelet’s two clients sent the same kind of request, and the metric does not say which of them waited.</p>`,
  ]
}

/** Its qps and burst; a limit that is switched off is one thing, and one that was not read another. */
function limitCells({ limit, qps, burst }: LimiterReading): Content {
  const instead = limit === 'none' ? 'no limit' : limit === 'unknown' ? 'not read' : none
  return [qps, burst].map((value) => num(value === null ? instead : formatLimit(value)))
}

function accountedFor(label: string, ms: number | null, floorMs: number | null): Markup {
  const share = ms !== null && ms > 0 && floorMs !== null && `${formatShare(floorMs / ms)} of `
  return markup`<div>${share}${time(ms)}<small>${label}</small></div>`
}
