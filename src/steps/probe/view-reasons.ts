import { formatCount } from '../../base/count.ts'
import { formatDuration } from '../../base/duration.ts'
import { formatLimit, formatShare, none, orNone } from '../../report/format.ts'
import type { Block, Cell, Section, Table } from '../../report/section.ts'
import type { ReportContext } from '../../report/step-view.ts'
import type { Explanation, LimiterReading, StopName } from '../../result/parts.ts'
import { isBoundUnknown } from '../../result/parts.ts'
import type { ProbeRun } from './view-run.ts'
import { limiterName, stopLabel, stopTimes } from './view-run.ts'

/** What every stop was waiting for. */
export function reasonSection(
  title: string,
  runs: readonly ProbeRun[],
  typical: readonly ProbeRun[],
  { words }: ReportContext,
): Section[] {
  const isSilent = runs.every(
    ({ outcome: { probe, troubles } }) => probe.explanations.length + probe.limiters.length + troubles.length === 0,
  )
  if (isSilent) return []
  const blocks: Block[] = [
    { kind: 'paragraph', text: `${words.counted}, for the repetition of each arm nearest to its median.` },
    { kind: 'heading', text: title },
    ...reasonTables(typical),
  ]
  if (runs.length > typical.length)
    blocks.push({ kind: 'fold', title: `Every repetition of ${title}`, blocks: reasonTables(runs) })
  return [{ part: 'reasons', title: 'Why each number is what it is', blocks }]
}

function reasonTables(runs: readonly ProbeRun[]): Block[] {
  const limiters = runs.flatMap((run) => run.outcome.probe.limiters.map((limiter) => limiterRow(run, limiter)))
  return [explanationTable(runs), ...(limiters.length === 0 ? [] : limiterBlocks(limiters))]
}

function explanationTable(runs: readonly ProbeRun[]): Table {
  const stops = [...new Set(runs.flatMap(({ outcome }) => stopTimes(outcome.probe).map(({ stop }) => stop)))]
  return {
    kind: 'table',
    caption: 'What each stop was waiting for',
    columns: [
      { title: 'Stop' },
      { title: 'Arm' },
      { title: 'time', of: 'figures' },
      { title: 'Bound by', of: 'names' },
      { title: 'Why', of: 'text' },
    ],
    groups: [{ rows: stops.flatMap((stop) => runs.flatMap((run) => explanationRow(run, stop))) }],
  }
}

function explanationRow({ arm, label, outcome: { probe, troubles } }: ProbeRun, stop: StopName): Cell[][] {
  const ms = probe.stopsMs[stop]
  if (ms === undefined) return []
  const why = probe.explanations.filter((explanation) => explanation.stop === stop)
  const words = [...(ms === null || why.length === 0 ? troubles : []), ...why.map(({ text }) => text)]
  return [
    [
      stopLabel(stop),
      { text: label, arm },
      ms === null ? 'not reached' : formatDuration(ms),
      why.map(boundItem),
      words,
    ],
  ]
}

function boundItem(explanation: Explanation): Exclude<Cell, readonly unknown[]> {
  if (explanation.boundBy === null) return isBoundUnknown(explanation) ? 'not known' : 'no limiter'
  const [text = '', detail = ''] = explanation.boundBy.split('/')
  return { text, detail, tone: 'strong' }
}

function limiterBlocks(rows: Cell[][]): Block[] {
  const titles = ['qps', 'burst', 'requests', 'pods wait for', 'waited', 'floor', 'accounts for']
  return [
    {
      kind: 'table',
      caption: 'Client-side rate limiters',
      columns: [
        { title: 'Limiter', of: 'names' },
        { title: 'Arm' },
        ...titles.map((title) => ({ title, of: 'figures' as const })),
      ],
      groups: [{ rows }],
    },
    {
      kind: 'paragraph',
      isNote: true,
      text: `Floor: the least time a full bucket needs for the requests the pods wait for. Waited: summed over all requests, many of which wait at the same time; ${none} where two clients of a kubelet or of the scheduler sent the same kind of request, and the metric does not say which of them waited.`,
    },
  ]
}

function limiterRow({ arm, label, outcome: { probe } }: ProbeRun, limiter: LimiterReading): Cell[] {
  const { component, client, waitedMs, floorMs, gatingRequests } = limiter
  const bound = probe.explanations.filter(({ boundBy }) => boundBy === limiterName(limiter))
  const stops = stopTimes(probe).filter(({ stop }) => bound.some((explanation) => explanation.stop === stop))
  const requests = Object.entries(limiter.requests)
  const total = requests.reduce((sum, [, count]) => sum + count, 0)
  const verbs = requests.map(([verb, count]) => `${verb}\u00a0${formatCount(count)}`)
  return [
    { text: component, detail: client },
    { text: label, arm },
    ...limits(limiter),
    { text: formatCount(total), detail: verbs.join(', ') },
    formatCount(gatingRequests),
    orNone(waitedMs, formatDuration),
    orNone(floorMs, formatDuration),
    stops.length === 0 ? none : stops.map(({ label: stop, ms }) => accountedFor(stop, ms, floorMs)),
  ]
}

/** Its qps and burst; a limit that is switched off is one thing, and one that was not read another. */
function limits({ limit, qps, burst }: LimiterReading): string[] {
  const instead = limit === 'none' ? 'no limit' : limit === 'unknown' ? 'not read' : none
  return [qps, burst].map((value) => (value === null ? instead : formatLimit(value)))
}

function accountedFor(stop: string, ms: number | null, floorMs: number | null): { text: string; detail: string } {
  const share = ms !== null && ms > 0 && floorMs !== null ? `${formatShare(floorMs / ms)} of ` : ''
  return { text: `${share}${orNone(ms, formatDuration)}`, detail: stop }
}
