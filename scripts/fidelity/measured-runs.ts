import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'
import { readResult } from '../../src/cli/result-files.ts'
import type { Plan } from '../../src/plan/plan.ts'
import type { Cell } from './cells.ts'
import { cellsOf } from './cells.ts'

/** A measured run: what was to be done, and what came of it. */
export interface MeasuredRun {
  title: string
  plan: Plan
  cells: Cell[]
}

/** Reads a run's folder. Throws if it was not measured. */
export function readMeasuredRun(folder: string): MeasuredRun {
  const plan = JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')) as Plan
  const measured = readResult(folder)
  if (measured.evidence !== 'measured') throw new Error(`${folder} was not measured`)
  return { title: relative(process.cwd(), folder), plan, cells: cellsOf(measured) }
}

/** The folder of a plan's newest run. Throws if there is none. */
export function newestRun(plan: string, reports: string): string {
  const newest = newestOf(
    plan,
    readdirSync(reports).filter((name) => existsSync(join(reports, name, 'result.json'))),
  )
  if (newest === undefined) throw new Error(`no measured run of plan ${plan} in ${reports}`)
  return join(reports, newest)
}

/** The newest of the runs of a plan, by their ids: `fidelity-20261125-201507-3fa2`. */
export function newestOf(plan: string, runs: readonly string[]): string | undefined {
  return runs
    .filter((run) => run.startsWith(`${plan}-`) && /^\d{8}-\d{6}-[\da-f]{4}$/.test(run.slice(plan.length + 1)))
    .sort()
    .at(-1)
}
