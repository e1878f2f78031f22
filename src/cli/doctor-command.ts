import process from 'node:process'
import { exitCodes } from '../base/errors.ts'
import { examineMachine } from '../targets/local/examine.ts'
import type { Surroundings } from './surroundings.ts'

/** Says what this machine has and lacks for each target; fails when a target cannot run here at all. */
export async function doctorCommand({ terminal, styles, folders, env }: Surroundings): Promise<number> {
  const marks = { has: styles.green('ok     '), limits: styles.yellow('note   '), lacks: styles.red('missing') }
  const findings = await examineMachine(folders.components, folders.root, env)
  terminal.print(styles.bold('target local: real components on this machine'))
  terminal.print(`  ${marks.has} Node ${process.version}, brought by the project`)
  for (const { state, what, next } of findings) {
    terminal.print(`  ${marks[state]} ${what}`)
    if (next !== undefined) terminal.print(`          ${styles.dim(next)}`)
  }
  const isAble = findings.every(({ state }) => state !== 'lacks')
  terminal.print(isAble ? '\ntry: make scale-test PLAN=single-node TARGET=local' : '\ntarget local cannot run here yet')
  return isAble ? exitCodes.pass : exitCodes.infrastructure
}
