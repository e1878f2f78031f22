import { formatCount } from '../../base/count.ts'
import type { EvidenceWords } from '../../report/evidence.ts'
import { formatLatency, formatRate, orNone } from '../../report/format.ts'
import type { Block } from '../../report/section.ts'
import type { NetworkProgramming } from '../../result/parts.ts'
import type { FillOutcome } from './outcome.ts'
import type { FillRun } from './view-run.ts'

/** What a fill with Services says where no kube-proxy programmed anything. */
const noKubeProxy =
  'It is not known how fast Services reach the data plane: no kube-proxy that was read programs these nodes.'

interface Figure {
  label: string
  meaning: string
  read: (programming: NetworkProgramming, fill: FillOutcome) => string
}

const latency = (ms: number | null): string => orNone(ms, formatLatency)
const perProxy = (count: number, { proxies }: NetworkProgramming): string => formatCount(count / proxies)

const figures: readonly Figure[] = [
  {
    label: 'network programming, p50',
    meaning: 'from a change of a Service’s endpoints until a sync has applied it',
    read: ({ latencyMs }) => latency(latencyMs.p50),
  },
  { label: 'network programming, p99', meaning: 'the same', read: ({ latencyMs }) => latency(latencyMs.p99) },
  {
    label: 'syncs per proxy',
    meaning: 'including those with nothing to do',
    read: (all, { durationMs }) =>
      `${perProxy(all.syncs, all)} (${formatRate((1000 * all.syncs) / all.proxies / durationMs)})`,
  },
  {
    label: 'sync time, p50',
    meaning: 'how long one sync took',
    read: ({ syncMs }) => orNone(syncMs, ({ p50 }) => latency(p50)),
  },
  {
    label: 'sync time, p99',
    meaning: 'how long one sync took',
    read: ({ syncMs }) => orNone(syncMs, ({ p99 }) => latency(p99)),
  },
  {
    label: 'endpoint changes',
    meaning: 'seen by a proxy',
    read: (all) => perProxy(all.endpointChanges, all),
  },
  {
    label: 'Service changes',
    meaning: 'seen by a proxy',
    read: (all) => perProxy(all.serviceChanges, all),
  },
  {
    label: 'endpoints pending',
    meaning: 'changes seen but not yet applied when the fill ended',
    read: (all) => perProxy(all.endpointChangesPending, all),
  },
]

/** How Services reached the nodes' data planes, arm by arm. */
export function dataPlaneBlocks(
  typical: readonly FillRun[],
  evidence: string,
  words: Pick<EvidenceWords, 'kubeProxies'>,
): Block[] {
  const runs = typical.flatMap(({ arm, label, outcome }) => {
    const { networkProgramming } = outcome
    return networkProgramming === undefined ? [] : [{ arm, label, fill: outcome, networkProgramming }]
  })
  if (runs.length === 0) return typical.some(hasServices) ? [{ kind: 'paragraph', brief: true, text: noKubeProxy }] : []
  const proxies = [...new Set(runs.map(({ networkProgramming }) => formatCount(networkProgramming.proxies)))]
  const isTimed = runs.every(({ networkProgramming }) => networkProgramming.syncMs !== null)
  const remarks = [
    `${words.kubeProxies(proxies.join(' / '))}; percentiles are interpolated within the buckets of their histograms.`,
    'Kubernetes stamps endpoint changes in whole seconds, so latencies can be up to 1 s too long.',
    ...(isTimed
      ? []
      : [
          'Sync time is not modelled: these latencies come only from sync periods, controllers and watches. A real sync adds its own time.',
        ]),
  ]
  return [
    { kind: 'heading', brief: true, text: 'Services reach the data plane' },
    {
      kind: 'table',
      brief: true,
      caption: `How fast kube-proxy programmed Service changes, ${evidence}`,
      columns: [
        { title: 'Figure', of: 'labels' },
        ...runs.map(({ arm, label }) => ({ title: { text: label, arm }, of: 'figures' as const })),
      ],
      groups: [
        {
          rows: figures.map(({ label, meaning, read }) => [
            { text: label, detail: meaning },
            ...runs.map(({ fill, networkProgramming }) => read(networkProgramming, fill)),
          ]),
        },
      ],
    },
    { kind: 'paragraph', isNote: true, brief: true, text: remarks.join(' ') },
  ]
}

function hasServices({ outcome: { objects } }: FillRun): boolean {
  return (objects['services']?.observed ?? 0) > 0
}
