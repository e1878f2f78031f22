import { formatCount } from '../base/count.ts'
import type { FillOutcome, NetworkProgramming } from '../result/result.ts'
import type { EvidenceWords } from './evidence.ts'
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
  'How fast Services reach the data plane is not known: no kube-proxy that was read programs these nodes.'

type Figure = Omit<DataPlaneRow, 'cells'> & { read: (programming: NetworkProgramming, fill: FillOutcome) => string }

const latency = (ms: number | null): string => (ms === null ? none : formatLatency(ms))
const perProxy = (count: number, { proxies }: NetworkProgramming): string => formatCount(count / proxies)

const figures: readonly Figure[] = [
  {
    label: 'network programming, p50',
    meaning: 'from the change of a Service’s endpoints until a sync had applied it',
    read: ({ latencyMs }) => latency(latencyMs.p50),
  },
  { label: 'network programming, p99', meaning: 'the same', read: ({ latencyMs }) => latency(latencyMs.p99) },
  {
    label: 'syncs of a proxy',
    meaning: 'with or without anything to do',
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
    meaning: 'seen by a proxy',
    read: (all) => perProxy(all.endpointChanges, all),
  },
  {
    label: 'changes of Services',
    meaning: 'seen by a proxy',
    read: (all) => perProxy(all.serviceChanges, all),
  },
  {
    label: 'endpoints pending',
    meaning: 'changes seen but not yet applied when the fill ended',
    read: (all) => perProxy(all.endpointChangesPending, all),
  },
]

/** Works out what the reports show of the data plane; null when no kube-proxy ran in any of these arms. */
export function dataPlaneOf(
  fills: readonly FillRun[],
  words: Pick<EvidenceWords, 'kubeProxies'>,
): DataPlaneView | null {
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
      `${words.kubeProxies(proxies)}; percentiles are interpolated within the buckets of their histograms.`,
      'Kubernetes stamps endpoint changes in whole seconds, so latencies can be up to 1 s too long.',
      ...(read.some(({ syncMs }) => syncMs === null)
        ? [
            'How long a sync takes is not modelled: these latencies come from sync periods, controllers and watches alone, and a real sync adds its own time.',
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
