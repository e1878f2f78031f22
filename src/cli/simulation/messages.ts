import type { FailureKind } from '../../base/errors.ts'
import { Failure } from '../../base/errors.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Calibration } from '../../result/calibration.ts'
import type { ArmOutcome } from '../../result/result.ts'
import type { RunEvent } from '../../run/events.ts'

/** What a thread is given once: all that its arms follow from. */
export interface ThreadTask {
  runId: string
  plan: Plan
  /** What arms run instead of the run's plan, by their names. */
  plans: ReadonlyMap<string, Plan> | undefined
  calibration: Calibration
}

/** What a thread is told. */
export type ToThread = { type: 'run'; armId: string } | { type: 'abort'; reason: SentError }

/** What an arm tells while it goes on; moments are milliseconds since it began, of virtual time. */
export type Told = { type: 'event'; atMs: number; event: RunEvent } | { type: 'samples'; lines: string }

/** What a thread tells: that it can begin, then all about the arm that it was asked to run. */
export type FromThread =
  | Told
  | { type: 'ready' }
  | { type: 'done'; durationMs: number; outcome: ArmOutcome; error?: SentError }

/** An error on its way to another thread, which would forget what kind of failure it is. */
export type SentError =
  | { type: 'failure'; kind: FailureKind; message: string; next?: string }
  | { type: 'bug'; error: unknown }

/** Packs what was thrown. */
export function packError(error: unknown): SentError {
  if (!(error instanceof Failure)) return { type: 'bug', error }
  const { kind, message, next } = error
  return { type: 'failure', kind, message, ...(next !== undefined && { next }) }
}

/** What was thrown, as far as it came through. */
export function unpackError(sent: SentError): unknown {
  if (sent.type === 'bug') return sent.error
  const { kind, message, next } = sent
  return new Failure(kind, message, next === undefined ? {} : { next })
}
