import { z } from 'zod'

/**
 * `calibration.json`: what real components took on one machine, as measured. Nothing in it is fitted or corrected: what
 * a simulation needs it derives from these figures. Durations and processor time are milliseconds, memory is bytes.
 */

/** How long something took, over `count` samples. Percentiles of etcd's own are interpolated within its histogram. */
const latencyOf = (figure: z.ZodNumber) =>
  z.object({
    count: z.number().min(0),
    mean: figure.nullable(),
    p50: figure.nullable(),
    p90: figure.nullable(),
    p99: figure.nullable(),
    /** Null where only a histogram is known. */
    max: figure.nullable(),
  })
const latency = latencyOf(z.number().min(0))

/** What everything together did while something was measured; the cost of idling is part of it. */
const phase = <Unit extends string>(unit: Unit) =>
  z.object({
    /** How much was done, counted in `unit`. */
    units: z.number().positive(),
    unit: z.literal(unit),
    durationMs: z.number().positive(),
    /** Processor cores that the components below used, mean over the phase. */
    cores: z.number().min(0),
    /**
     * Processor time by component: `kube-apiserver`, `etcd`, `kube-controller-manager`, `kube-scheduler`, `hollow-node`
     * (all its processes together), `orchestrator`. The kernel tells it in hundredths of a second.
     */
    cpuMs: z.record(z.string(), z.number().min(0)),
    /** What the apiserver answered, as `VERB resource/subresource` -> count; watches left out. */
    requests: z.record(z.string(), z.number().min(0)),
    /** Share of all processor time of the machine in use, 0 to 1, by whomever. */
    busy: z.number().min(0),
  })

export const calibrationSchema = z.object({
  schema: z.literal(1),
  /** Wall-clock time of the start, ISO 8601. */
  measuredAt: z.string(),
  machine: z.object({ cores: z.number().positive(), memoryBytes: z.number().positive(), system: z.string() }),
  versions: z.record(z.string(), z.string()),
  latenciesMs: z.object({
    /** GETs of one configmap, one after another, in a cluster without nodes. */
    read: latency,
    /** Creates of 1 KiB configmaps, one after another, in a cluster without nodes. */
    write: latency,
    /** etcd_disk_wal_fsync_duration_seconds during `write`. */
    walFsync: latency,
    /** etcd_disk_backend_commit_duration_seconds during `write`. */
    backendCommit: latency,
    /** Of PATCHes one after another, until a watch showed them; from the answer it may be negative. */
    watchLag: z.object({ fromSend: latency, fromAnswer: latencyOf(z.number()) }),
    /** Of single pods on a quiet fleet, as a watch showed them. */
    podStart: z.object({ createdToBound: latency, boundToReady: latency }),
    /** Of the same pods: from just before the DELETE was sent until a watch showed that they were gone. */
    podStop: latency,
  }),
  phases: z.object({
    /** The control plane alone, idle. */
    base: phase('second'),
    /** GETs of one configmap, 16 at a time. */
    reads: phase('request'),
    /** Creates of 1 KiB configmaps, 16 at a time. */
    writes: phase('request'),
    /** Merge patches of these configmaps, 16 at a time. */
    patches: phase('request'),
    /** From the first process of the fleet until all of its nodes were Ready. */
    nodeStart: phase('node'),
    /** What the new nodes went on doing for a while after that. */
    nodeSettle: phase('node'),
    /** The fleet left alone, with the built-in heartbeats. */
    nodeIdle: phase('node-second'),
    /** Deployments created until all their pods were Ready, and a little longer. */
    podStart: phase('pod'),
    /** The same Deployments scaled to 0 until all their pods were gone, and a little longer. */
    podStop: phase('pod'),
    /** As podStart, with all pods on one node. Calibrations from before they were measured have neither. */
    crowdStart: phase('pod').optional(),
    /** As podStop, of these pods. */
    crowdStop: phase('pod').optional(),
    /** While Services are created, each of which every kubelet sees, and a little longer. */
    services: phase('delivery'),
    /** These Services changed in turn, in a way that only kubelets take note of, and a little longer. */
    serviceUpdates: phase('delivery'),
    /** The fleet left alone while every node rewrites its status once a second. */
    nodeStatus: phase('node status'),
  }),
})

export type Calibration = z.infer<typeof calibrationSchema>
export type Latency = z.infer<typeof latency>
export type CalibrationLatencies = Calibration['latenciesMs']
export type CalibrationPhases = Calibration['phases']
