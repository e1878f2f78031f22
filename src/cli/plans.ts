import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { Failure, messageOf } from '../base/errors.ts'
import { parsePlan } from '../plan/parse.ts'
import type { Plan, Vocabulary } from '../plan/plan.ts'
import { faultKinds } from '../targets/sim/faults/index.ts'
import { catalogue } from '../tuning/catalogue.ts'
import { profileNames } from '../tuning/profiles.ts'

/** Where clusters can come from; the first one when nobody says. */
export const targetNames = ['sim', 'local'] as const
export type TargetName = (typeof targetNames)[number]

/** What plans may name. */
export const vocabulary: Vocabulary = {
  targets: targetNames,
  faults: faultKinds,
  profiles: profileNames,
  knobs: catalogue.map((knob) => knob.id),
}

/** Folders of plans/ that hold what other plans include, and no plans. */
const fragments = 'include'

/**
 * Reads a plan by the name of a file in `plansFolder`, such as `single-node` or `experiments/heartbeat`, or by a path, and
 * applies `overrides` (`path=value`). Throws `Failure('bad-input')` for an unknown name and for every mistake.
 */
export function loadPlan(nameOrPath: string, plansFolder: string, overrides: readonly string[] = []): Plan {
  const named = join(plansFolder, `${nameOrPath}.yaml`)
  const file = existsSync(named) ? named : nameOrPath
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() !== false) {
    throw new Failure('bad-input', `there is no plan ${nameOrPath}`, {
      next: `plans here: ${planNames(plansFolder).join(', ')}; or give a path to a .yaml file`,
    })
  }
  const shown = relative(process.cwd(), file)
  const read = (path: string) => readFileSync(path, 'utf8')
  return parsePlan(readPlan(file), shown.startsWith('..') ? file : shown, vocabulary, { read, overrides })
}

function readPlan(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Failure('bad-input', `the plan cannot be read: ${messageOf(error)}`)
  }
}

/** The names of the plans in a folder and those below it. */
export function planNames(plansFolder: string): string[] {
  return readdirSync(plansFolder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml') && !name.split(sep).includes(fragments))
    .map((name) => name.replace(/\.yaml$/, ''))
    .sort()
}
