import { basename, dirname, join } from 'node:path'
import { exitCodes, Failure } from '../base/errors.ts'
import { shownPath } from '../base/file-failures.ts'
import { kindOf, readTextFile, writeNewFile } from '../base/files.ts'
import type { Surroundings } from './surroundings.ts'

/** As plans are called: a DNS label. */
const planName = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

/** Writes a plan with comments that runs as it is, to be changed. Throws `Failure('bad-input')`. */
export function newCommand(given: string, { terminal, folders }: Pick<Surroundings, 'terminal' | 'folders'>): number {
  const file = given.endsWith('.yaml') ? given : `${given}.yaml`
  const name = basename(file, '.yaml')
  if (!planName.test(name))
    throw new Failure('bad-input', `${shownPath(name)} is not a valid plan name`, {
      next: 'Use lower-case letters, digits and hyphens, such as `npm run scale-test -- new my-cluster`',
    })
  const folder = dirname(file)
  if (kindOf(folder) !== 'folder')
    throw new Failure('bad-input', `there is no folder ${shownPath(folder)}`, {
      next: `Create it first, or write the plan here: npm run scale-test -- new ${name}`,
    })
  if (kindOf(join(folders.plans, `${name}.yaml`)) !== undefined)
    throw new Failure('bad-input', `scale-test already has a plan called ${name}`, {
      next: 'Choose another name: reports and `compare` tell plans apart by their names',
    })
  const template = readTextFile(join(import.meta.dirname, 'new-plan.yaml'))
  if (!writeNewFile(file, template.replaceAll('NAME', name)))
    throw new Failure('bad-input', `${shownPath(file)} already exists`, { next: 'Choose another name, or remove it' })
  terminal.print(`wrote ${file}: it runs as is, and its comments say what to change`)
  terminal.print(`run it: make scale-test PLAN=${file}`)
  return exitCodes.pass
}
