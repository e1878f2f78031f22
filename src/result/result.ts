import { z } from 'zod'
import { stopOrder } from '../plan/stops.ts'
import { distribution } from './distribution.ts'
import { seriesSchema } from './series.ts'

/**
 * `result.json`: everything a report is made from. Other programs read it, so names stay stable within a
 * schema version (more may be added). Durations are milliseconds, memory is bytes.
 */

const knobValue = z.union([z.number(), z.string(), z.boolean()])

/** One knob of an arm: what the profile asked for and what the running component said it uses. */
const knobOutcome = z.object({
  id: z.string(),
  component: z.string(),
  /** The flag, configuration field or attribute that carries the value. */
  setting: z.string(),
  requested: knobValue.nullable(),
  /** Read back from the component; null when it could not be read. */
  effective: knobValue.nullable(),
  /** Where the effective value was read: `/configz`, `process arguments`, `/proc`. */
  readFrom: z.string().nullable(),
  /**
   * applied: read back equal to what was requested. differs: read back with another value. overruled: so too, because the component
   * makes another value of the one requested, as the note says. unverified: could not be
   * read back. not-applied: this target or version cannot honour it, `note` says why. default: nothing was requested.
   */
  status: z.enum(['applied', 'differs', 'overruled', 'unverified', 'not-applied', 'default']),
  /** operator: whoever runs the cluster sets it, and the run only reads it back; absent where the run sets it. */
  setBy: z.literal('operator').optional(),
  note: z.string().optional(),
})

const sinceT0Ms = z.number().min(0)

/** Milliseconds from T0 to each stop; absent when the stop does not apply to the probe, null when it was not reached. */
const stopsMs = z.object({
  created: sinceT0Ms.nullable().optional(),
  available: sinceT0Ms.nullable().optional(),
  ready: sinceT0Ms.nullable().optional(),
  rsCurrent: sinceT0Ms.nullable().optional(),
  deleted: sinceT0Ms.nullable().optional(),
})

const stopName = z.enum(stopOrder)
const pods = z.number().min(0)

/** A count over time, as [milliseconds since T0, count] pairs; at most a few hundred, first and last exact. */
const curve = z.array(z.tuple([z.number(), z.number()]))

/** Something of a component that was to be read before and after a measurement and was not, so that no figure is made of it. */
const notRead = z.object({
  component: z.string(),
  /** Which of them, where there may be several. */
  instance: z.string(),
  /** What of it, such as a metric; absent when nothing of it was read. */
  part: z.string().optional(),
  because: z.string(),
})

/** How long one kind of request took. Percentiles of `apiserver` are interpolated within its histogram's buckets. */
const apiLatency = z.object({
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
const etcdOutcome = z.object({
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
const networkProgramming = z.object({
  /** kube-proxies whose pages were read, and that sync: a sample, where the fleet has more. All figures are of these, added up. */
  proxies: z.number(),
  /** kubeproxy_network_programming_duration_seconds: from what changed the endpoints of a Service until the sync that took it in had ended. */
  latencyMs: distribution,
  /** Full or partial, of all address families. */
  syncs: z.number(),
  /** kubeproxy_sync_proxy_rules_duration_seconds; null where it is not told, as by a simulation. */
  syncMs: distribution.nullable(),
  /** Changes that the proxies were told of. */
  serviceChanges: z.number(),
  endpointChanges: z.number(),
  /** Of them: not taken in by a sync when the fill ended. */
  endpointChangesPending: z.number(),
})

/** One kind of object in the fill, all of which were created before the next kind began. */
const fillStage = z.object({
  /** Plural name of the resource; `ballast` for configmaps that are there for their weight. */
  name: z.string(),
  objects: z.number(),
  durationMs: z.number(),
  /** What the plan asked for, per second; null when it limits how many are under way at a time. */
  intendedPerSecond: z.number().nullable(),
  /** From the intended moment of sending until the answer, retries included. */
  latencyMs: distribution,
  /** By how much requests were sent later than intended. */
  latenessMs: distribution,
})

/** How the cluster was filled, and what its components took for it. */
const fillOutcome = z.object({
  /** From the first object sent until the last pod was Ready. */
  durationMs: z.number(),
  /** Counting everything by lists after that; in results from before it was kept apart, it is part of the duration. */
  countedMs: z.number().optional(),
  /** By resource: what the plan says, what a list found at the end, what could not be created. */
  objects: z.record(z.string(), z.object({ expected: z.number(), observed: z.number(), failed: z.number() })),
  stages: z.array(fillStage),
  pods: z.object({
    expected: z.number(),
    created: z.number(),
    bound: z.number(),
    ready: z.number(),
    /** Pods beyond the expected ones: replacements of evicted ones. */
    unexpected: z.number(),
    /** Transitions seen late, because the apiserver had closed the watch: each at most `censoredWithinMs` before. */
    censored: z.number(),
    censoredWithinMs: z.number().default(0),
  }),
  /** Milliseconds per pod between two points of its life: `created to Ready`. */
  podPhasesMs: z.record(z.string(), distribution),
  /** Pods bound per second: over the whole fill, and over its best ten seconds. */
  schedulingPerSecond: z.object({ mean: z.number().nullable(), peak: z.number().nullable() }),
  /** Pods over time since the fill began: `created`, `bound`, `ready`. */
  curves: z.record(z.string(), curve),
  /** From the answer to a write until a watch showed it; sampled once a second. */
  watchLagMs: distribution,
  /** The same over time. */
  watchLagCurve: curve,
  apiLatency: z.array(apiLatency),
  etcd: z.array(etcdOutcome),
  /** Absent where no kube-proxy programmed anything. */
  networkProgramming: networkProgramming.optional(),
  /** Of the components' metrics. */
  notRead: z.array(notRead).default([]),
  watch: z.object({ resumed: z.number(), relisted: z.number(), silent: z.number() }),
  clientRetries: z.object({ count: z.number(), waitedMs: z.number() }),
  eventLoopDelayMaxMs: z.number().nullable(),
  /** Share of this machine's processor time that was in use, 0 to 1; null when the target is elsewhere. */
  machineBusy: z.number().nullable(),
})

/** What the machine did during one step of an arm. */
const machinePhase = z.object({
  /** The step's id, such as `fleet`. */
  step: z.string(),
  title: z.string(),
  /** Since the arm began. */
  startMs: z.number(),
  endMs: z.number(),
  /** Share of all processor time in use, 0 to 1. */
  busy: z.number(),
  /** More than `machineBoundAbove` of it: the machine is what was measured. */
  machineBound: z.boolean(),
  /** Threads running or waiting for a processor, mean. */
  runQueue: z.number().nullable(),
  memoryUsedMaxBytes: z.number(),
  /** Share of the time in which a disk had something to do, of the busiest disk; null where the kernel does not tell. */
  diskBusy: z.number().nullable(),
  /** Processor cores used, by component. */
  cores: z.record(z.string(), z.number()),
})

/** The machine that everything ran on, over one arm. */
const machineOutcome = z.object({
  phases: z.array(machinePhase),
  /** Over time since the arm began: `busy` (0 to 1), `runQueue`, `memoryUsedBytes`, `diskBusy` (0 to 1). */
  curves: z.record(z.string(), curve),
  components: z.array(
    z.object({
      /** `kube-apiserver`, `hollow-node` (all its processes together), `orchestrator`. */
      component: z.string(),
      processes: z.number(),
      processorMs: z.number(),
      memoryPeakBytes: z.number(),
      /** Processor cores used over time. */
      coresCurve: curve,
    }),
  ),
})

/** What one client-side rate limiter did during a probe, from the component's own metrics. */
const limiterReading = z.object({
  component: z.string(),
  /** The client whose bucket it is: `KubeClient`, `EventClient`, `controllers`. */
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
const explanation = z.object({
  stop: z.string(),
  /** The limiter whose floor accounts for the stop, as `component/client`; null when none does. */
  boundBy: z.string().nullable(),
  text: z.string(),
  /** Components whose limits may have bound it and were not read. */
  unread: z.array(z.string()).optional(),
  /** There where a limiter's floor is longer than it took: something was counted or read wrong. */
  contradicts: z.literal(true).optional(),
  /** There where a limiter may have bound it, and its floor cannot tell: its bucket was not full at the start, or the stop was seen late. */
  unsure: z.literal(true).optional(),
})

const probeOutcome = z.object({
  name: z.string(),
  from: z.number(),
  to: z.number(),
  node: z.string(),
  serviceAccountToken: z.boolean(),
  stopsMs,
  /** By how much a stop may have come earlier than its figure says, where its deciding change was seen late. */
  stopsVagueByMs: z.record(z.string(), z.number().min(0)).default({}),
  /** How long its stops were waited for; absent in results from before it was kept. */
  timeoutMs: sinceT0Ms.optional(),
  /** Pods that were there and Ready at T0; absent in results from before they were counted. */
  atStart: z.object({ pods, ready: pods }).optional(),
  /**
   * How far each stop had come when the probe ended: pods created, available or Ready of those that were to be, pods that had gone
   * from the ReplicaSet's counts or from the API of those that were to go.
   */
  progress: z.partialRecord(stopName, z.object({ done: pods, total: pods })).default({}),
  /** Every pod the probe concerns, accounted for. */
  pods: z.object({
    expected: pods,
    created: pods,
    bound: pods,
    started: pods,
    /** Ready when the probe ended: one that was, and then failed, was evicted or is being deleted, is not. */
    ready: pods,
    deleted: pods,
    /** Pods beyond the expected ones: replacements, evictions. */
    unexpected: z.number(),
    /** Transitions seen late, because the apiserver had closed a watch: each happened at most `censoredWithinMs` before. */
    censored: z.number(),
    censoredWithinMs: z.number().default(0),
  }),
  /** Milliseconds spent per pod between two points of its life. */
  phasesMs: z.record(z.string(), distribution),
  curves: z.record(z.string(), curve),
  limiters: z.array(limiterReading),
  explanations: z.array(explanation),
  /** Requests the apiserver answered during the probe, as `VERB resource/subresource` -> count; empty where they were not read. */
  apiRequests: z.record(z.string(), z.number()),
  /** Of the components' metrics. */
  notRead: z.array(notRead).default([]),
  watch: z.object({ resumed: z.number(), relisted: z.number(), silent: z.number() }),
  /** The orchestrator's own requests that were throttled or failed and were tried again: they delay what they ask for. */
  clientRetries: z.object({ count: z.number(), waitedMs: z.number() }).default({ count: 0, waitedMs: 0 }),
  /** Longest time the orchestrator's event loop did not turn. */
  eventLoopDelayMaxMs: z.number().nullable(),
  /** Share of this machine's processor time that was in use, 0 to 1; null when the target is elsewhere. */
  machineBusy: z.number().nullable(),
})

const armOutcome = z.object({
  /** The arm's name: its profile's, unless the plan names it. */
  profile: z.string(),
  /** The profile that the arm starts from, where it has another name. */
  basedOn: z.string().optional(),
  /** 1 for the first time this profile ran. */
  repetition: z.int().min(1),
  /** Position in the run: arms alternate (ABBA) so that drift hits all profiles alike. */
  order: z.number(),
  outcome: z.enum(['complete', 'failed', 'interrupted']),
  error: z.string().optional(),
  knobs: z.array(knobOutcome),
  fleet: z.object({
    nodes: z.number(),
    hosts: z.number(),
    processes: z.number(),
    /** How long a hollow node pretends that starting a container takes; 0 on most plans. */
    containerStartDelayMs: z.number().default(0),
    /** hollow: the run started them. existing: hollow nodes that were there. none: the cluster's own nodes. */
    source: z.enum(['hollow', 'existing', 'none']).default('hollow'),
    /** real: pulling images and starting containers are in the probes' timings. */
    probeNode: z.enum(['hollow', 'real']).default('hollow'),
    /** From the first process until the last node was Ready; null where the nodes were there before. */
    readyMs: z.number().nullable(),
    /** Before the first process: certificates, and the objects that hollow-node pods need. */
    preparedMs: z.number().optional(),
    /** Nodes that were Ready and then, for a while or for good, were not. */
    flaps: z
      .object({ count: z.number(), nodes: z.array(z.string()), notReadyAtEnd: z.array(z.string()) })
      .default({ count: 0, nodes: [], notReadyAtEnd: [] }),
    /** Processor cores that the idle fleet was expected to need, and those there are; null where nothing is known. */
    estimate: z.object({ coresNeeded: z.number(), cores: z.number() }).nullable().default(null),
  }),
  /** How the cluster was filled; null when the plan has no workload, or the arm did not get so far. */
  fill: fillOutcome.nullable().default(null),
  /** The machine over the arm; null when the target is elsewhere. */
  machine: machineOutcome.nullable().default(null),
  /** Objects in the cluster under test when the probes ran, by resource. */
  objects: z.record(z.string(), z.number()),
  /** From the first process to a healthy control plane; null where it was there before. */
  controlPlaneReadyMs: z.number().nullable(),
  /** Before a cluster that was there could be used: until its Lease was taken, and, where a program re-tunes it, until it answered again. */
  waitedForLeaseMs: z.number().optional(),
  retunedMs: z.number().optional(),
  /** Nobody checked which API server answered, because the user allowed that. */
  insecure: z.literal(true).optional(),
  probes: z.array(probeOutcome),
  /** Figures over the whole arm, clean-up aside; absent where the fleet was not Ready. */
  series: z.array(seriesSchema).optional(),
  /** What tear-down could not remove or restore. */
  residue: z.array(z.string()),
})

/** What a run that tries the values of one setting varies. */
const whatIf = z.object({
  /** A knob's id, or the path of a field of the plan. */
  varied: z.string(),
  /** The arm of the plan that all else is from. */
  profile: z.string(),
  /** In the order they are shown in, each with the name of its arm. */
  values: z.array(z.object({ value: knobValue, arm: z.string() })),
})

/** A published figure that a run is set beside. */
const referenceFigure = z.object({
  probe: z.string(),
  stop: z.string(),
  profile: z.string(),
  valueMs: z.number(),
  note: z.string().optional(),
})

const thresholdOutcome = z
  .object({
    /** The threshold in words: `tuned rollout available at most 15.0 s`. */
    name: z.string(),
    /** What it bounds: the stop of one arm, or the ratio of two; absent in results from before it was kept. */
    bounds: z
      .object({ probe: z.string(), stop: stopName, of: z.union([z.string(), z.tuple([z.string(), z.string()])]) })
      .optional(),
    verdict: z.enum(['pass', 'fail', 'inconclusive']),
    /** Median over the repetitions, in `unit`; null when there is no sample. */
    actual: z.number().nullable(),
    /** All that is known of `actual` is that it was no longer. */
    isUpperBound: z.literal(true).optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    unit: z.enum(['ms', 'ratio']),
    reason: z.string().optional(),
  })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'needs min, max, or both')

export const resultSchema = z.object({
  schema: z.literal(1),
  run: z.string(),
  plan: z.string(),
  planHash: z.string(),
  /** Of what the run did and with what: runs with the same one may be compared, whatever their plans are called; absent in earlier results. */
  conditionsHash: z.string().optional(),
  description: z.string().optional(),
  evidence: z.enum(['measured', 'simulated']),
  target: z.string(),
  verdict: z.enum(['pass', 'fail', 'inconclusive']),
  /** Why the verdict is what it is, one sentence each. */
  reasons: z.array(z.string()),
  /** True when the run was interrupted or failed: what is here is all there is. */
  partial: z.boolean(),
  /** What ended the run early; absent where it went to its end, also if single arms did not. */
  ending: z.string().optional(),
  /** Null for a simulation, whose time is virtual. */
  startedAt: z.string().nullable(),
  durationMs: z.number(),
  versions: z.record(z.string(), z.string()),
  machine: z.object({ cores: z.number(), memoryBytes: z.number(), system: z.string() }).nullable(),
  /** This program itself. */
  orchestrator: z.object({ peakMemoryBytes: z.number() }).nullable().default(null),
  reference: z.object({ source: z.string(), figures: z.array(referenceFigure) }).nullable(),
  /** There where the arms are the values of one setting. */
  whatIf: whatIf.optional(),
  arms: z.array(armOutcome).superRefine((arms, context) => {
    once(arms, ({ profile, repetition }) => `${profile} #${repetition}`, 'arm', context)
    for (const [index, { probes }] of arms.entries())
      once(probes, ({ name }) => name, 'probe', context, [index, 'probes'])
  }),
  thresholds: z.array(thresholdOutcome),
})

/** Figures are looked up by these names: of two with the same one, a report would show one and hide the other. */
function once<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  what: string,
  context: z.RefinementCtx,
  path: (string | number)[] = [],
): void {
  const seen = new Set<string>()
  for (const [index, item] of items.entries()) {
    const name = nameOf(item)
    if (seen.has(name))
      context.addIssue({ code: 'custom', path: [...path, index], message: `a second ${what} is called ${name}` })
    seen.add(name)
  }
}

export type Result = z.infer<typeof resultSchema>
export type WhatIf = z.infer<typeof whatIf>
export type ArmOutcome = z.infer<typeof armOutcome>
export type ProbeOutcome = z.infer<typeof probeOutcome>
export type KnobOutcome = z.infer<typeof knobOutcome>
export type KnobValue = z.infer<typeof knobValue>
export type { StopName } from '../plan/stops.ts'
export type StopsMs = z.infer<typeof stopsMs>
export type { Distribution } from './distribution.ts'
export type Curve = z.infer<typeof curve>
export type LimiterReading = z.infer<typeof limiterReading>
export type Explanation = z.infer<typeof explanation>
export type FillOutcome = z.infer<typeof fillOutcome>
export type FillStage = z.infer<typeof fillStage>
export type NotRead = z.infer<typeof notRead>
export type ApiLatency = z.infer<typeof apiLatency>
export type EtcdOutcome = z.infer<typeof etcdOutcome>
export type NetworkProgramming = z.infer<typeof networkProgramming>
export type MachineOutcome = z.infer<typeof machineOutcome>
export type MachinePhase = z.infer<typeof machinePhase>
export type ThresholdOutcome = z.infer<typeof thresholdOutcome>
export type ReferenceFigure = z.infer<typeof referenceFigure>
export type Verdict = Result['verdict']

/** Above this share of processor time in use, the machine is what was measured. */
export const machineBoundAbove = 0.9

/** Whether the machine had no processor time left to run a probe, or the fill, at its own pace. */
export function isMachineBound({ machineBusy }: Pick<ProbeOutcome, 'machineBusy'>): boolean {
  return machineBusy !== null && machineBusy > machineBoundAbove
}

/** Whether there is no telling what a stop was bound by, which is not the same as nothing. */
export function isBoundUnknown({ boundBy, unread = [], contradicts, unsure }: Explanation): boolean {
  return boundBy === null && (unread.length > 0 || contradicts === true || unsure === true)
}

/** `kube-apiserver: answered from two processes`. */
export function describeNotRead({ component, instance, part, because }: NotRead): string {
  const which = instance.startsWith(component) ? instance : `${component} ${instance}`
  return `${which}: ${part === undefined ? '' : `${part}: `}${because}`
}
