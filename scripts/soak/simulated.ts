import { availableParallelism } from 'node:os'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { start } from '../../test/cases/run.ts'
import { nodeOptions } from './local.ts'

/** Each of the processes that share the seeds gets at least so many: fewer may leave an invariant without anything to look at. */
const fewestSeeds = 200
const mostProcesses = 2

/** Runs the simulated trials of so many seeds, in two processes at a time, and passes their lines on; returns whether all held. */
export async function soakSeeds(seeds: number, root: string, say: (line: string) => void): Promise<boolean> {
  if (seeds === 0) return true
  const processes = Math.max(1, Math.min(mostProcesses, availableParallelism(), Math.floor(seeds / fewestSeeds)))
  const each = Math.ceil(seeds / processes)
  const statuses = await Promise.all(
    Array.from({ length: processes }, async (_, index) => {
      const from = 1 + index * each
      const args = ['simulate', `--from=${from}`, `--seeds=${Math.min(each, seeds - from + 1)}`]
      const { child, status } = start({ args, node: nodeOptions, cwd: root, env: { CI: process.env['CI'] } })
      for (const stream of [child.stdout, child.stderr])
        if (stream !== null)
          createInterface({ input: stream }).on('line', (line) =>
            say(processes === 1 ? line : `from seed ${from}: ${line}`),
          )
      return status()
    }),
  )
  return statuses.every((status) => status === 0)
}
