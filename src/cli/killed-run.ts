import { basename, dirname, join } from 'node:path'
import type { Plan } from '../plan/plan.ts'
import type { Comparison } from '../run/context.ts'
import type { ReadJournal } from '../run/journal.ts'
import { readJournal } from '../run/journal.ts'
import { restoreSettings } from '../run/restore-settings.ts'
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

/** Reads the folder of a run. Throws `Failure` when it cannot be relied on. */
export function openRun(path: string): KilledRun {
  const journal = readJournal(join(path, journalFile))
  const head = headIn(journal.records, basename(path))
  const { whatIf } = head
  return {
    head,
    journal,
    plan: planOf(head, path),
    whatIf: whatIf && { record: whatIf.record, plans: new Map(whatIf.plans) },
  }
}

/** Where a run goes on; `place` is its folder, whatever it is called now. */
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

/**
 * Has the settings of clusters put back that a killed run had changed; only says so with `dryRun`, and does nothing where it had changed none.
 * Throws `Failure('residue')` where that fails.
 */
export async function restoreLeft(
  path: string,
  { dryRun }: { dryRun: boolean },
  surroundings: Surroundings,
): Promise<void> {
  const run = openRun(path)
  const { remote } = run.plan
  if (remote?.tuneHosts === undefined && remote?.restore === undefined) return
  const { terminal, interruption } = surroundings
  const on = whereItRan(run, path, surroundings)
  const { planned } = backAndForth({
    plan: run.plan,
    plans: run.whatIf?.plans,
    target: on.target,
    machine: on.host.machine,
  })
  const { leftTuned } = remainsOf(planned, run.journal.records, [])
  if (dryRun) {
    for (const { id } of leftTuned) terminal.print(`${run.head.run}: would restore the settings that ${id} changed`)
    return
  }
  await restoreSettings(on.target, leftTuned, { signal: interruption.signal, print: terminal.print })
}
