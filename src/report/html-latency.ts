import { formatCount } from '../base/count.ts'
import type { ApiLatency } from '../result/result.ts'
import type { FillRun } from './fill-view.ts'
import { formatLatency, none } from './format.ts'
import { body, columns, fold, num, percentileCells, swatch, table } from './html-elements.ts'
import type { Content, Markup } from './markup.ts'
import { markup } from './markup.ts'
import type { ReportView } from './view.ts'

interface LatencyRow {
  request: string
  /** One per arm; undefined where the arm made no such request. */
  cells: (ApiLatency | undefined)[]
}

const sources = {
  client: {
    who: 'As the orchestrator saw it',
    how: 'from its call until the whole answer, each try by itself',
  },
  apiserver: {
    who: 'As the apiserver counted it',
    how: 'everybody’s requests, watches left out; interpolated within the buckets of its histogram; — lies beyond the last one',
  },
} as const

/** Rows that stay in sight; the others are folded away, unless they are hardly any. */
const shownRows = 6
const hardlyAny = 3

/** How long API requests took, slowest first, from both sides. */
export function latencyTables(view: ReportView, typical: FillRun[], evidence: string): Content {
  const tables = (['client', 'apiserver'] as const).flatMap((source) => {
    const rows = rowsOf(typical, source)
    if (rows.length === 0) return []
    const { who, how } = sources[source]
    const titled = (which: string, some: LatencyRow[]): Markup =>
      latencyTable(view, typical, `${who}${which}, ${evidence}: ${how}`, some)
    const shown = rows.length <= shownRows + hardlyAny ? rows.length : shownRows
    const [slowest, others] = [rows.slice(0, shown), rows.slice(shown)]
    return [
      titled('', slowest),
      others.length > 0 && fold([`${others.length} faster kinds of request`], titled(', the faster ones', others)),
    ]
  })
  return tables.length > 0 && [markup`<h3>API latency, slowest requests first</h3>`, tables]
}

function rowsOf(typical: FillRun[], source: ApiLatency['source']): LatencyRow[] {
  const perArm = typical.map(({ fill }) => {
    const own = fill.apiLatency.filter((latency) => latency.source === source)
    return new Map(own.map((latency) => [`${latency.verb} ${latency.resource}`, latency]))
  })
  const requests = [...new Set(perArm.flatMap((own) => [...own.keys()]))]
  const rows = requests.map((request) => ({ request, cells: perArm.map((own) => own.get(request)) }))
  return rows.toSorted((a, b) => slowestMs(b) - slowestMs(a) || countOf(b) - countOf(a))
}

/** The worst p99 of any arm; one that is not known was beyond everything that is. */
function slowestMs({ cells }: LatencyRow): number {
  return Math.max(...cells.flatMap((cell) => (cell === undefined ? [] : (cell.latencyMs.p99 ?? Number.MAX_VALUE))))
}

function countOf({ cells }: LatencyRow): number {
  return cells.reduce((sum, cell) => sum + (cell?.latencyMs.count ?? 0), 0)
}

function latencyTable(view: ReportView, typical: FillRun[], caption: string, rows: LatencyRow[]): Markup {
  const titles = ['p50', 'p99', 'requests'] as const
  const cellsOf = (cell: ApiLatency | undefined): Content =>
    cell === undefined
      ? titles.map(() => num(none))
      : [percentileCells(cell.latencyMs, ['p50', 'p99'], formatLatency), num(formatCount(cell.latencyMs.count))]
  return table(
    caption,
    markup`<tr><th scope="col" rowspan="2">Request</th>${typical.map((run) => markup`<th scope="colgroup" colspan="${titles.length}">${swatch(view, run.profile, run.label)}</th>`)}</tr>
<tr>${typical.map(() => columns(titles))}</tr>`,
    body(
      rows.map(
        ({ request, cells }) => markup`<tr><th scope="row"><code>${request}</code></th>${cells.map(cellsOf)}</tr>`,
      ),
    ),
  )
}
