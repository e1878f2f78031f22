import type { Clock } from '../base/clock.ts'
import { formatDuration } from '../base/duration.ts'
import { Failure, messageOf } from '../base/errors.ts'
import type { Step, StepContext } from '../steps/step.ts'
import type { RunEventSink } from './events.ts'

/** Runs the steps of one arm one after another and remembers how to undo them. */
export interface Stages {
  /** Runs a step within its time; registers its tear-down before its set-up starts. */
  run<T>(step: Step<T>): Promise<T>
  /** A signal that also ends all further steps, such as a cluster that broke. */
  endOn(signal: AbortSignal): void
}

export interface StagesOptions {
  armId: string
  clock: Clock
  /** Ends set-up and probing; tear-down goes on. */
  signal: AbortSignal
  emit: RunEventSink
}

/** The step id that tear-down reports under. */
export const cleanUpStepId = 'clean-up'

/**
 * Calls `body` with stages and afterwards tears down every step that was begun, last first, each within a time budget
 * of its own that no interrupt shortens. Returns what could not be torn down; throws what `body` threw, never an
 * error of the tear-down.
 */
export async function withStages<T>(
  options: StagesOptions,
  body: (stages: Stages) => Promise<T>,
): Promise<{ outcome: PromiseSettledResult<T>; residue: string[] }> {
  const { armId, clock, emit } = options
  const begun: Step<unknown>[] = []
  const endings = [options.signal]

  const run = async <R>(step: Step<R>): Promise<R> => {
    const stepId = step.id
    const ending = AbortSignal.any(endings)
    ending.throwIfAborted()
    begun.push(step)
    const startedMs = clock.nowMs()
    emit({ type: 'step-started', armId, stepId })
    try {
      const result = await within(
        clock,
        step.timeoutMs,
        { message: `${step.title} took longer than ${formatDuration(step.timeoutMs)}`, lastWordsMs },
        ending,
        (signal) =>
          lateIfAborted(
            signal,
            step.setUp({ signal, report: (progress) => emit({ type: 'step-progress', armId, stepId, ...progress }) }),
          ),
      )
      const text = step.summary?.(result)
      emit({
        type: 'step-finished',
        armId,
        stepId,
        durationMs: clock.nowMs() - startedMs,
        ...(text === undefined ? {} : { text }),
      })
      return result
    } catch (error) {
      emit({ type: 'step-failed', armId, stepId, message: messageOf(error) })
      throw error
    }
  }

  const [outcome] = await Promise.allSettled([body({ run, endOn: (signal) => endings.push(signal) })])
  return { outcome, residue: await tearDown(begun, options) }
}

/** What is late, or left, is best told by whoever worked on it: it gets this long for that when its time is up. */
const lastWordsMs = 1000

/** What a set-up has to say when it has run out of time: which nodes lag behind, say; never that it is done after all. */
async function lateIfAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  try {
    const result = await work
    signal.throwIfAborted()
    return result
  } catch (error) {
    const isItsOwn = error instanceof Failure && error.kind === 'inconclusive'
    throw signal.aborted && !isItsOwn ? signal.reason : error
  }
}

async function tearDown(begun: readonly Step<unknown>[], { armId, clock, emit }: StagesOptions): Promise<string[]> {
  const residue: string[] = []
  const startedMs = clock.nowMs()
  const report: StepContext['report'] = (progress) =>
    emit({ type: 'step-progress', armId, stepId: cleanUpStepId, ...progress })
  emit({ type: 'step-started', armId, stepId: cleanUpStepId })
  for (const step of begun.toReversed()) {
    if (step.tearDown === undefined) continue
    report({ text: step.title })
    const { budgetMs, run } = step.tearDown
    try {
      const lateness = { message: `not done after ${formatDuration(budgetMs)}`, lastWordsMs }
      await within(clock, budgetMs, lateness, undefined, (signal) => run({ signal, report }))
    } catch (error) {
      residue.push(`${step.title}: ${messageOf(error)}`)
    }
  }
  if (residue.length > 0) emit({ type: 'step-failed', armId, stepId: cleanUpStepId, message: residue.join('; ') })
  else emit({ type: 'step-finished', armId, stepId: cleanUpStepId, durationMs: clock.nowMs() - startedMs })
  return residue
}

/** Where time is up: how it is told, and how long the work may take to tell more itself. */
interface Lateness {
  message: string
  lastWordsMs: number
}

/** Runs `work` until it ends, `endedBy` aborts or the time is up; what comes first decides. */
async function within<T>(
  clock: Clock,
  budgetMs: number,
  { message, lastWordsMs }: Lateness,
  endedBy: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController()
  const done = new AbortController()
  const signal = endedBy === undefined ? ending.signal : AbortSignal.any([ending.signal, endedBy])
  const abortion = Promise.withResolvers<never>()
  abortion.promise.catch(() => {})
  const reject = () => abortion.reject(signal.reason)
  const fail = () => {
    // Who is interrupted has nothing to add.
    if (endedBy?.aborted === true) reject()
    else clock.sleep(lastWordsMs, done.signal).then(reject, () => undefined)
  }
  if (signal.aborted) fail()
  else signal.addEventListener('abort', fail, { once: true })
  clock.sleep(budgetMs, done.signal).then(
    () => ending.abort(new Failure('inconclusive', message)),
    () => undefined,
  )
  try {
    if (signal.aborted) return await abortion.promise
    return await Promise.race([work(signal), abortion.promise])
  } finally {
    // A signal that somebody listens to is never forgotten, nor is what it knows of.
    signal.removeEventListener('abort', fail)
    done.abort(new Failure('interrupted', 'the work this deadline guarded is over'))
  }
}
