import type { ArmOutcome } from '../result/result.ts'
import { tuningOutline } from '../steps/tuning.ts'
import type { EarlierSessions } from './context.ts'
import type { JournalRecord } from './journal.ts'
import type { Arm } from './schedule.ts'
import { cleanUpOutline } from './stages.ts'

/** What is left to do of a run. */
export interface Remains {
  /** The arms that are done, in the order of the run, and what these took. */
  done: Pick<EarlierSessions, 'arms' | 'durationMs'>
  /** The arms to come, in their order. */
  ahead: readonly Arm[]
  /** Those of them that had been begun: they are run again from their beginning. */
  begun: readonly Arm[]
  /** Arms whose cluster was re-tuned, and may not have its settings back. */
  leftTuned: readonly Arm[]
}

/**
 * Works out what is left to do of a run by its journal and the arms that it has kept. An arm is done when it is kept and the journal says
 * that it is complete: the journal says so only when all else of the arm is on the disk.
 */
export function remainsOf(
  planned: readonly Arm[],
  records: readonly JournalRecord[],
  kept: readonly ArmOutcome[],
): Remains {
  const tookMs = new Map<string, number>()
  const begun = new Set<string>()
  const tuned = new Set<string>()
  for (const { type, armId, stepId, outcome, durationMs } of records) {
    if (typeof armId !== 'string') continue
    if (type === 'step-started') begun.add(armId)
    if (type === 'step-started' && stepId === tuningOutline.id) tuned.add(armId)
    if (type === 'step-finished' && stepId === cleanUpOutline.id) tuned.delete(armId)
    if (type === 'arm-finished' && outcome === 'complete') tookMs.set(armId, Number(durationMs))
  }
  const isDone = ({ id }: Pick<Arm, 'id'>) =>
    tookMs.has(id) && kept.some((arm) => arm.id === id && arm.outcome === 'complete')
  const ahead = planned.filter((arm) => !isDone(arm))
  return {
    done: {
      arms: planned.filter(isDone).flatMap(({ id }) => kept.filter((arm) => arm.id === id)),
      durationMs: planned.filter(isDone).reduce((sum, { id }) => sum + (tookMs.get(id) ?? 0), 0),
    },
    ahead,
    begun: ahead.filter(({ id }) => begun.has(id)),
    leftTuned: ahead.filter(({ id }) => tuned.has(id)),
  }
}
