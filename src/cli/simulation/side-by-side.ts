import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import process from 'node:process'
import { Worker } from 'node:worker_threads'
import type { Clock } from '../../base/clock.ts'
import { Failure, messageOf } from '../../base/errors.ts'
import type { Calibration } from '../../result/calibration.ts'
import { blankOutcome } from '../../run/arm-outcome.ts'
import type { ArmRun, ArmRunner, RunContext } from '../../run/context.ts'
import { runArm } from '../../run/run.ts'
import type { Arm } from '../../run/schedule.ts'
import { moreMemory } from '../more-memory.ts'
import { calmly } from './calmly.ts'
import type { FromThread, ThreadTask, Told, ToThread } from './messages.ts'
import { packError, unpackError } from './messages.ts'
import { simulationOf } from './target.ts'

export interface SideBySideOptions {
  calibration: Calibration
  /** How many arms are simulated at a time, this thread's included. */
  threads: number
  /** The most that the heap of each may grow to. */
  heapLimitBytes: number
}

/** Arms on virtual time, and the time of the run that they are of. */
export interface SideBySide {
  /** Moves as if each arm had begun when the one before it was over. */
  clock: Pick<Clock, 'nowMs'>
  arms: NonNullable<RunContext['arms']>
}

/** An arm that another thread runs. */
interface Ahead {
  /** What it has told so far; empty once somebody listens. */
  told: Told[]
  listener: ((told: Told) => void) | undefined
  done: PromiseWithResolvers<ArmRun & { durationMs: number }>
}

/**
 * Simulates the arms of a run side by side. Each has a kernel of its own, whose time begins at zero, and what it tells is held back until
 * its turn: so nobody can tell from a run how many threads it had. This thread runs whatever arm is asked for that none of the others has begun.
 */
export function sideBySide({ calibration, threads, heapLimitBytes }: SideBySideOptions): SideBySide {
  let overMs = 0
  let inArmMs = () => 0
  const finish = (durationMs: number) => {
    overMs += durationMs
    inArmMs = () => 0
  }

  const runHere = async (arm: Arm, context: RunContext): Promise<ArmRun> => {
    const target = simulationOf(context.plan, calibration)
    inArmMs = target.clock.nowMs
    const ran = await runArm(arm, { ...context, target, clock: target.clock, emit: calmly(context.emit) })
    finish(target.clock.nowMs())
    return ran
  }

  const hear = async (arm: Arm, ahead: Ahead, listen: (told: Told) => void): Promise<ArmRun> => {
    for (const one of ahead.told.splice(0)) listen(one)
    ahead.listener = listen
    try {
      const { durationMs, ...ran } = await ahead.done.promise
      finish(durationMs)
      return ran
    } catch (error) {
      // Its thread is gone, and what it knew.
      finish(inArmMs())
      return { outcome: { ...blankOutcome(arm), error: messageOf(error) }, error }
    }
  }

  const arms = (planned: readonly Arm[], context: RunContext): ArmRunner => {
    const { runId, plan, whatIf, signal, emit, onSample } = context
    const parseSamples = (lines: string) => {
      for (const line of lines.split('\n')) onSample(JSON.parse(line))
    }
    const onSampleText = context.onSampleText ?? parseSamples
    const task: ThreadTask = { runId, plan, plans: whatIf?.plans, calibration }
    const begun = new Map<string, Ahead>()
    const toBegin = [...planned]
    let helpers: Helper[] | undefined
    const listen = (told: Told) => {
      if (told.type === 'samples') return onSampleText(told.lines)
      inArmMs = () => told.atMs
      emit(told.event)
    }
    const onAbort = () => {
      for (const helper of helpers ?? []) helper.abort(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const startHelpers = () =>
      Array.from({ length: Math.min(threads, planned.length) - 1 }, () =>
        startHelper(task, heapLimitBytes, () => {
          const arm = signal.aborted ? undefined : toBegin.shift()
          if (arm === undefined) return undefined
          const ahead: Ahead = { told: [], listener: undefined, done: Promise.withResolvers() }
          // Nobody may ever ask for it.
          ahead.done.promise.catch(() => {})
          begun.set(arm.id, ahead)
          return { armId: arm.id, ahead }
        }),
      )

    return {
      run(arm) {
        const ahead = begun.get(arm.id)
        if (ahead !== undefined) return hear(arm, ahead, listen)
        // They are asked for in their order: it is the first that nobody has begun.
        toBegin.shift()
        helpers ??= startHelpers()
        return runHere(arm, context)
      },
      async close() {
        signal.removeEventListener('abort', onAbort)
        await Promise.all((helpers ?? []).map((helper) => helper.close()))
      },
    }
  }
  return { clock: { nowMs: () => overMs + inArmMs() }, arms }
}

/** Another thread, which takes one arm after the other. */
interface Helper {
  abort(reason: unknown): void
  close(): Promise<void>
}

function startHelper(
  task: ThreadTask,
  heapLimitBytes: number,
  claim: () => { armId: string; ahead: Ahead } | undefined,
): Helper {
  const compiled = getCompileCacheDir()
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: task,
    ...(compiled !== undefined && { env: { ...process.env, NODE_COMPILE_CACHE: dirname(compiled) } }),
    resourceLimits: {
      maxOldGenerationSizeMb: Math.ceil(heapLimitBytes / 2 ** 20),
      maxYoungGenerationSizeMb: youngMegabytes,
    },
  })
  let current: Ahead | undefined
  const post = (message: ToThread) => worker.postMessage(message)
  const takeNext = () => {
    const claimed = claim()
    current = claimed?.ahead
    if (claimed === undefined) void worker.terminate()
    else post({ type: 'run', armId: claimed.armId })
  }
  const fail = (error: unknown) => {
    current?.done.reject(error)
    current = undefined
  }
  worker.on('message', (message: FromThread) => {
    // An arm is claimed only now: the main thread may have had all of them until then.
    if (message.type === 'ready') return takeNext()
    if (current === undefined) return
    if (message.type === 'done') {
      const { durationMs, outcome, error } = message
      current.done.resolve({ durationMs, outcome, ...(error !== undefined && { error: unpackError(error) }) })
      return takeNext()
    }
    if (current.listener !== undefined) current.listener(message)
    // Nobody sees how far it is before its turn.
    else if (message.type !== 'event' || message.event.type !== 'step-progress') current.told.push(message)
  })
  worker.on('error', (error) => fail(asThreadFailure(error)))
  worker.on('exit', (status) => fail(new Error(`a thread of the simulation ended with status ${status}`)))
  return {
    abort: (reason) => post({ type: 'abort', reason: packError(reason) }),
    async close() {
      current = undefined
      await worker.terminate()
    },
  }
}

/** Three semi-spaces of what the Makefile gives the main thread. */
const youngMegabytes = 96

function asThreadFailure(error: unknown): unknown {
  if ((error as { code?: string }).code !== 'ERR_WORKER_OUT_OF_MEMORY') return error
  return new Failure('infrastructure', 'a thread of the simulation ran out of memory', {
    next: moreMemory(4000),
    cause: error,
  })
}
