import { z } from 'zod'
import { parseDurationMs } from '../base/duration.ts'
import { parseBytes } from '../base/quantity.ts'
import { stopOrder } from './stops.ts'

/** Names the plan language takes from other rooms, so that a wrong one is found where it is written. */
export interface Vocabulary {
  targets: readonly string[]
  profiles: readonly string[]
  knobs: readonly string[]
}

/** A value that editors see as text of this form, and the plan as a number. */
const text = (pattern: RegExp, description: string) =>
  z.unknown().meta({ type: 'string', pattern: pattern.source, description })

const durationMs = text(/^\d+(\.\d+)?(ms|s|m|h)$/, 'a duration with its unit, such as 10s or 1.5m').transform(
  (value, context) => {
    const parsed = typeof value === 'string' ? parseDurationMs(value) : undefined
    if (parsed !== undefined) return parsed
    context.addIssue({
      code: 'custom',
      message: `expected a duration with a unit, such as 10s or 1.5m, found ${shown(value)}`,
    })
    return z.NEVER
  },
)

const memory = text(/^\d+(\.\d+)?(Ki|Mi|Gi|Ti|k|M|G|T)$/, 'memory with its unit, such as 32Gi').transform(
  (value, context) => {
    if (typeof value === 'string' && parseBytes(value) !== undefined && /[a-zA-Z]$/.test(value)) return value
    context.addIssue({
      code: 'custom',
      message: `expected an amount of memory with a unit, such as 32Gi, found ${shown(value)}`,
    })
    return z.NEVER
  },
)

const bytes = text(/^\d+(\.\d+)?(Ki|Mi|Gi|Ti|k|M|G|T)?B?$/, 'a size with its unit, such as 4KiB or 1.5GB').transform(
  (value, context) => {
    const parsed =
      typeof value === 'string' && /[a-zA-Z]$/.test(value) ? parseBytes(value.replace(/B$/, '')) : undefined
    if (parsed !== undefined) return parsed
    context.addIssue({
      code: 'custom',
      message: `expected a size with a unit, such as 4KiB or 1.5GB, found ${shown(value)}`,
    })
    return z.NEVER
  },
)

const perSecond = text(/^\d+(\.\d+)?\/s$/, 'a rate with its unit, such as 200/s').transform((value, context) => {
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\/s$/.exec(value) : null
  if (match !== null && Number(match[1]) > 0) return Number(match[1])
  context.addIssue({ code: 'custom', message: `expected a rate with its unit, such as 200/s, found ${shown(value)}` })
  return z.NEVER
})

const count = z.int().min(1)
const countOrNone = z.int().min(0)
const share = z.number().min(0).max(1)
const name = z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'expected lower-case letters, digits and dashes')

/** How a value looks in a message. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  return typeof value === 'number' ? String(value) : JSON.stringify(value)
}

/** The objects that fill the cluster (requirements R2). Totals are exact; what is drawn at random follows from the seed. */
function workloadSection() {
  return z.strictObject({
    namespaces: count,
    /** Kinds of namespaces by how many pods they hold; shares add up to 1. */
    sizeClasses: z
      .array(
        z.strictObject({
          name,
          share: share.refine((value) => value > 0, 'expected a share above 0'),
          minimumPods: countOrNone,
        }),
      )
      .min(1),
    pods: z.strictObject({
      total: count,
      /** Replicas of a Deployment; the last one of a namespace takes what is left. One of this and deploymentsPerNamespace is given. */
      perDeployment: count.optional(),
      deploymentsPerNamespace: count.optional(),
      image: z.string().min(1),
      serviceAccountToken: z.boolean().default(false),
      /** Share of the Deployments whose pods mount one configmap and one secret of their namespace. */
      mountingShare: share.default(0),
    }),
    /** Spread over the namespaces in proportion to their pods. */
    services: countOrNone.default(0),
    configObjects: z
      .strictObject({
        /** pods : config objects, the document's 4:1. */
        podsPerConfigObject: z.number().positive(),
        /** configmaps : secrets, also 4:1 there. */
        configmapsPerSecret: z.number().positive(),
        configmapSize: bytes,
        secretSize: bytes,
      })
      .optional(),
    /** On top of the config objects, and of the `default` one that every namespace gets. */
    serviceAccounts: countOrNone.default(0),
    /** Configmaps that are there for their weight alone: the document's 1.5 GB in etcd. */
    ballast: z.strictObject({ total: bytes, objectSize: bytes }).optional(),
    /** How fast objects are created: so many per second, whatever the answers take, or so many at a time. */
    pace: z.strictObject({ rate: perSecond.optional(), concurrency: count.optional() }).default({ concurrency: 32 }),
    /** How long all objects may take to exist and all pods to become Ready. */
    timeout: durationMs.default(900_000),
  })
}

/** The sections of a plan, each valid or not by itself, so that all mistakes of a file can be told at once. */
export function planSections(vocabulary: Vocabulary) {
  const profile = z.enum(vocabulary.profiles as [string, ...string[]])
  const stop = z.enum(stopOrder)
  return {
    apiVersion: z.literal('scale-test/v1'),
    name,
    description: z.string().optional(),
    /** Where the plan runs when the command line does not say. */
    target: z.enum(vocabulary.targets as [string, ...string[]]).optional(),
    /** Everything random in a run follows from it. */
    seed: z.int().min(0).default(1),
    /** How often each arm runs; arms alternate. */
    repetitions: count.default(1),
    fleet: z.strictObject({
      nodes: count,
      /** Machines that the hollow nodes are spread over; target local is one machine, whatever this says. */
      hosts: count.default(1),
      /** Hollow kubelets per process, or per pod on a host cluster; 1 is the classic shape. The probe node always has its own. */
      nodesPerProcess: count.default(50),
      node: z.strictObject({
        cpu: count,
        memory,
        /** How long starting a container takes on a hollow node, which has no real ones. */
        containerStartDelay: durationMs.default(0),
      }),
      /** What one machine of the host cluster offers, for sizing. */
      host: z
        .strictObject({
          cpu: count,
          memory,
          /** Pods that its kubelet takes: 110 unless somebody raised it. */
          maxPods: count.default(110),
        })
        .optional(),
      /** How long all nodes may take to become Ready. */
      timeout: durationMs.default(120_000),
      /** How long the idle fleet is watched once it is Ready: what heartbeats alone cost. */
      observe: durationMs.default(0),
    }),
    /** What the cluster is filled with before the probes; nothing when absent. */
    workload: workloadSection().optional(),
    arms: z
      .array(
        z.strictObject({
          /** What results call the arm; its profile's name when absent. Two arms of one profile need names. */
          name: name.optional(),
          profile,
          /** Departures from the profile, each with its reason. */
          set: z
            .array(
              z.strictObject({
                knob: z.enum(vocabulary.knobs as [string, ...string[]]),
                /** null leaves the knob alone: the component's built-in value. */
                value: z.union([z.number(), z.string(), z.boolean()]).nullable(),
                because: z.string().min(1),
              }),
            )
            .default([]),
        }),
      )
      .min(1),
    probes: z.strictObject({
      pod: z.strictObject({
        image: z.string().min(1),
        /** Whether pods mount a service-account token: one more kubelet call per pod. */
        serviceAccountToken: z.boolean(),
      }),
      /** Quiet time before each probe, for token buckets to fill and status writes to end. */
      settle: durationMs.default(10_000),
      sequence: z.array(z.strictObject({ name, from: count, to: count, timeout: durationMs })).min(1),
    }),
    thresholds: z
      .array(
        z.strictObject({
          probe: name,
          stop,
          /** One arm bounds its stop; two bound the ratio of the first to the second. */
          of: z.union([name, z.tuple([name, name])]),
          min: z.union([z.number(), z.string()]).optional(),
          max: z.union([z.number(), z.string()]).optional(),
        }),
      )
      .default([]),
    /** Published figures to set the run beside. */
    reference: z
      .strictObject({
        source: z.string().min(1),
        figures: z.array(
          /** `profile` names the arm that the figure stands beside. */
          z.strictObject({ probe: name, stop, profile: name, value: durationMs, note: z.string().optional() }),
        ),
      })
      .optional(),
  }
}

/** A plan with its defaults filled in; durations in milliseconds. */
export type Plan = z.infer<z.ZodObject<ReturnType<typeof planSections>>>
/** What a plan fills its cluster with. */
export type PlannedWorkload = NonNullable<Plan['workload']>
export type PlannedProbe = Plan['probes']['sequence'][number]
export type PlannedArm = Plan['arms'][number]
export type Threshold = Plan['thresholds'][number]
