import { Failure } from '../base/errors.ts'
import { excerpt } from '../base/excerpt.ts'
import { didYouMean } from '../base/names.ts'
import type { Plan } from '../plan/plan.ts'

/** Where clusters can come from; the first one when nobody says. */
export const targetNames = ['sim', 'local', 'remote'] as const
export type TargetName = (typeof targetNames)[number]

/** The target's name as the command line or the plan has it. Throws `Failure('bad-input')` for one that there is not. */
export function targetNamed(asked: string | undefined, plan: Plan): TargetName {
  const name = asked ?? plan.target ?? targetNames[0]
  const known = targetNames.find((one) => one === name)
  if (known === undefined)
    throw new Failure(
      'bad-input',
      `there is no target ${name === '' ? '""' : excerpt(name)}${didYouMean(name, targetNames)}`,
      {
        next: `targets: ${targetNames.join(', ')}`,
      },
    )
  return known
}
