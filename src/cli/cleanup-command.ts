import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { exitCodes, Failure } from '../base/errors.ts'
import { excerpt } from '../base/excerpt.ts'
import { kindOf, listFolder } from '../base/files.ts'
import { listOf } from '../base/inventory.ts'
import { formatList, formatNames } from '../base/names.ts'
import { asFailure } from '../kube/failures.ts'
import type { PlannedClusters } from '../plan/plan.ts'
import type { ClusterCleanup, Leftovers, Remains } from '../run/cleanup-clusters.ts'
import { findRemains, removeRemains } from '../run/cleanup-clusters.ts'
import { readJournal } from '../run/journal.ts'
import { restoreSettings } from '../run/restore-settings.ts'
import { findLeftovers, findMarked, isGuarded, removeLeftovers, stateFolderOf } from '../targets/local/leftovers.ts'
import { requireKnown } from '../targets/remote/index.ts'
import { examineClusters, identityChecks, requireNoRefusals } from '../targets/remote/preflight/index.ts'
import { untilReady } from '../targets/remote/readiness.ts'
import { baselinesIn } from './baselines.ts'
import type { LeftTuned } from './killed-run.ts'
import { leftTunedBy, openRun } from './killed-run.ts'
import { loadClusters } from './plans.ts'
import { hasResults } from './result-files.ts'
import { tidyingsIn } from './run-folder.ts'
import type { RunHead } from './run-head.ts'
import { headIn } from './run-head.ts'
import { journalFile } from './run-records.ts'
import { runNamed } from './saved-runs.ts'
import type { Surroundings } from './surroundings.ts'
import { refuseUseless } from './useless-options.ts'
import { withClusters } from './with-clusters.ts'

export interface CleanupOptions {
  run?: string
  /** Whether several runs may be meant, without asking. */
  allMine?: boolean
  /** Whether what would be removed is only listed. */
  dryRun?: boolean
  /** The file of the clusters to clean up; where the named run was when absent, and else this machine. */
  clusters?: string
  /** Contexts of clusters that look like production and are meant. */
  confirm?: string[]
  /** Contexts whose server is not checked. */
  allowInsecure?: string[]
}

/** Removes what runs have left on this machine, or on clusters: those that a file names, or those of the named run. Returns the exit status. */
export async function cleanupCommand(options: CleanupOptions, surroundings: Surroundings): Promise<number> {
  const { run, clusters, confirm, allowInsecure } = options
  if (run !== undefined && !/^[\w-][\w.-]*$/.test(run))
    throw new Failure('bad-input', `${excerpt(run)} is not a run`, { next: 'Runs are folders in reports/' })
  const own = run === undefined ? undefined : clustersOfRun(run, surroundings)
  if (clusters !== undefined) {
    const planned = loadClusters(clusters)
    if (run !== undefined && own?.planned !== undefined) requireOwn(planned, own.planned, run)
    return cleanUpRemote(planned, options, surroundings, own?.leftTuned)
  }
  if (own?.planned !== undefined)
    return cleanUpRemote(own.planned, withOptionsOf(own, options), surroundings, own.leftTuned)
  refuseUseless({ '--confirm': confirm, '--allow-insecure': allowInsecure }, 'without --clusters')
  const status = await cleanUpMachine(options, surroundings)
  if (own?.unknown === undefined) return status
  const { print, printError } = surroundings.terminal
  const sentence = `${run}: ${own.unknown}. If it ran on clusters, name them: --clusters FILE`
  if (!own.isDamaged) print(sentence)
  else printError(sentence)
  return own.isDamaged && status === exitCodes.pass ? exitCodes.inconclusive : status
}

/** Where a run was on clusters, by its own folder. */
interface OwnClusters {
  leftTuned?: LeftTuned | undefined
  planned?: PlannedClusters
  options?: RunHead['options']
  /** Why nobody knows, in words. */
  unknown?: string
  /** Whether its folder is there, and cannot be relied on. */
  isDamaged?: boolean
}

/** Undefined for a run that was on no clusters of others. */
function clustersOfRun(run: string, surroundings: Surroundings): OwnClusters | undefined {
  const path = runNamed(run, surroundings.folders.reports, (folder) => kindOf(join(folder, journalFile)) !== undefined)
  if (path === undefined) return { unknown: 'there is no journal of it in reports/' }
  try {
    const journal = readJournal(join(path, journalFile))
    if (headIn(journal.records, run).target !== 'remote') return undefined
    const killed = openRun(path, journal)
    const { head, plan } = killed
    const leftTuned = leftTunedBy(killed, path, surroundings)
    return plan.remote && { planned: plan.remote, options: head.options, leftTuned }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { unknown: error.message, isDamaged: true }
  }
}

/** A run has left nothing on any other clusters: what has its label there is somebody else's. Throws `Failure('safety-refusal')`. */
function requireOwn(named: PlannedClusters, own: PlannedClusters, run: string): void {
  const uids = new Set(placesOf(own).map(({ uid }) => uid))
  const strange = placesOf(named).filter(({ uid }) => uid !== undefined && !uids.has(uid))
  if (strange.length === 0) return
  const contexts = strange.map(({ context, uid }) => `${context} (${uid})`)
  throw new Failure('safety-refusal', `${run} did not run on ${formatList(contexts)}; nothing was touched`, {
    next: "Leave out --clusters: the run's folder says where it ran",
  })
}

function placesOf({ host, targets }: PlannedClusters) {
  return host === undefined ? targets : [host, ...targets]
}

function withOptionsOf({ options }: OwnClusters, given: CleanupOptions): CleanupOptions {
  return {
    ...given,
    confirm: [...(options?.confirm ?? []), ...(given.confirm ?? [])],
    allowInsecure: [...(options?.allowInsecure ?? []), ...(given.allowInsecure ?? [])],
  }
}

/** What was typed of clusters that would be refused otherwise, as `CleanupOptions` has it. */
interface Confirmed {
  confirm?: string[] | undefined
  allowInsecure?: string[] | undefined
}

/** A target whose settings were being changed may not answer for a while. */
interface Tuned {
  isTuned: boolean
}

/** How long clean-up on clusters may take: namespaces full of pods. */
const clusterBudgetMs = 1_800_000

async function cleanUpRemote(
  planned: PlannedClusters,
  options: CleanupOptions,
  surroundings: Surroundings,
  leftTuned: LeftTuned | undefined,
): Promise<number> {
  const isTuned = leftTuned !== undefined
  const { left, next } = await onClusters(planned, { ...options, isTuned }, surroundings, async (cleanup) => {
    const found = await findRemains(options.run, cleanup)
    const mayRemove = await isToBeRemoved(found, options, surroundings)
    return mayRemove ? removeRemains(found, cleanup) : { left: [], next: [] }
  })
  for (const line of left) surroundings.terminal.printError(line)
  for (const line of next) surroundings.terminal.printError(`\n${line}\nThen run this clean-up again.`)
  // Last: where that fails, what else is left has been told.
  if (leftTuned !== undefined) await restoreLeft(leftTuned, options, surroundings)
  return left.length === 0 ? exitCodes.pass : exitCodes.residue
}

/** Has settings put back that a killed run had changed. Throws `Failure('residue')`. */
async function restoreLeft(
  { run, arms, target }: LeftTuned,
  { dryRun }: CleanupOptions,
  { terminal, interruption }: Surroundings,
): Promise<void> {
  if (dryRun !== true) return restoreSettings(target, arms, { signal: interruption.signal, print: terminal.print })
  for (const { id } of arms) terminal.print(`${run}: would restore the settings that ${id} changed`)
}

/** Removes what is left of one run from its clusters; returns what cannot be removed. */
export function removeFromClusters(
  planned: PlannedClusters,
  { run, ...options }: { run: string } & Confirmed & Tuned,
  surroundings: Surroundings,
): Promise<Leftovers> {
  return onClusters(planned, options, surroundings, async (cleanup) =>
    removeRemains(await findRemains(run, cleanup), cleanup),
  )
}

/** Does something on clusters that are the ones that are meant. */
async function onClusters(
  planned: PlannedClusters,
  { confirm = [], allowInsecure = [], isTuned }: Confirmed & Tuned,
  surroundings: Surroundings,
  work: (cleanup: ClusterCleanup) => Promise<Leftovers>,
): Promise<Leftovers> {
  const { print } = surroundings.terminal
  const now = new Date()
  const ending = AbortSignal.timeout(clusterBudgetMs)
  try {
    return await withClusters(planned, { allowInsecure, ending }, surroundings, async (clusters, signal) => {
      requireKnown({ '--confirm': confirm, '--allow-insecure': allowInsecure }, clusters)
      const targets = isTuned ? clusters.filter(({ role }) => role === 'target') : []
      await Promise.all(targets.map(({ api }) => untilReady(api, systemClock, signal)))
      requireNoRefusals(
        await examineClusters({ clusters, confirmed: confirm, now, clock: systemClock, signal }, identityChecks),
      )
      return work({ clusters, clock: systemClock, now, signal, print })
    })
  } catch (error) {
    throw asFailure(error)
  }
}

/**
 * Lists what was found where that is all that is asked for. Of several runs, somebody has to say that all are meant. Throws
 * `Failure('safety-refusal')` where nobody can be asked.
 */
async function isToBeRemoved(
  found: readonly Remains[],
  { allMine, dryRun }: CleanupOptions,
  { terminal, confirm }: Surroundings,
): Promise<boolean> {
  if (dryRun === true) {
    for (const { run, places } of found) {
      if (places.length === 0) terminal.print(`${run}: nothing is left`)
      for (const { place, things } of places)
        for (const inventory of things) terminal.print(`${run}: ${place}: would remove ${listOf(inventory)}`)
    }
    terminal.print('nothing was removed (--dry-run)')
    return false
  }
  if (found.length < 2 || allMine === true) return true
  const what = `what ${found.length} runs left behind: ${formatNames(found.map(({ run }) => run))}`
  if (confirm === undefined)
    throw new Failure('safety-refusal', `cleanup would remove ${what}`, {
      next: 'Remove all of it with --all-mine, or name one run with --run RUN; --dry-run lists what would go',
    })
  const isMeant = await confirm(`Remove ${what}?`)
  if (!isMeant) terminal.print('nothing was removed')
  return isMeant
}

/**
 * Removes the processes and the state that runs left on this machine, and folders of reports that hold nothing. A run whose reaper is alive is
 * still running (or being cleaned up by it) and is left alone unless it is named; so is one of another folder of reports.
 */
async function cleanUpMachine(options: CleanupOptions, surroundings: Surroundings): Promise<number> {
  const { run } = options
  const { terminal, folders } = surroundings
  const stateFolder = (runId: string) => stateFolderOf(join(folders.reports, runId))
  const isLeft = (runId: string) => {
    const isGoingOn = isGuarded(runId)
    if (run !== undefined || (!isGoingOn && kindOf(join(folders.reports, runId)) !== undefined)) return true
    // Somebody may want it there: a cluster that was kept, say.
    const why = isGoingOn ? 'still running' : 'its folder is not in reports/'
    terminal.print(`${runId}: ${why}, left alone (name it with --run to end it)`)
    return false
  }
  const runIds = (run === undefined ? leftRuns(folders.reports, stateFolder) : [run]).filter(isLeft)
  const tidyings = [
    ...tidyingsIn(folders.reports, hasResults),
    ...tidyingsIn(baselinesIn(folders.reports), () => false),
  ].filter(({ folder }) => run === undefined || folder === run || folder.startsWith(`${run}.`))
  const found = [
    ...runIds.map((runId) => ({ run: runId, things: findLeftovers({ runId, stateFolder: stateFolder(runId) }) })),
    ...tidyings
      .filter(({ removes }) => removes)
      .map(({ folder, text }) => ({ run: folder, things: [{ kind: 'folder', names: [`${folder} (${text})`] }] })),
  ]
  if (found.length + tidyings.length === 0) terminal.print('no run has left anything behind')
  const remains = found.map(({ run: runId, things }) => ({
    run: runId,
    places: things.length === 0 ? [] : [{ place: 'this machine', things }],
  }))
  if (found.length > 0 && !(await isToBeRemoved(remains, options, surroundings))) return exitCodes.pass

  let left = 0
  for (const runId of runIds) {
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
  for (const { folder, removes, text, carryOut } of tidyings) {
    carryOut()
    terminal.print(`${folder}: ${removes ? `removed; ${text}` : text}`)
  }
  return left === 0 ? exitCodes.pass : exitCodes.residue
}

function leftRuns(reportsFolder: string, stateFolder: (runId: string) => string): string[] {
  const withState = listFolder(reportsFolder).filter((runId) => kindOf(stateFolder(runId)) !== undefined)
  return [...new Set([...withState, ...findMarked().map(({ runId }) => runId)])]
}
