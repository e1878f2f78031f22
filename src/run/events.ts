import { z } from 'zod'
import type { Progress } from '../base/progress.ts'

const step = { armId: z.string(), stepId: z.string() }

/** One arm and its steps, as the run will go through them. */
const outlineArm = z.object({
  armId: z.string(),
  title: z.string(),
  steps: z.array(z.object({ stepId: z.string(), title: z.string() })),
})

const progress = {
  text: z.exactOptional(z.string()),
  done: z.exactOptional(z.number()),
  total: z.exactOptional(z.number()),
  unit: z.exactOptional(z.string()),
} satisfies Record<keyof Progress, z.ZodType>

/** The shape of each kind of event. */
export const eventShapes = {
  'run-started': { run: z.string(), plan: z.string(), target: z.string(), outline: z.array(outlineArm) },
  'step-started': step,
  /** `elapsedMs`: since the step began, by the run's clock. */
  'step-progress': { ...step, ...progress, elapsedMs: z.exactOptional(z.number()) },
  'step-finished': { ...step, durationMs: z.number(), text: z.exactOptional(z.string()) },
  'step-failed': { ...step, message: z.string() },
  /** The components' pages show a symptom (docs/symptoms.md), or no longer do; `text` says what and where. */
  symptom: {
    armId: z.string(),
    symptom: z.string(),
    event: z.enum(['began', 'ended']),
    instance: z.string(),
    text: z.string(),
  },
  /** What is known of the arm is kept by now. `durationMs`: clean-up included. */
  'arm-finished': {
    armId: z.string(),
    outcome: z.enum(['complete', 'failed', 'interrupted']),
    durationMs: z.number(),
  },
  'run-finished': { verdict: z.enum(['pass', 'fail', 'inconclusive']), partial: z.boolean() },
}

const eventOf = <Type extends keyof typeof eventShapes>(type: Type) =>
  z.object({ type: z.literal(type), ...eventShapes[type] })

/** An event as it is read again, from a journal for example; more fields may be there. */
export const runEvent = z.discriminatedUnion('type', [
  eventOf('run-started'),
  eventOf('step-started'),
  eventOf('step-progress'),
  eventOf('step-finished'),
  eventOf('step-failed'),
  eventOf('symptom'),
  eventOf('arm-finished'),
  eventOf('run-finished'),
])

export type OutlineArm = z.infer<typeof outlineArm>

/** Everything a run tells while it goes on. Views and the journal are fed by it; nothing depends on who listens. */
export type RunEvent = z.infer<typeof runEvent>

export type RunEventSink = (event: RunEvent) => void
