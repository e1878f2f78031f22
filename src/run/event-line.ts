import { z } from 'zod'
import { failureKinds } from '../base/errors.ts'
import { eventShapes } from './events.ts'

/*
 * The lines of `run --json`: what a run tells programs while it goes on. docs/events.md has an example of each type.
 */

const lineOf = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.strictObject({
    /** Counts from 0: a reader sees what is missing. */
    sequence: z.int().min(0),
    /** When it was told, by this machine's clock; a simulated run's own time is virtual. */
    time: z.iso.datetime(),
    type: z.literal(type),
    ...shape,
  })

/** How a command ended: the last line of every stream, also where no run began. */
const ending = {
  run: z.string().nullable(),
  /** Null where there is no result. */
  verdict: eventShapes['run-finished'].verdict.nullable(),
  partial: z.boolean(),
  evidence: z.enum(['measured', 'simulated']).nullable(),
  /** Why the verdict is what it is, one sentence each. */
  reasons: z.array(z.string()),
  /** The status that the process ends with, unless its output cannot be written. */
  exitCode: z.int(),
  /** The page that a reader opens first; null where none was written. */
  report: z.string().nullable(),
  /** What programs read: result.json. */
  result: z.string().nullable(),
  /** What ended the run early, or kept it from its beginning. */
  error: z
    .strictObject({ kind: z.enum([...failureKinds, 'bug']), message: z.string(), next: z.string().nullable() })
    .nullable(),
}

export const eventLine = z.discriminatedUnion('type', [
  lineOf('run-started', eventShapes['run-started']),
  lineOf('step-started', eventShapes['step-started']),
  lineOf('step-progress', eventShapes['step-progress']),
  lineOf('step-finished', eventShapes['step-finished']),
  lineOf('step-failed', eventShapes['step-failed']),
  lineOf('symptom', eventShapes.symptom),
  lineOf('arm-finished', eventShapes['arm-finished']),
  lineOf('run-finished', ending),
])

/** A line of `run --json`. */
export type EventLine = z.infer<typeof eventLine>

/** How a command ended, as its last line says it. */
export type RunEnding = Omit<Extract<EventLine, { type: 'run-finished' }>, 'sequence' | 'time' | 'type'>
