import { z } from 'zod'
import { distribution } from './distribution.ts'
import { curve, stopName } from './parts.ts'

const sinceT0Ms = z.number().min(0)

/** Milliseconds from T0 to each stop; absent when the stop does not apply to the probe, null when it was not reached. */
const stopsMs = z.partialRecord(stopName, sinceT0Ms.nullable())

const pods = z.number().min(0)

/** What watches showed of pods, from T0 on. */
export const timelineSummary = {
  stopsMs,
  /** By how much a stop may have come earlier than its figure says, where its deciding change was seen late. */
  stopsVagueByMs: z.record(z.string(), z.number().min(0)).default({}),
  /** Pods that were there and Ready at T0; absent in results from before they were counted. */
  atStart: z.object({ pods, ready: pods }).optional(),
  /**
   * How far each stop had come when the probe ended: pods created, available or Ready of those that were to be, pods that had gone
   * from the ReplicaSet's counts or from the API of those that were to go.
   */
  progress: z.partialRecord(stopName, z.object({ done: pods, total: pods })).default({}),
  /** Pods that had no node when the probe ended because none had room for them, and what the scheduler said of most of them. */
  unschedulable: z.object({ pods: pods.min(1), because: z.string() }).optional(),
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
}

export type StopsMs = z.infer<typeof stopsMs>
export type TimelineSummary = z.infer<z.ZodObject<typeof timelineSummary>>
