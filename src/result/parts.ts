import { z } from 'zod'
import { stopOrder } from '../plan/stops.ts'
import { distribution } from './distribution.ts'

/* What outcomes of several kinds of steps are made of. Durations are milliseconds, memory is bytes. */

export const stopName = z.enum(stopOrder)

/** A count over time, as [milliseconds since T0, count] pairs; at most a few hundred, first and last exact. */
export const curve = z.array(z.tuple([z.number(), z.number()]))

/** Something of a component that was to be read before and after a measurement and was not, so that no figure is made of it. */
export const notRead = z.object({
  component: z.string(),
  /** Which of them, where there may be several. */
  instance: z.string(),
  /** What of it, such as a metric; absent when nothing of it was read. */
  part: z.string().optional(),
  because: z.string(),
})

/** How long one kind of request took. Percentiles of `apiserver` are interpolated within its histogram's buckets. */
export const apiLatency = z.object({
  /** In Kubernetes' words as the source has them: `create` of the orchestrator, `POST` of the apiserver. */
  verb: z.string(),
  /** `pods`, `deployments/scale`. */
  resource: z.string(),
  /**
   * client: from the orchestrator's call until the whole answer, each try by itself. apiserver: its own histogram
   * `apiserver_request_duration_seconds`, of everybody's requests.
   */
  source: z.enum(['client', 'apiserver']),
  latencyMs: distribution,
})

/** What one etcd did while the cluster was filled. */
export const etcdOutcome = z.object({
  /** `etcd`, `etcd-pods`. */
  instance: z.string(),
  /** Size of the database file. */
  sizeBytes: z.object({ before: z.number(), after: z.number() }),
  /** What of it is in use: the rest is free pages that only a defragmentation gives back. */
  inUseBytes: z.number(),
  /** etcd_disk_backend_commit_duration_seconds */
  commitMs: distribution,
  /** etcd_disk_wal_fsync_duration_seconds */
  fsyncMs: distribution,
  /** The file's size, as [milliseconds since the fill began, bytes]. */
  sizeCurve: curve,
})

/** How changes of Services and endpoints reached the nodes' data planes while the cluster was filled, by their kube-proxies' own metrics. */
export const networkProgramming = z.object({
  /** kube-proxies whose pages were read, and that sync: a sample, where the fleet has more. All figures are of these, added up. */
  proxies: z.number(),
  /** kubeproxy_network_programming_duration_seconds: from what changed the endpoints of a Service until the sync that took it in had ended. */
  latencyMs: distribution,
  /** Full or partial, of all address families. */
  syncs: z.number(),
  /** kubeproxy_sync_proxy_rules_duration_seconds; null where it is not told, as by a simulation. */
  syncMs: distribution.nullable(),
  /** Changes that the proxies saw. */
  serviceChanges: z.number(),
  endpointChanges: z.number(),
  /** Of them: not taken in by a sync when the fill ended. */
  endpointChangesPending: z.number(),
})

/** What one client-side rate limiter did during a probe, from the component's own metrics. */
export const limiterReading = z.object({
  component: z.string(),
  /** The client whose bucket it is: `KubeClient`, `EventClient`, `controllers`, `bindings`. */
  client: z.string(),
  /** limited: to `qps` and `burst`. none: switched off. unknown: not read back. */
  limit: z.enum(['limited', 'none', 'unknown']).optional(),
  qps: z.number().nullable(),
  burst: z.number().nullable(),
  /** Requests that passed the bucket, by HTTP verb. */
  requests: z.record(z.string(), z.number()),
  /** Time requests spent waiting for a token, summed over all of them; null where a verb's waits may be another client's. */
  waitedMs: z.number().nullable(),
  /** Those of them that the probe's pods waited for, such as status writes or pod creates. */
  gatingRequests: z.number(),
  /** Time a full bucket needs for the gating requests: (gatingRequests - burst) / qps. Null without a limit. */
  floorMs: z.number().nullable(),
})

/** Why a stop came when it did. */
export const explanation = z.object({
  stop: z.string(),
  /** The limiter whose floor accounts for the stop, as `component/client`; null when none does. */
  boundBy: z.string().nullable(),
  text: z.string(),
  /** Components whose limits may have bound it and were not read. */
  unread: z.array(z.string()).optional(),
  /** Present when a limiter's floor is longer than the stop took: something was counted or read wrong. */
  contradicts: z.literal(true).optional(),
  /** Present when a limiter may have bound it and its floor cannot tell: its bucket was not full at the start, or the stop was seen late. */
  unsure: z.literal(true).optional(),
})

/** Watches that broke while something was measured, by how that was mended. */
export const disruptions = z.object({ resumed: z.number(), relisted: z.number(), silent: z.number() })

/** The orchestrator's own requests that were throttled or failed and were tried again: they delay what they ask for. */
export const clientRetries = z.object({ count: z.number(), waitedMs: z.number() })

/** What was so while something was measured, whatever it was. */
export const conditions = {
  /** Of the components' metrics. */
  notRead: z.array(notRead).default([]),
  clientRetries: clientRetries.default({ count: 0, waitedMs: 0 }),
  /** Longest time the orchestrator's event loop did not turn. */
  eventLoopDelayMaxMs: z.number().nullable(),
  /** Share of this machine's processor time that was in use, 0 to 1; null when the target is elsewhere. */
  machineBusy: z.number().nullable(),
}

export type Conditions = z.infer<z.ZodObject<typeof conditions>>
export type Curve = z.infer<typeof curve>
export type NotRead = z.infer<typeof notRead>
export type ApiLatency = z.infer<typeof apiLatency>
export type EtcdOutcome = z.infer<typeof etcdOutcome>
export type NetworkProgramming = z.infer<typeof networkProgramming>
export type LimiterReading = z.infer<typeof limiterReading>
export type Explanation = z.infer<typeof explanation>
export type Disruptions = z.infer<typeof disruptions>
export type ClientRetries = z.infer<typeof clientRetries>
export type { StopName } from '../plan/stops.ts'

/** Above this share of processor time in use, the machine is what was measured. */
export const machineBoundAbove = 0.9

/** Whether the machine had no processor time left to run what was measured at its own pace. */
export function isMachineBound({ machineBusy }: { machineBusy: number | null }): boolean {
  return machineBusy !== null && machineBusy > machineBoundAbove
}

/** Whether there is no telling what a stop was bound by, which is not the same as nothing. */
export function isBoundUnknown({ boundBy, unread = [], contradicts, unsure }: Explanation): boolean {
  return boundBy === null && (unread.length > 0 || contradicts === true || unsure === true)
}

/** `etcd-events`, `kube-proxy hollow-3`. */
export function processName({ component, instance }: Pick<NotRead, 'component' | 'instance'>): string {
  return instance.startsWith(component) ? instance : `${component} ${instance}`
}

/** `kube-apiserver: answered from two processes`. */
export function describeNotRead({ part, because, ...process }: NotRead): string {
  return `${processName(process)}: ${part === undefined ? '' : `${part}: `}${because}`
}
