import { basename, dirname, join } from 'node:path'
import type { Plan } from '../plan/plan.ts'
import type { Comparison } from '../run/context.ts'
import type { ReadJournal } from '../run/journal.ts'
import { readJournal } from '../run/journal.ts'
import type { Remains } from '../run/resumption.ts'
import { remainsOf } from '../run/resumption.ts'
import { backAndForth } from '../run/schedule.ts'
import type { RunHead } from './run-head.ts'
import { headIn, planOf } from './run-head.ts'
import { journalFile } from './run-records.ts'
import type { Surroundings } from './surroundings.ts'
import type { RunOn } from './targets.ts'
import { runOn } from './targets.ts'

/** What a run's folder says of it. */
export interface KilledRun {
  head: RunHead
  journal: ReadJournal
  plan: Plan
  whatIf: Comparison | undefined
}

/** Reads the folder of a run, and its journal unless that has been read. Throws `Failure` when it cannot be relied on. */
export function openRun(path: string, journal: ReadJournal = readJournal(join(path, journalFile))): KilledRun {
  const head = headIn(journal.records, basename(path))
  const { whatIf } = head
  return {
    head,
    journal,
    plan: planOf(head, path),
    whatIf: whatIf && { record: whatIf.record, plans: new Map(whatIf.plans) },
  }
}

/** Where a run goes on, whatever its folder is called now. */
export function whereItRan(
  { head, plan, whatIf }: KilledRun,
  path: string,
  surroundings: Surroundings,
  threads?: number,
): RunOn {
  const place = join(dirname(path), head.run)
  return runOn(head.target, plan, surroundings, {
    ...head.options,
    threads,
    whatIf,
    begun: { runId: head.run, startedAt: head.startedAt ?? '', runFolder: head.target === 'sim' ? place : path },
  })
}

/** Settings that a killed run has changed. */
export interface LeftTuned {
  run: string
  arms: Remains['leftTuned']
  target: RunOn['target']
}

/** What settings a run has left changed on its clusters; undefined where it changed none. */
export function leftTunedBy(killed: KilledRun, path: string, surroundings: Surroundings): LeftTuned | undefined {
  const { head, plan, whatIf, journal } = killed
  if (plan.remote?.tuneHosts === undefined && plan.remote?.restore === undefined) return undefined
  const { target, host } = whereItRan(killed, path, surroundings)
  const { planned } = backAndForth({ plan, plans: whatIf?.plans, target, machine: host.machine })
  const { leftTuned: arms } = remainsOf(planned, journal.records, [])
  return arms.length === 0 ? undefined : { run: head.run, arms, target }
}
