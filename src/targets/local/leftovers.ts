import { basename, join, resolve } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { listFolder, readKernelFile } from '../../base/files.ts'
import type { Inventory } from '../../base/inventory.ts'
import { removeState, stateIn } from './state-folder.ts'
import { untilGone } from './until-gone.ts'

/** Environment variable that every process of a run carries, with the run's id as its value. */
export const runMark = 'SCALE_TEST_RUN'

/** What the reaper runs; its first argument is the run's id, by which `isGuarded` finds it. */
export const reaperScript = 'reaper-main.ts'

/** What the reaper is told when it is to end without cleaning up. */
export const dismissal = 'keep'

/** A process that some run started. */
export interface MarkedProcess {
  pid: number
  runId: string
  /** Its program, such as `/tmp/bin/etcd`. */
  program: string
}

/** What became of a run's leftovers. */
export interface Removal {
  killed: MarkedProcess[]
  /** Still there after repeated SIGKILL: stuck in the kernel, or another user's. */
  survivors: MarkedProcess[]
  /** What else could not be removed, in sentences: a mount, a loop device, a folder. */
  residue: string[]
}

/** Processes on this machine that carry the mark: of one run, or of all runs. Only those this user may look into. */
export function findMarked(runId?: string): MarkedProcess[] {
  return processIds().flatMap((pid) => {
    const marked = nulSeparated(`/proc/${pid}/environ`).find((entry) => entry.startsWith(`${runMark}=`))
    const found = marked?.slice(runMark.length + 1)
    if (found === undefined || (runId !== undefined && found !== runId)) return []
    return [{ pid, runId: found, program: nulSeparated(`/proc/${pid}/cmdline`)[0] ?? '' }]
  })
}

/** Whether the run's reaper is alive: the run goes on, or is being cleaned up. */
export function isGuarded(runId: string): boolean {
  return processIds().some((pid) => {
    const [, script = '', guarded] = nulSeparated(`/proc/${pid}/cmdline`)
    return basename(script) === reaperScript && guarded === runId
  })
}

/** Waits until the run's reaper has done its work, which takes seconds: it would also kill what is started meanwhile. False when it is still there. */
export async function isLeftByGuard(runId: string, clock: Clock, limitMs: number): Promise<boolean> {
  const deadlineMs = clock.nowMs() + limitMs
  while (isGuarded(runId)) {
    if (clock.nowMs() > deadlineMs) return false
    await clock.sleep(50)
  }
  return true
}

/** Where a run keeps what only its running clusters need: certificates, etcd's data, the kubelets' files. */
export function stateFolderOf(runFolder: string): string {
  return join(resolve(runFolder), 'state')
}

/** What `removeLeftovers` would end and remove, by kind; kinds of which there is nothing are left out. */
export function findLeftovers({ runId, stateFolder }: { runId: string; stateFolder: string }): Inventory[] {
  const processes = findMarked(runId)
    .filter(({ pid }) => pid !== process.pid)
    .map(({ pid, program }) => `${basename(program)} (${pid})`)
  return [{ kind: 'process', names: processes }, ...stateIn(stateFolder)].filter(({ names }) => names.length > 0)
}

/**
 * Kills every process of the run, again and again until none is left, and removes its state folder. What a run leaves
 * when it ends well is nothing, so this may always be called.
 */
export async function removeLeftovers(
  { runId, stateFolder }: { runId: string; stateFolder: string },
  clock: Clock,
): Promise<Removal> {
  const killed = new Map<number, MarkedProcess>()
  const lookAndKill = () => {
    const found = findMarked(runId).filter(({ pid }) => pid !== process.pid)
    for (const marked of found) {
      killed.set(marked.pid, marked)
      kill(marked.pid)
    }
    return found
  }
  // Twice nothing: once may fall between a fork and the exec that gives the new process its environment.
  await untilGone(lookAndKill, clock, 2)
  const residue = await removeState(stateFolder, clock)
  const survivors = findMarked(runId).filter(({ pid }) => pid !== process.pid)
  return { killed: [...killed.values()], survivors, residue }
}

function processIds(): number[] {
  return listFolder('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone by itself, or not ours to kill: the next look tells.
  }
}

/** Strings of a /proc file; none when the process is gone, a zombie or another user's. */
function nulSeparated(file: string): string[] {
  try {
    return readKernelFile(file).split('\0')
  } catch {
    return []
  }
}
