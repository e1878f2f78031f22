import { join } from 'node:path'
import { Failure } from '../base/errors.ts'
import { kindOf } from '../base/files.ts'
import { shown } from '../base/shown.ts'
import type { Plan } from '../plan/plan.ts'
import { baselinePrefix } from '../plan/threshold.ts'
import type { Baselines } from '../run/thresholds.ts'
import { readResult } from './result-files.ts'

/**
 * The kept results that a plan's thresholds compare with, from `baselines/` in the folder of reports. Throws `Failure('bad-input')` where one is
 * not there: before a run, not after it.
 */
export function baselinesOf({ thresholds }: Pick<Plan, 'thresholds'>, reports: string): Baselines {
  const names = thresholds.flatMap(({ against }) =>
    against?.startsWith(baselinePrefix) === true ? [against.slice(baselinePrefix.length)] : [],
  )
  return new Map([...new Set(names)].map((name) => [name, readBaseline(name, reports)]))
}

function readBaseline(name: string, reports: string) {
  const folder = join(reports, 'baselines', name)
  if (!/^[\w.-]+$/.test(name) || name.startsWith('.') || kindOf(folder) !== 'folder')
    throw new Failure('bad-input', `a threshold compares with baseline ${shown(name)}, and no result is kept as that`, {
      next: `Keep one in ${join(reports, 'baselines')}, or change the threshold`,
    })
  return readResult(folder).arms
}
