import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { exitCodes } from '../base/errors.ts'
import { findMarked, isGuarded, removeLeftovers, stateFolderOf } from '../targets/local/leftovers.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * Removes the processes and the state that runs left on this machine. A run whose reaper is alive is still going on (or
 * being cleaned up by it) and is left alone unless it is named.
 */
export async function cleanupCommand({ run }: { run?: string }, { terminal, folders }: Surroundings): Promise<number> {
  const stateFolder = (runId: string) => stateFolderOf(join(folders.reports, runId))
  const runIds = run === undefined ? leftRuns(folders.reports, stateFolder) : [run]
  let survivors = 0
  for (const runId of runIds) {
    if (run === undefined && isGuarded(runId)) {
      terminal.print(`${runId}: still going on, left alone (name it with --run to end it)`)
      continue
    }
    const hadState = existsSync(stateFolder(runId))
    const removal = await removeLeftovers({ runId, stateFolder: stateFolder(runId) }, systemClock)
    const programs = removal.killed.map(({ program }) => program.split('/').at(-1))
    terminal.print(
      `${runId}: ended ${programs.length === 0 ? 'no process' : programs.join(', ')}${hadState ? '; state removed' : ''}`,
    )
    for (const { pid, program } of removal.survivors)
      terminal.printError(`${runId}: ${program} (${pid}) cannot be ended`)
    survivors += removal.survivors.length
  }
  if (runIds.length === 0) terminal.print('nothing is left of any run')
  return survivors === 0 ? exitCodes.pass : exitCodes.residue
}

function leftRuns(reportsFolder: string, stateFolder: (runId: string) => string): string[] {
  const withState = existsSync(reportsFolder)
    ? readdirSync(reportsFolder).filter((runId) => existsSync(stateFolder(runId)))
    : []
  return [...new Set([...withState, ...findMarked().map(({ runId }) => runId)])]
}
