import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { Failure, messageOf } from '../../base/errors.ts'
import type { Report } from '../../base/progress.ts'
import type { Cluster, Tuning } from '../target.ts'
import type { ArmProgram, runArmProgram } from './arm-program.ts'
import { programLimitMs } from './arm-program.ts'
import type { HeldTarget } from './hold.ts'
import { leaseWhileTuningMs, readyLimitMs, untilReady } from './readiness.ts'

export interface ProgramTuningOptions extends Pick<ArmProgram, 'arm' | 'env'> {
  /** The plan's programs with their arguments. */
  retune: readonly string[]
  restore: readonly string[] | undefined
  /** Whether there is something to restore before anything was applied. */
  wasTuned?: boolean | undefined
  /** Takes what they say, of this arm. */
  logFolder: string
  held: Pick<HeldTarget, 'lease' | 'target'>
  clock: Clock
  runProgram: typeof runArmProgram
  /** What the target is once the arm's settings are in force. */
  becomes(retunedMs: number, signal: AbortSignal): Promise<Cluster>
}

/** A program, its apiserver, and the requests around them. */
const budgetMs = programLimitMs + readyLimitMs + 60_000
/** The operator's own programs change the settings and put them back; the Lease lasts longer meanwhile. */
export function programTuning(options: ProgramTuningOptions): Tuning {
  const { retune, restore, arm, env, logFolder, held, clock, runProgram, becomes } = options
  const { lease, target } = held
  let hasBegun = options.wasTuned === true
  const run = async (command: readonly string[], log: string, until: AbortSignal, report: Report) => {
    const signal = AbortSignal.any([until, lease.lost])
    await lease.lastFor(leaseWhileTuningMs)
    hasBegun = true
    await runProgram({ command, arm, logFile: join(logFolder, log), env, clock, signal })
    report({ text: 'waiting for the apiserver' })
    await untilReady(target.api, clock, signal)
    await lease.lastFor()
  }
  return {
    plan: [`${retune[0]} ${arm}`, ...(restore === undefined ? [] : [`${restore[0]} ${arm} afterwards`])].join(', '),
    apply: {
      budgetMs,
      async run(signal, report) {
        const startedMs = clock.nowMs()
        await run(retune, 'retune.log', signal, report)
        return becomes(clock.nowMs() - startedMs, signal)
      },
    },
    ...(restore !== undefined && {
      restore: {
        budgetMs,
        async run(signal, report) {
          if (!hasBegun) return
          report({ text: `${restore[0]} ${arm}` })
          try {
            await run(restore, 'restore.log', signal, report)
          } catch (error) {
            const next = error instanceof Failure && error.next !== undefined ? `. ${error.next}` : ''
            throw new Failure('residue', `settings may not have been restored: ${messageOf(error)}${next}`, {
              cause: error,
            })
          }
        },
      },
    }),
  }
}
