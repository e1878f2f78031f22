import { execFile } from 'node:child_process'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import { isFile, kindOf, listFolder, readKernelFile, readTextFile, realPath, remove } from '../../base/files.ts'
import type { Inventory } from '../../base/inventory.ts'
import { readMounts } from './disks.ts'

/** In an arm's state folder: the path of the folder that the arm has elsewhere, on another disk. */
export const elsewhereFile = 'elsewhere'
/** What the name of such a folder begins with: no other one is removed. */
export const elsewherePrefix = 'scale-test-wal-'

/** The reaper has no environment of its own. */
const systemPrograms = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }
const attempts = 5
const pauseMs = 200

/** Where something is mounted below a folder, the innermost first. */
export function mountPointsBelow(folder: string): string[] {
  if (kindOf(folder) === undefined) return []
  const real = `${realPath(folder)}/`
  const found = readMounts().map(({ mountPoint }) => mountPoint)
  return found.filter((mountPoint) => mountPoint.startsWith(real)).toReversed()
}

/** Loop devices whose file is, or was, below a folder: `/dev/loop0`. */
export function loopDevicesBelow(folder: string): string[] {
  const real = kindOf(folder) === undefined ? folder : realPath(folder)
  return listFolder('/sys/block').flatMap((name) => {
    const file = `/sys/block/${name}/loop/backing_file`
    if (!isFile(file)) return []
    return readKernelFile(file).startsWith(`${real}/`) ? [`/dev/${name}`] : []
  })
}

/**
 * Removes an arm's state folder: what is mounted in it, loop devices on its files, the folder that it has on another disk, and itself. Returns what
 * could not be removed, in sentences. Its processes have ended before.
 */
export async function removeArmState(folder: string, clock: Clock): Promise<string[]> {
  const residue: string[] = []
  for (const mountPoint of mountPointsBelow(folder)) {
    const because = await persistently(
      ['umount', mountPoint],
      () => mountPointsBelow(folder).includes(mountPoint),
      clock,
    )
    if (because !== undefined) residue.push(`${mountPoint} is still mounted: ${because}`)
  }
  // One that was mounted has gone with its mount; it stays only where its set-up was cut short.
  for (const device of loopDevicesBelow(folder)) {
    const because = await persistently(
      ['losetup', '--detach', device],
      () => loopDevicesBelow(folder).includes(device),
      clock,
    )
    if (because !== undefined) residue.push(`${device} is still attached: ${because}`)
  }
  for (const path of [...elsewhereOf(folder), folder]) {
    try {
      remove(path)
    } catch (error) {
      residue.push(`${path} is still there: ${messageOf(error)}`)
    }
  }
  return residue
}

/** What `removeState` would remove. */
export function stateIn(stateFolder: string): Inventory[] {
  const arms = listFolder(stateFolder).map((name) => join(stateFolder, name))
  return [
    { kind: 'mount', names: mountPointsBelow(stateFolder) },
    { kind: 'loop device', names: loopDevicesBelow(stateFolder) },
    {
      kind: 'folder',
      names: [...arms.flatMap(elsewhereOf), ...(kindOf(stateFolder) === undefined ? [] : [stateFolder])],
    },
  ]
}

/** The same for all arms of a run. */
export async function removeState(stateFolder: string, clock: Clock): Promise<string[]> {
  const residue: string[] = []
  for (const name of listFolder(stateFolder)) residue.push(...(await removeArmState(join(stateFolder, name), clock)))
  if (residue.length === 0) remove(stateFolder)
  return residue
}

function elsewhereOf(folder: string): string[] {
  const file = join(folder, elsewhereFile)
  if (!isFile(file)) return []
  const path = readTextFile(file).trim()
  return basename(path).startsWith(elsewherePrefix) ? [path] : []
}

/** Why a command did not do its work; undefined where it is done, by whomever. */
async function persistently(
  [program = '', ...args]: readonly string[],
  isToDo: () => boolean,
  clock: Clock,
): Promise<string | undefined> {
  let because = ''
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await clock.sleep(pauseMs)
    try {
      await promisify(execFile)(program, args, { env: systemPrograms })
    } catch (error) {
      because = messageOf(error).split('\n').slice(0, 2).join(' ')
    }
    if (!isToDo()) return undefined
  }
  return because
}
