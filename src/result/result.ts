import { z } from 'zod'
import { failureKinds } from '../base/errors.ts'
import { usualMaterial } from '../plan/limits.ts'
import { percentiles } from '../plan/series.ts'
import { checklistSchema } from './checklist.ts'
import type { OutcomeKind } from './outcome-kind.ts'
import { curve, stopName } from './parts.ts'
import { seriesSchema } from './series.ts'
import { symptomsOutcome } from './symptom.ts'

/**
 * `result.json`: everything a report is made from. Other programs read it, so names stay stable within a
 * schema version (more may be added). Durations are milliseconds, memory is bytes.
 */

/** What can end a run early: an expected failure of any kind, or a bug. */
const endingKinds = [...failureKinds, 'bug'] as const

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
   * turned the requested value into another one, as the note says. unverified: could not be
   * read back. not-applied: this target or version cannot honour it, `note` says why. default: nothing was requested.
   */
  status: z.enum(['applied', 'differs', 'overruled', 'unverified', 'not-applied', 'default']),
  /** operator: whoever runs the cluster sets it, and the run only reads it back; absent where the run sets it. */
  setBy: z.literal('operator').optional(),
  /** Whether the plan itself sets it, beyond what the arm's profile does. */
  departs: z.literal(true).optional(),
  note: z.string().optional(),
})

/** A flow schema, its priority level, and how many of the orchestrator's own requests it took; UIDs where names could not be read. */
const ownFlow = z.object({ flowSchema: z.string(), priorityLevel: z.string(), requests: z.number() })

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

/** What a step of the plan did and found, without its outcome, whose form is its kind's. */
const step = {
  /** Its name in the plan; no two steps of an arm have the same. */
  name: z.string(),
  /** Where the plan has it: `probes.sequence[0]`. */
  at: z.string(),
  /** Since the arm began; absent in results of schema 1. */
  startMs: z.number().optional(),
  endMs: z.number().optional(),
  /** Figures over what it measured, whatever its kind. */
  series: z.array(seriesSchema).optional(),
}

/** The device under a folder. */
const disk = z.object({
  /** memory: no device at all, such as tmpfs. unknown: a file system without a block device of its own, such as one of a network. */
  kind: z.enum(['disk', 'loop', 'memory', 'unknown']),
  /** `vda`, `loop0`; of what is no block device, its file system. */
  name: z.string(),
  fileSystem: z.string(),
  /** The I/O scheduler in force, `mq-deadline`; absent where the kernel does not tell. */
  scheduler: z.string().optional(),
  /** The disk that the file of a loop device is on. */
  on: z.string().optional(),
})

/** What another program wrote on etcd's disk, each mebibyte synced by itself. */
const neighbourUse = z.object({ bytes: z.number(), syncs: z.number(), durationMs: z.number() })

/** What the control plane was made of, where the plan says so. */
const controlPlane = z.object({
  apiservers: z.number(),
  etcd: z.object({
    /** Of each etcd cluster. */
    members: z.number(),
    /** Between members: what the plan asked for, if anything, and what a small request took before there was any load, median and least. */
    roundTrip: z.object({ askedMs: z.number().optional(), measuredMs: z.number(), leastMs: z.number() }).optional(),
    dataDisk: disk,
    /** Where the write-ahead log is, if not with the data. */
    walDisk: disk.optional(),
    neighbour: neighbourUse.optional(),
  }),
})

const armParts = {
  /** Names the arm's files: `tuned-2`. */
  id: z.string(),
  /** The arm's name: its profile's, unless the plan names it. */
  name: z.string(),
  /** The profile that it starts from. */
  profile: z.string(),
  /** 1 for the first time this arm ran, 0 for a warm-up. */
  repetition: z.int().min(1),
  /** Position in the run: arms alternate (ABBA) so that drift hits all of them alike. */
  order: z.number(),
  /** 2 when it was measured after the run had been stopped and gone on once, and so on; absent for 1. */
  session: z.int().min(2).optional(),
  /** Of each component of the arm; absent where none was read, and in earlier results. */
  versions: z.record(z.string(), z.string()).optional(),
  outcome: z.enum(['complete', 'failed', 'interrupted']),
  error: z.string().optional(),
  knobs: z.array(knobOutcome),
  fleet: z.object({
    nodes: z.number(),
    hosts: z.number(),
    processes: z.number(),
    /** What a hollow node pretends that starting containers takes; absent where they start at once, as with most plans. */
    containerStarts: z.object({ timeMs: z.number(), parallel: z.number().optional() }).optional(),
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
  /** The machine over the arm; null when the target is elsewhere. */
  machine: machineOutcome.nullable().default(null),
  /** Objects in the cluster under test before anything was timed, by resource. */
  objects: z.record(z.string(), z.number()),
  /** What the control plane was made of; absent where the plan does not say, and where it was there before. */
  controlPlane: controlPlane.optional(),
  /** From the first process to a healthy control plane; null where it was there before. */
  controlPlaneReadyMs: z.number().nullable(),
  /** Before a cluster that was there could be used: until its Lease was taken, and, where a program re-tunes it, until it answered again. */
  waitedForLeaseMs: z.number().optional(),
  retunedMs: z.number().optional(),
  /** What re-tuning set stays: the plan names nothing that puts it back. */
  leftTuned: z.literal(true).optional(),
  /** Nobody checked which API server answered, because the user allowed that. */
  insecure: z.literal(true).optional(),
  /** Figures over the whole arm, clean-up aside; absent where the fleet was not Ready. */
  series: z.array(seriesSchema).optional(),
  /** Signs of trouble that the components' pages showed; absent where nobody looked, and in earlier results. */
  symptoms: symptomsOutcome.optional(),
  /** What the orchestrator's own requests rode on in API Priority and Fairness; absent where the API server did not say. */
  ownFlows: z.array(ownFlow).optional(),
  /** What tear-down could not remove or restore. */
  residue: z.array(z.string()),
}

/** What a run that tries the values of one setting varies. */
const whatIf = z.object({
  /** A knob's id, or the path of a field of the plan. */
  varied: z.string(),
  /** The arm of the plan that all else is from. */
  basedOn: z.string(),
  /** In the order they are shown in, each with the name of its arm. */
  values: z.array(z.object({ value: knobValue, arm: z.string() })),
})

/** A published figure that a run is set beside. */
const referenceFigure = z.object({
  probe: z.string(),
  stop: z.string(),
  arm: z.string(),
  valueMs: z.number(),
  note: z.string().optional(),
})

const ofArms = z.union([z.string(), z.tuple([z.string(), z.string()])])
/** In place of min and max. */
const comparison = {
  /** The arm, or the saved result (`baseline:NAME`), that it must not be worse than. */
  against: z.string().optional(),
  /** By how much it may be at most: 0.05 is 5 %. */
  notWorse: z.number().optional(),
  /** What the saved result had, so that it can be judged again without it. */
  baselineValues: z.array(z.number()).optional(),
}
const stopSubject = z.object({ probe: z.string(), stop: stopName, of: ofArms, ...comparison })
const seriesSubject = z.object({
  series: z.string(),
  of: ofArms,
  /** The whole arm when absent. */
  step: z.string().optional(),
  /** Labels and the values that count; an empty value is no label. */
  where: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
  percentile: z.enum(percentiles).optional(),
  /** The worst window of this length counts. */
  windowMs: z.number().optional(),
  ...comparison,
})

const thresholdOutcome = z
  .object({
    /** The threshold in words: `tuned rollout available at most 15.0 s`. */
    name: z.string(),
    /** What it is called whatever its limits are: trends and test reports go by it. The plan may say; absent in earlier results. */
    id: z.string().optional(),
    /** Where the plan has it; absent in earlier results, and where it was given on the command line. */
    place: z.object({ file: z.string(), line: z.number() }).optional(),
    /** What it bounds: the stop of one arm, or the ratio of two; absent in results from before it was kept. */
    bounds: z.union([stopSubject, seriesSubject]).optional(),
    /** What several outcomes of one threshold have in common; absent where it has one only. */
    group: z.string().optional(),
    verdict: z.enum(['pass', 'fail', 'inconclusive']),
    /** Median over the repetitions, in `unit`; null when there is no sample. */
    actual: z.number().nullable(),
    /** All that is known of `actual` is that it was no longer. */
    isUpperBound: z.literal(true).optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    /** ratio: of two arms. share: a series whose unit is a ratio. */
    unit: z.enum(['ms', 'ratio', 'share', 'bytes', 'count', 'per second', 'cores']),
    /** Of a comparison: how likely so low a ratio would be if it were worse by just what it may. */
    p: z.number().optional(),
    /** What the figure was taken of, where that is not plain: `the worst of 7 windows of 5 m`. */
    note: z.string().optional(),
    reason: z.string().optional(),
  })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'needs min, max, or both')

const resultParts = {
  schema: z.literal(2),
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
  /** True when the run was interrupted or failed: only finished steps are here. */
  partial: z.boolean(),
  /** What ended the run early; absent where it went to its end, also if single arms did not. */
  ending: z.string().optional(),
  /** What kind of thing that was: exit statuses and test reports tell them apart. Absent in earlier results. */
  endedBy: z.enum(endingKinds).optional(),
  /** Null for a simulation, whose time is virtual. */
  startedAt: z.string().nullable(),
  /** Of all sessions together; of those before the last one, only the arms that were kept. */
  durationMs: z.number(),
  /** When a measured run was stopped and went on; absent where it never was, and for simulations, which are the same anyway. */
  resumptions: z
    .array(
      z.object({
        at: z.string(),
        /** How many arms were complete by then, and the last of them. */
        armsDone: z.number(),
        afterArm: z.string().nullable(),
        /** Arms that had been begun, and were run again. */
        ranAgain: z.array(z.string()),
      }),
    )
    .optional(),
  /** Of each component, as far as it is the same in all arms. */
  versions: z.record(z.string(), z.string()),
  machine: z.object({ cores: z.number(), memoryBytes: z.number(), system: z.string() }).nullable(),
  /** This program itself. */
  orchestrator: z.object({ peakMemoryBytes: z.number() }).nullable().default(null),
  reference: z.object({ source: z.string(), figures: z.array(referenceFigure) }).nullable(),
  /** Present when the arms are the values of one setting. */
  whatIf: whatIf.optional(),
  thresholds: z.array(thresholdOutcome),
  /** What the plan has more of than Kubernetes is tested with; absent where nothing, and in earlier results. */
  beyondTested: z.array(z.string()).optional(),
  /** What was seen of the architecture of the clusters under test before the run; absent where they are the run's own, and in earlier results. */
  checklists: z.array(checklistSchema).optional(),
  /** Differences of less than this share (0.05 is 5 %) are of no interest. */
  material: z.number().default(usualMaterial),
}

/** The schema of a result whose steps are of these kinds. */
export function resultSchemaOf(kinds: readonly OutcomeKind[]) {
  const steps = kinds.map(({ section, outcome }) =>
    z.object({ kind: z.literal(section.kind), ...step, outcome: outcome.schema }),
  )
  const arm = z.object({ ...armParts, steps: z.array(z.union(steps)) })
  return z.object({
    ...resultParts,
    /** First runs of arms that are in no figure and no verdict; absent where the plan asks for none. */
    warmUps: z.array(arm.extend({ repetition: z.literal(0) })).optional(),
    arms: z.array(arm).superRefine((arms, context) => {
      once(arms, ({ name, repetition }) => `${name} #${repetition}`, 'arm', context)
      for (const [index, { steps: own }] of arms.entries())
        once(own, ({ name }) => name, 'step', context, [index, 'steps'])
    }),
  })
}

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

/** What one step of an arm did and found; `outcomesOf` tells what is in `outcome`. */
export interface StepOutcome extends z.infer<z.ZodObject<typeof step>> {
  kind: string
  outcome: unknown
}
export interface ArmOutcome extends z.infer<z.ZodObject<typeof armParts>> {
  /** As far as the arm came, in order. */
  steps: StepOutcome[]
}
export interface Result extends z.infer<z.ZodObject<typeof resultParts>> {
  /** First runs of arms that are in no figure and no verdict; absent where the plan asks for none. */
  warmUps?: ArmOutcome[] | undefined
  arms: ArmOutcome[]
}
export type EndingKind = (typeof endingKinds)[number]
export type Disk = z.infer<typeof disk>
export type NeighbourUse = z.infer<typeof neighbourUse>
export type ControlPlaneOutcome = z.infer<typeof controlPlane>
export type WhatIf = z.infer<typeof whatIf>
export type KnobOutcome = z.infer<typeof knobOutcome>
export type OwnFlow = z.infer<typeof ownFlow>
export type KnobValue = z.infer<typeof knobValue>
export type MachineOutcome = z.infer<typeof machineOutcome>
export type MachinePhase = z.infer<typeof machinePhase>
export type ThresholdOutcome = z.infer<typeof thresholdOutcome>
export type ReferenceFigure = z.infer<typeof referenceFigure>
export type Verdict = Result['verdict']

/** The steps of one kind that an arm went through, in order, with what each found. */
export function outcomesOf<Outcome>(
  { steps }: Pick<ArmOutcome, 'steps'>,
  { section }: OutcomeKind<Outcome>,
): (StepOutcome & { outcome: Outcome })[] {
  return steps.filter((one): one is StepOutcome & { outcome: Outcome } => one.kind === section.kind)
}
