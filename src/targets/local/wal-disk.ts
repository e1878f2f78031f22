import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Failure, messageOf } from '../../base/errors.ts'
import { kindOf, makeFolder, writeFileWhole } from '../../base/files.ts'
import type { Environment } from '../../components/components.ts'
import { isInstalled } from './priority.ts'
import { elsewhereFile, elsewherePrefix } from './state-folder.ts'

/** In place of a folder: a loop device with a file system of its own, for each arm. */
export const loopDisk = 'loop'

const loopPrograms = ['truncate', 'mkfs.ext4', 'mount', 'umount', 'losetup'] as const
const loopControl = '/dev/loop-control'
/** Six segments of 64 MiB each, which etcd allocates ahead (server/storage/wal/wal.go, --max-wals), and room for the file system. */
const bytesPerMember = 512 * 2 ** 20

/** Throws `Failure('infrastructure')` where arms cannot have their write-ahead log there. */
export function requireWalDisk(walDisk: string, env: Environment): void {
  if (walDisk !== loopDisk) {
    if (kindOf(walDisk) === 'folder') return
    throw new Failure('infrastructure', `controlPlane.etcd.walDisk: ${walDisk} is not a folder`, {
      next: 'Name a folder on another disk',
    })
  }
  const missing = loopPrograms.filter((program) => !isInstalled(program, env))
  const because =
    process.getuid?.() !== 0
      ? 'only root may set up a loop device'
      : kindOf(loopControl) === undefined
        ? `the kernel has no loop devices: ${loopControl} is missing`
        : missing.length > 0
          ? `${missing.join(', ')} is not installed`
          : undefined
  if (because === undefined) return
  throw new Failure('infrastructure', `controlPlane.etcd.walDisk: loop: ${because}`, {
    next: 'Run as root on a machine with loop devices, or name a folder on another disk instead of loop',
  })
}

export interface WalDiskOptions {
  walDisk: string
  /** Of the arm: removing it with `removeArmState` takes the disk away, however far its set-up has come. */
  stateFolder: string
  /** Tells the arm from all others on this machine. */
  name: string
  /** Etcd processes that write there. */
  members: number
  env: Readonly<Record<string, string>>
}

/** A folder for the write-ahead logs of an arm's etcds. Throws `Failure('infrastructure')`. */
export async function setUpWalDisk({ walDisk, stateFolder, name, members, env }: WalDiskOptions): Promise<string> {
  if (walDisk !== loopDisk) {
    const folder = join(walDisk, `${elsewherePrefix}${name}`)
    writeFileWhole(join(stateFolder, elsewhereFile), folder)
    makeFolder(folder, 0o700)
    return folder
  }
  const [image, folder] = [join(stateFolder, 'wal-disk.img'), join(stateFolder, 'wal-disk')]
  makeFolder(folder, 0o700)
  const commands = [
    ['truncate', `--size=${members * bytesPerMember}`, image],
    // Nothing is left for the kernel to write in the background while the run measures.
    ['mkfs.ext4', '-q', '-F', '-m', '0', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image],
    // The device goes with the mount.
    ['mount', '-o', 'loop', image, folder],
  ] as const
  for (const [program, ...args] of commands) {
    try {
      await promisify(execFile)(program, args, { env })
    } catch (error) {
      throw new Failure('infrastructure', `no loop device for the write-ahead log: ${messageOf(error)}`, {
        next: 'Name a folder on another disk instead: controlPlane.etcd.walDisk',
      })
    }
  }
  return folder
}
