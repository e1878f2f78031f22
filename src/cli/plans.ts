import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { Failure, messageOf } from '../base/errors.ts'
import { parsePlan } from '../plan/parse.ts'
import type { Plan, Vocabulary } from '../plan/plan.ts'
import { catalogue } from '../tuning/catalogue.ts'
import { profileNames } from '../tuning/profiles.ts'

const targetNames = ['local'] as const

const vocabulary: Vocabulary = {
  targets: targetNames,
  profiles: profileNames,
  knobs: catalogue.map((knob) => knob.id),
}

/**
 * Reads a plan by the name of a file in `plansFolder`, or by a path. Throws `Failure('bad-input')` for an unknown name
 * and for every mistake in the file.
 */
export function loadPlan(nameOrPath: string, plansFolder: string): Plan {
  const file = /[/\\]|\.ya?ml$/.test(nameOrPath) ? nameOrPath : join(plansFolder, `${nameOrPath}.yaml`)
  if (!existsSync(file)) {
    throw new Failure('bad-input', `there is no plan ${nameOrPath}`, {
      next: `plans here: ${planNames(plansFolder).join(', ')}; or give a path to a .yaml file`,
    })
  }
  const shown = relative(process.cwd(), file)
  return parsePlan(readPlan(file), shown.startsWith('..') ? file : shown, vocabulary)
}

function readPlan(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Failure('bad-input', `the plan cannot be read: ${messageOf(error)}`)
  }
}

/** The names of the plans in a folder. */
function planNames(plansFolder: string): string[] {
  return readdirSync(plansFolder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'))
}
