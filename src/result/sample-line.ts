import { z } from 'zod'

/*
 * The lines of samples.ndjson: what happened over time in an arm. Moments are milliseconds since the arm began, on one monotonic clock. docs/samples.md
 * has an example of each kind.
 */

/** The points of a pod's life. */
export const podMoments = ['createdMs', 'boundMs', 'startedMs', 'readyMs', 'terminatingMs', 'deletedMs'] as const

const podTimeline = {
  name: z.string(),
  uid: z.string(),
  createdMs: z.number(),
  boundMs: z.number().optional(),
  startedMs: z.number().optional(),
  /** When it was first seen Ready; it may have ceased to be. */
  readyMs: z.number().optional(),
  /** Deletion requested: the object is marked, the kubelet still has to stop it. */
  terminatingMs: z.number().optional(),
  deletedMs: z.number().optional(),
  /** Points whose moment is only an upper bound. */
  censored: z.array(z.enum(podMoments)),
}

/** When one pod reached each point of its life; absent when it did not. */
export type PodTimeline = z.infer<z.ZodObject<typeof podTimeline>>
export type PodMoment = (typeof podMoments)[number]

const lineOf = <Kind extends string, Shape extends z.ZodRawShape>(kind: Kind, shape: Shape) =>
  z.strictObject({ armId: z.string(), atMs: z.number(), kind: z.literal(kind), ...shape })

export const sampleLine = z.discriminatedUnion('kind', [
  /** A step of the arm, as the run shows it. */
  lineOf('step', {
    step: z.string(),
    event: z.enum(['began', 'ended', 'failed']),
    /** Of one that began. */
    title: z.string().optional(),
    /** Of one that failed. */
    error: z.string().optional(),
  }),
  /** What the figures of a step are of: it begins at the T0 of a probe. That of step `arm` is the whole arm's. */
  lineOf('phase', { step: z.string(), event: z.enum(['began', 'ended']) }),
  /** A pod of a probe or of a fill, told when that is over: what has not come by `atMs` is absent. */
  lineOf('pod', {
    /** The probe's name, or `fill`. */
    probe: z.string(),
    ...podTimeline,
  }),
  /** All pods of a probe, or of a fill, have been told: so many. */
  lineOf('pods', { probe: z.string(), count: z.number() }),
  /** A node became Ready, or ceased to be. */
  lineOf('node', {
    node: z.string(),
    ready: z.boolean(),
    /** False where the moment is only an upper bound, since the watch had been interrupted. */
    exact: z.boolean(),
  }),
  /** The watch showed a write of the canary so long after its answer. */
  lineOf('watch-lag', { lagMs: z.number() }),
  /** The database file of an etcd. */
  lineOf('etcd-size', {
    instance: z.string(),
    sizeBytes: z.number(),
    /** What of it is in use. */
    inUseBytes: z.number(),
  }),
  /** This machine, since the reading `spanMs` before. */
  lineOf('machine', {
    spanMs: z.number(),
    /** Share of all processor time in use, 0 to 1. */
    busyRatio: z.number(),
    /** Threads that run or wait for a processor; null where the kernel does not tell. */
    runQueue: z.number().nullable(),
    memoryUsedBytes: z.number(),
    /** Of the busiest disk, 0 to 1; null where the kernel does not tell. */
    diskBusyRatio: z.number().nullable(),
    components: z.record(z.string(), z.object({ cores: z.number(), memoryBytes: z.number() })),
  }),
  /** The orchestrator's own requests of one sort that ended in the second before `atMs`, each try by itself; no watches. */
  lineOf('requests', {
    verb: z.string(),
    resource: z.string(),
    /** HTTP status; 0 when no complete answer came. */
    status: z.number(),
    count: z.number(),
    latencyMaxMs: z.number(),
    /** How many took at most so many milliseconds, and more than half of that: [milliseconds, count]. The first has all up to 1 ms. */
    latencyHistogramMs: z.array(z.tuple([z.number(), z.number()])),
  }),
  /** The orchestrator's own requests that are tried again, since the line before: how many, and how long they wait before it in all. */
  lineOf('retries', { count: z.number(), waitedMs: z.number() }),
  /** A symptom that the components' pages show began, or is over (docs/symptoms.md). */
  lineOf('symptom', {
    symptom: z.string(),
    event: z.enum(['began', 'ended']),
    instance: z.string(),
    labels: z.record(z.string(), z.string()),
    /** When its condition first held: a symptom is told of once it has lasted. */
    fromMs: z.number(),
    /** The highest value so far, in the unit of the symptom's limit. */
    worst: z.number(),
  }),
  /** Something was to be recorded and was not. */
  lineOf('gap', {
    /** `machine`, `nodes`, `watch-lag`, `pages`, or the component whose page was not read. */
    source: z.string(),
    because: z.string(),
  }),
])

/** A line of samples.ndjson. */
export type SampleLine = z.infer<typeof sampleLine>

type Without<Line, Key extends PropertyKey> = Line extends unknown ? Omit<Line, Key> : never

/** A line of an arm that its reader knows. */
export type Sample = Without<SampleLine, 'armId'>
/** What there is to say of a moment that is known. */
export type Told = Without<Sample, 'atMs'>
