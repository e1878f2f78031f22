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

const durationMs = z.unknown().transform((value, context) => {
  const parsed = typeof value === 'string' ? parseDurationMs(value) : undefined
  if (parsed !== undefined) return parsed
  context.addIssue({
    code: 'custom',
    message: `expected a duration with a unit, such as 10s or 1.5m, found ${shown(value)}`,
  })
  return z.NEVER
})

const memory = z.unknown().transform((value, context) => {
  if (typeof value === 'string' && parseBytes(value) !== undefined && /[a-zA-Z]$/.test(value)) return value
  context.addIssue({
    code: 'custom',
    message: `expected an amount of memory with a unit, such as 32Gi, found ${shown(value)}`,
  })
  return z.NEVER
})

const count = z.int().min(1)
const name = z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'expected lower-case letters, digits and dashes')

/** How a value looks in a message. */
export function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
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
      /** Kubelets per hollow-node process; the probe node always has its own. */
      nodesPerProcess: count.default(50),
      node: z.strictObject({
        cpu: count,
        memory,
        /** How long starting a container takes on a hollow node, which has no real ones. */
        containerStartDelay: durationMs.default(0),
      }),
      /** How long all nodes may take to become Ready. */
      timeout: durationMs.default(120_000),
    }),
    arms: z
      .array(
        z.strictObject({
          profile,
          /** Departures from the profile, each with its reason. */
          set: z
            .array(
              z.strictObject({
                knob: z.enum(vocabulary.knobs as [string, ...string[]]),
                value: z.union([z.number(), z.string(), z.boolean()]),
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
          /** One profile bounds its stop; two bound the ratio of the first to the second. */
          of: z.union([profile, z.tuple([profile, profile])]),
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
          z.strictObject({ probe: name, stop, profile, value: durationMs, note: z.string().optional() }),
        ),
      })
      .optional(),
  }
}

/** A plan with its defaults filled in; durations in milliseconds. */
export type Plan = z.infer<z.ZodObject<ReturnType<typeof planSections>>>
export type PlannedProbe = Plan['probes']['sequence'][number]
export type PlannedArm = Plan['arms'][number]
export type Threshold = Plan['thresholds'][number]
