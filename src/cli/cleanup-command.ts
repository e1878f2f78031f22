import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { exitCodes, Failure } from '../base/errors.ts'
import { excerpt } from '../base/excerpt.ts'
import { kindOf, listFolder } from '../base/files.ts'
import { asFailure } from '../kube/failures.ts'
import type { PlannedClusters } from '../plan/plan.ts'
import type { Leftovers } from '../run/cleanup-clusters.ts'
import { cleanUpClusters } from '../run/cleanup-clusters.ts'
import { findMarked, isGuarded, removeLeftovers, stateFolderOf } from '../targets/local/leftovers.ts'
import { requireKnown } from '../targets/remote/index.ts'
import { examineClusters, identityChecks, requireNoRefusals } from '../targets/remote/preflight/index.ts'
import { loadClusters } from './plans.ts'
import { hasResults } from './result-files.ts'
import { tidyReports } from './run-folder.ts'
import type { Surroundings } from './surroundings.ts'
import { refuseUseless } from './useless-options.ts'
import { withClusters } from './with-clusters.ts'

export interface CleanupOptions {
  run?: string
  /** The file of the clusters to clean up; this machine when absent. */
  clusters?: string
  /** Contexts of clusters that look like production and are meant. */
  confirm?: string[]
  /** Contexts whose server is not checked. */
  allowInsecure?: string[]
}

/** Removes what runs have left on this machine, or on the clusters that a file names; returns the exit status. */
export function cleanupCommand(options: CleanupOptions, surroundings: Surroundings): Promise<number> {
  const { clusters } = options
  if (clusters === undefined)
    refuseUseless({ '--confirm': options.confirm, '--allow-insecure': options.allowInsecure }, 'without --clusters')
  return clusters === undefined
    ? cleanUpMachine(options, surroundings)
    : cleanUpRemote({ ...options, clusters }, surroundings)
}

/** How long clean-up on clusters may take: namespaces full of pods. */
const clusterBudgetMs = 1_800_000

async function cleanUpRemote(
  { run, clusters: file, confirm = [], allowInsecure = [] }: CleanupOptions & { clusters: string },
  surroundings: Surroundings,
): Promise<number> {
  const { left, next } = await removeFromClusters(loadClusters(file), { run, confirm, allowInsecure }, surroundings)
  for (const line of left) surroundings.terminal.printError(line)
  for (const line of next) surroundings.terminal.printError(`\n${line}\nThen run this clean-up again.`)
  return left.length === 0 ? exitCodes.pass : exitCodes.residue
}

/** Removes what is left of one run, or of all that are not going on, from clusters; returns what cannot be removed. */
export async function removeFromClusters(
  planned: PlannedClusters,
  {
    run,
    confirm = [],
    allowInsecure = [],
  }: { run: string | undefined; confirm?: string[] | undefined; allowInsecure?: string[] | undefined },
  surroundings: Surroundings,
): Promise<Leftovers> {
  const { print } = surroundings.terminal
  const now = new Date()
  const ending = AbortSignal.timeout(clusterBudgetMs)
  try {
    return await withClusters(planned, { allowInsecure, ending }, surroundings, async (clusters, signal) => {
      requireKnown({ '--confirm': confirm, '--allow-insecure': allowInsecure }, clusters)
      requireNoRefusals(await examineClusters({ clusters, confirmed: confirm, now, signal }, identityChecks))
      return cleanUpClusters({ clusters, runId: run, clock: systemClock, now, signal, print })
    })
  } catch (error) {
    throw asFailure(error)
  }
}

/**
 * Removes the processes and the state that runs left on this machine. A run whose reaper is alive is still running (or
 * being cleaned up by it) and is left alone unless it is named.
 */
async function cleanUpMachine({ run }: CleanupOptions, { terminal, folders }: Surroundings): Promise<number> {
  if (run !== undefined && !/^[\w-][\w.-]*$/.test(run))
    throw new Failure('bad-input', `${excerpt(run)} is not a run`, { next: 'Runs are folders in reports/' })
  const stateFolder = (runId: string) => stateFolderOf(join(folders.reports, runId))
  const runIds = run === undefined ? leftRuns(folders.reports, stateFolder) : [run]
  let left = 0
  for (const runId of runIds) {
    if (run === undefined && isGuarded(runId)) {
      terminal.print(`${runId}: still running, left alone (name it with --run to end it)`)
      continue
    }
    const hadState = kindOf(stateFolder(runId)) !== undefined
    const removal = await removeLeftovers({ runId, stateFolder: stateFolder(runId) }, systemClock)
    const programs = removal.killed.map(({ program }) => program.split('/').at(-1))
    terminal.print(
      `${runId}: ${programs.length === 0 ? 'no process to end' : `ended ${programs.join(', ')}`}${hadState && removal.residue.length === 0 ? '; state removed' : ''}`,
    )
    for (const { pid, program } of removal.survivors) terminal.printError(`${runId}: cannot end ${program} (${pid})`)
    for (const sentence of removal.residue) terminal.printError(`${runId}: ${sentence}`)
    left += removal.survivors.length + removal.residue.length
  }
  const tidied = run === undefined ? tidyReports(folders.reports, hasResults) : []
  for (const line of tidied) terminal.print(line)
  if (runIds.length + tidied.length === 0) terminal.print('no run has left anything behind')
  return left === 0 ? exitCodes.pass : exitCodes.residue
}

function leftRuns(reportsFolder: string, stateFolder: (runId: string) => string): string[] {
  const withState = listFolder(reportsFolder).filter((runId) => kindOf(stateFolder(runId)) !== undefined)
  return [...new Set([...withState, ...findMarked().map(({ runId }) => runId)])]
}
