import { join } from 'node:path'
import { Failure } from '../base/errors.ts'
import { kindOf, listFolder } from '../base/files.ts'
import { didYouMean } from '../base/names.ts'
import type { Plan } from '../plan/plan.ts'
import { baselinePrefix } from '../plan/threshold.ts'
import type { Baselines } from '../run/thresholds.ts'
import { readResult } from './result-files.ts'
import { isInPlace } from './run-folder.ts'

/**
 * The saved results that a plan's thresholds compare with. Throws `Failure('bad-input')` where one is not there: before a run, not after it.
 */
export function baselinesOf({ thresholds }: Pick<Plan, 'thresholds'>, reports: string): Baselines {
  const names = thresholds.flatMap(({ against }) =>
    against?.startsWith(baselinePrefix) === true ? [against.slice(baselinePrefix.length)] : [],
  )
  return new Map([...new Set(names)].map((name) => [name, readResult(baselineFolder(name, reports)).arms]))
}

/** The folder of a baseline that is there. Throws `Failure('bad-input')`. */
export function baselineFolder(name: string, reports: string): string {
  const place = baselinePlace(name, reports)
  if (kindOf(place) !== undefined) return place
  const names = baselineNames(reports)
  throw new Failure('bad-input', `there is no baseline ${name}${didYouMean(name, names)}`, {
    next: `Save a result as one: npm run scale-test -- baseline set ${name} RUN`,
  })
}

/** Where a baseline is, or would be. Throws `Failure('bad-input')` for what is no name. */
export function baselinePlace(name: string, reports: string): string {
  if (!/^[a-z0-9][a-z0-9.-]{0,62}$/.test(name) || !isInPlace(name))
    throw new Failure('bad-input', `${JSON.stringify(name)} is not a valid baseline name`, {
      next: 'Use lower-case letters, digits, dots and dashes, such as v1.37',
    })
  return join(baselinesIn(reports), name)
}

/** The folder that has them all. */
export function baselinesIn(reports: string): string {
  return join(reports, 'baselines')
}

/** All there are, in alphabetical order. */
export function baselineNames(reports: string): string[] {
  const folder = baselinesIn(reports)
  return listFolder(folder)
    .filter((name) => isInPlace(name) && kindOf(join(folder, name, 'result.json')) === 'file')
    .sort()
}
