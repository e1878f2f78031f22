import type { Clock } from '../base/clock.ts'
import { formatDuration } from '../base/duration.ts'
import { Failure, messageOf } from '../base/errors.ts'
import type { Step, StepContext, StepOutline } from '../steps/step.ts'
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
  /** Whether what was begun is left for somebody to look at, after this error; never when absent. */
  keeps?: ((error: unknown) => boolean) | undefined
}

/** What tear-down reports under. */
export const cleanUpOutline: StepOutline = { id: 'clean-up', title: 'Clean up' }

/**
 * Calls `body` with stages and afterwards tears down every step that was begun, last first, each within a time budget
 * of its own that no interrupt shortens. Returns what could not be torn down, and how to look at what was kept instead; throws what `body`
 * threw, never an error of the tear-down. Whoever listens to events and throws ends the step, and keeps nothing from being torn down.
 */
export async function withStages<T>(
  options: StagesOptions,
  body: (stages: Stages) => Promise<T>,
): Promise<{ outcome: PromiseSettledResult<T> } & TornDown> {
  const { armId, clock } = options
  const listenerErrors: unknown[] = []
  const emit: RunEventSink = (event) => {
    try {
      options.emit(event)
    } catch (error) {
      listenerErrors.push(error)
    }
  }
  const requireListeners = () => {
    if (listenerErrors.length > 0) throw listenerErrors[0]
  }
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
      requireListeners()
      const result = await within(
        clock,
        step.timeoutMs,
        { message: `${step.title} took longer than ${formatDuration(step.timeoutMs)}`, lastWordsMs },
        ending,
        (signal) =>
          reporting({ armId, stepId, clock, emit }, signal, (context) => lateIfAborted(signal, step.setUp(context))),
      )
      const text = step.summary?.(result)
      emit({
        type: 'step-finished',
        armId,
        stepId,
        durationMs: clock.nowMs() - startedMs,
        ...(text === undefined ? {} : { text }),
      })
      requireListeners()
      return result
    } catch (error) {
      emit({ type: 'step-failed', armId, stepId, message: messageOf(error) })
      throw error
    }
  }

  const [outcome] = await Promise.allSettled([body({ run, endOn: (signal) => endings.push(signal) })])
  const isKept = outcome.status === 'rejected' && options.keeps?.(outcome.reason) === true
  const done = await tearDown(begun, isKept, { ...options, emit })
  if (outcome.status === 'rejected' || listenerErrors.length === 0) return { outcome, ...done }
  return { outcome: { status: 'rejected', reason: listenerErrors[0] }, ...done }
}

/** How an arm's end went. */
interface TornDown {
  /** What could not be torn down, in sentences. */
  residue: string[]
  /** How to look at what was kept, a command each; absent where nothing was. */
  kept?: readonly string[]
}

/** Hands `work` a context whose reports count for its step, as long as that goes on. */
async function reporting<T>(
  { armId, stepId, clock, emit }: { armId: string; stepId: string; clock: Clock; emit: RunEventSink },
  signal: AbortSignal,
  work: (context: StepContext) => Promise<T>,
): Promise<T> {
  const beganMs = clock.nowMs()
  let isOver = false
  try {
    return await work({
      signal,
      report(progress) {
        if (isOver || signal.aborted) return
        emit({ type: 'step-progress', armId, stepId, ...progress, elapsedMs: clock.nowMs() - beganMs })
      },
    })
  } finally {
    isOver = true
  }
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

/**
 * What was not torn down is looked at again at the end: it may only have taken longer than it was given. What was given much time is much, and gets more
 * the second time, too.
 */
function lookAgainMs(budgetMs: number): number {
  return Math.max(10_000, budgetMs / 4)
}

async function tearDown(
  begun: readonly Step<unknown>[],
  isKept: boolean,
  { armId, clock, emit }: StagesOptions,
): Promise<TornDown> {
  const startedMs = clock.nowMs()
  const kept: string[] = []
  const end = async ({ tearDown: undo, whenKept }: Step<unknown>, context: StepContext) => {
    if (isKept) kept.push(...((await whenKept?.run(context)) ?? []))
    else await undo?.run(context)
  }
  const attempt = async (step: Step<unknown>, budgetMs: number, message: string): Promise<string[]> => {
    emit({ type: 'step-progress', armId, stepId: cleanUpOutline.id, text: step.title })
    try {
      const lateness = { message, lastWordsMs }
      await within(clock, budgetMs, lateness, undefined, (signal) =>
        reporting({ armId, stepId: cleanUpOutline.id, clock, emit }, signal, (context) => end(step, context)),
      )
      return []
    } catch (error) {
      return [`${step.title}: ${messageOf(error)}`]
    }
  }
  const residue: string[] = []
  const undo = async (steps: readonly Step<unknown>[]) => {
    const left: [step: Step<unknown>, budgetMs: number, message: string][] = []
    for (const step of steps) {
      const budgetMs = (isKept ? step.whenKept : step.tearDown)?.budgetMs
      if (budgetMs === undefined) continue
      const message = `not done after ${formatDuration(budgetMs)}`
      if ((await attempt(step, budgetMs, message)).length > 0) left.push([step, lookAgainMs(budgetMs), message])
    }
    for (const again of left) residue.push(...(await attempt(...again)))
  }
  emit({ type: 'step-started', armId, stepId: cleanUpOutline.id })
  // Without the first, the control plane, none of the others can be looked at.
  await undo(begun.slice(1).toReversed())
  await undo(begun.slice(0, 1))
  if (residue.length > 0) emit({ type: 'step-failed', armId, stepId: cleanUpOutline.id, message: residue.join('; ') })
  else {
    const text = kept.length > 0 ? { text: 'the cluster is kept (--keep)' } : {}
    emit({ type: 'step-finished', armId, stepId: cleanUpOutline.id, durationMs: clock.nowMs() - startedMs, ...text })
  }
  return kept.length > 0 ? { residue, kept } : { residue }
}

/** When time is up: how that is reported, and how long the work may take to say more itself. */
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
