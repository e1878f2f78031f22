import { formatCount } from '../../base/count.ts'
import { percentileItems } from '../../report/distribution.ts'
import { formatLatency, none } from '../../report/format.ts'
import type { Block, Table } from '../../report/section.ts'
import type { ApiLatency } from '../../result/parts.ts'
import type { FillRun } from './view-run.ts'

interface LatencyRow {
  request: string
  /** One per arm; undefined where the arm made no such request. */
  cells: (ApiLatency | undefined)[]
}

const sources = {
  client: {
    who: 'As the orchestrator saw it',
    how: 'from the call to the end of the response, each attempt separately',
  },
  apiserver: {
    who: 'As the apiserver counted it',
    how: 'requests from all clients except watches; interpolated within the histogram’s buckets; — is beyond the last bucket',
  },
} as const

/** Rows that stay in sight; the others are folded away, unless they are hardly any. */
const shownRows = 6
const hardlyAny = 3

/** How long API requests took, slowest first, from both sides. */
export function latencyBlocks(typical: readonly FillRun[], evidence: string): Block[] {
  const tables = (['client', 'apiserver'] as const).flatMap((source): Block[] => {
    const rows = rowsOf(typical, source)
    if (rows.length === 0) return []
    const { who, how } = sources[source]
    const titled = (which: string, some: LatencyRow[]): Table =>
      latencyTable(typical, `${who}${which}, ${evidence}: ${how}`, some)
    const shown = rows.length <= shownRows + hardlyAny ? rows.length : shownRows
    const [slowest, others] = [rows.slice(0, shown), rows.slice(shown)]
    if (others.length === 0) return [titled('', slowest)]
    const title = `${others.length} faster kinds of request`
    return [titled('', slowest), { kind: 'fold', title, blocks: [titled(', the faster ones', others)] }]
  })
  return tables.length === 0 ? [] : [{ kind: 'heading', text: 'API latency, slowest requests first' }, ...tables]
}

function rowsOf(typical: readonly FillRun[], source: ApiLatency['source']): LatencyRow[] {
  const perArm = typical.map(({ outcome }) => {
    const own = outcome.apiLatency.filter((latency) => latency.source === source)
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

function latencyTable(typical: readonly FillRun[], caption: string, rows: readonly LatencyRow[]): Table {
  const titles = ['p50', 'p99', 'requests'] as const
  const cellsOf = (cell: ApiLatency | undefined): string[] =>
    cell === undefined
      ? titles.map(() => none)
      : [...percentileItems(cell.latencyMs, ['p50', 'p99'], formatLatency), formatCount(cell.latencyMs.count)]
  return {
    kind: 'table',
    caption,
    columns: [
      { title: 'Request' },
      ...typical.flatMap(({ arm, label }) =>
        titles.map((title) => ({ title, of: 'figures' as const, above: { text: label, arm } })),
      ),
    ],
    groups: [
      { rows: rows.map(({ request, cells }) => [{ text: request, isCode: true as const }, ...cells.flatMap(cellsOf)]) },
    ],
  }
}
