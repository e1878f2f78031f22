import { formatCount } from '../base/count.ts'
import type { FillOutcome, NetworkProgramming } from '../result/result.ts'
import type { FillRun } from './fill-view.ts'
import { formatLatency, formatRate, none } from './format.ts'

/** How Services reached the nodes' data planes, arm by arm. */
export interface DataPlaneView {
  /** The arms that kube-proxies ran in. */
  runs: FillRun[]
  rows: DataPlaneRow[]
  /** What is to be known of the figures, a sentence each. */
  remarks: string[]
}

export interface DataPlaneRow {
  label: string
  meaning: string
  /** One per run. */
  cells: string[]
}

/** What a fill with Services says where no kube-proxy programmed anything. */
export const noKubeProxy =
  'Services reach the data plane: not known, since no kube-proxy that was read programs anything on the nodes of this run.'

type Figure = Omit<DataPlaneRow, 'cells'> & { read: (programming: NetworkProgramming, fill: FillOutcome) => string }

const latency = (ms: number | null): string => (ms === null ? none : formatLatency(ms))
const perProxy = (count: number, { proxies }: NetworkProgramming): string => formatCount(count / proxies)

const figures: readonly Figure[] = [
  {
    label: 'network programming, p50',
    meaning: 'from what changed a Service’s endpoints until a sync had taken it in',
    read: ({ latencyMs }) => latency(latencyMs.p50),
  },
  { label: 'network programming, p99', meaning: 'the same', read: ({ latencyMs }) => latency(latencyMs.p99) },
  {
    label: 'syncs of a proxy',
    meaning: 'whether it had something to do or not',
    read: (all, { durationMs }) =>
      `${perProxy(all.syncs, all)} (${formatRate((1000 * all.syncs) / all.proxies / durationMs)})`,
  },
  {
    label: 'a sync, p50',
    meaning: 'how long it took',
    read: ({ syncMs }) => (syncMs === null ? none : latency(syncMs.p50)),
  },
  {
    label: 'a sync, p99',
    meaning: 'how long it took',
    read: ({ syncMs }) => (syncMs === null ? none : latency(syncMs.p99)),
  },
  {
    label: 'changes of endpoints',
    meaning: 'that a proxy was told of',
    read: (all) => perProxy(all.endpointChanges, all),
  },
  {
    label: 'changes of Services',
    meaning: 'that a proxy was told of',
    read: (all) => perProxy(all.serviceChanges, all),
  },
  {
    label: 'endpoints pending',
    meaning: 'changes that were told and not yet taken in when the fill ended',
    read: (all) => perProxy(all.endpointChangesPending, all),
  },
]

/** Works out what the reports show of the data plane; null when no kube-proxy ran in any of these arms. */
export function dataPlaneOf(fills: readonly FillRun[]): DataPlaneView | null {
  const runs = fills.filter(({ fill }) => fill.networkProgramming !== undefined)
  const read = runs.flatMap(({ fill }) => fill.networkProgramming ?? [])
  if (read.length === 0) return null
  const cells = (figure: Figure) =>
    runs.map(({ fill }) => (fill.networkProgramming === undefined ? none : figure.read(fill.networkProgramming, fill)))
  const proxies = [...new Set(read.map((one) => formatCount(one.proxies)))].join(' / ')
  return {
    runs,
    rows: figures.map((figure) => ({ label: figure.label, meaning: figure.meaning, cells: cells(figure) })),
    remarks: [
      `As ${proxies} kube-proxies counted it themselves; percentiles are interpolated within the buckets of their histograms.`,
      'What changed endpoints is dated in whole seconds by Kubernetes, which makes latencies up to a second too long.',
      ...(read.some(({ syncMs }) => syncMs === null)
        ? [
            'How long a sync takes is not modelled: latencies are what intervals, controllers and watches make of them, and a real sync adds its own time.',
          ]
        : []),
    ],
  }
}

/** Whether a fill without kube-proxies had Services for them. */
export function lacksKubeProxy(fills: readonly FillRun[]): boolean {
  return fills.some(
    ({ fill: { networkProgramming, objects } }) =>
      networkProgramming === undefined && (objects['services']?.observed ?? 0) > 0,
  )
}
