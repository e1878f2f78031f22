import { Failure } from '../base/errors.ts'
import { excerpt } from '../base/excerpt.ts'
import { isLookedAt } from '../plan/other-targets.ts'
import type { Plan } from '../plan/plan.ts'
import type { TargetName } from './target-names.ts'

/**
 * Refuses options that would do nothing, so that nobody believes they did. Undefined and false stand for options that were not given;
 * `because` says what they do nothing with: `on target sim`, `without --dry-run`.
 */
export function refuseUseless(options: Readonly<Record<string, unknown>>, because: string): void {
  const given = Object.keys(options).filter((name) => options[name] !== undefined && options[name] !== false)
  if (given.length === 0) return
  const [does, them] = given.length === 1 ? ['does', 'it'] : ['do', 'them']
  throw new Failure('bad-input', `${given.join(' and ')} ${does} nothing ${because}`, { next: `Leave ${them} out` })
}

/** Options of which each is for one target only, and overrides. */
interface ChoicesOfTargets {
  set?: readonly string[] | undefined
  kubernetes?: string | undefined
  calibration?: string | undefined
  threads?: number | undefined
  keep?: boolean | undefined
  clusters?: string | undefined
  confirm?: readonly string[] | undefined
  allowInsecure?: readonly string[] | undefined
}

/** Refuses what was said on the command line for another target than the one of this run. */
export function refuseForOtherTargets(
  target: TargetName,
  plan: Plan,
  { set = [], kubernetes, calibration, threads, keep, clusters, confirm, allowInsecure }: ChoicesOfTargets,
): void {
  const on = `on target ${target}`
  if (target === 'sim') refuseUseless({ '--keep': keep }, on)
  else refuseUseless({ '--calibration': calibration, '--threads': threads }, on)
  if (target !== 'remote')
    refuseUseless({ '--clusters': clusters, '--confirm': confirm, '--allow-insecure': allowInsecure }, on)
  if (!isLookedAt('kubernetes', plan, target)) refuseUseless({ '--kubernetes': kubernetes }, on)
  const useless = set.filter((override) => !isLookedAt(pathOf(override), plan, target))
  refuseUseless(Object.fromEntries(useless.map((override) => [`--set ${excerpt(override)}`, true])), on)
}

/** Refuses overrides of what is at a path, where something else says it already. */
export function refuseOverrides(set: readonly string[] | undefined, path: string, because: string): void {
  refuseUseless({ [`--set ${path}`]: set?.some((override) => pathOf(override) === path) }, because)
}

function pathOf(override: string): string {
  return override.split('=', 1)[0] ?? ''
}
