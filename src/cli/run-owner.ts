import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import process from 'node:process'
import { z } from 'zod'
import { Failure } from '../base/errors.ts'
import { kindOf, moveFile, readKernelFile, readTextFile, remove, writeNewFile } from '../base/files.ts'
import { processStartIn } from '../base/proc.ts'

/*
 * The folder of a run belongs to one process at a time, which a file in it names. A process that was killed leaves that file behind; numbers
 * of processes are given again, and a machine starts again: so the file also says when its process was started, and when the machine was.
 */

const ownerFile = 'owner.json'

const ownerSchema = z.object({
  pid: z.number(),
  host: z.string(),
  /** Of the machine since its last start; null where the system does not tell. */
  bootId: z.string().nullable(),
  /** When the process was started, in ticks of the kernel since then; null where the system does not tell. */
  startTicks: z.string().nullable(),
})
type Owner = z.infer<typeof ownerSchema>

/** Makes this process the owner of a folder. Throws `Failure('safety-refusal')` where another one is, or may be. */
export function takeFolder(folder: string): void {
  const file = join(folder, ownerFile)
  const text = textOf(file)
  const owner = ownerIn(text)
  if (owner !== undefined && mayBeAlive(owner)) throw inUse(folder, owner)
  if (text !== undefined) setAside(folder, text)
  const own = { pid: process.pid, host: hostname(), bootId: bootId(), startTicks: startTicksOf(process.pid) }
  if (!writeNewFile(file, `${JSON.stringify(own satisfies Owner)}\n`)) throw inUse(folder, ownerIn(textOf(file)))
}

/** Gives a folder up that is this process's. */
export function leaveFolder(folder: string): void {
  remove(join(folder, ownerFile))
}

/** Whether the process that writes a folder is alive; true also where that cannot be known, on another machine. */
export function isGoingOn(folder: string): boolean {
  const owner = ownerIn(textOf(join(folder, ownerFile)))
  return owner !== undefined && mayBeAlive(owner)
}

/** Whether its process had done all that it had to do with a folder: it gives it up then, and leaves nobody's name behind. */
export function wasLeft(folder: string): boolean {
  return kindOf(join(folder, ownerFile)) === undefined
}

/** Of two that take over from a dead process at once, the second may find the first one's file: that goes back. */
function setAside(folder: string, expected: string): void {
  const file = join(folder, ownerFile)
  const aside = join(folder, `.${ownerFile}-${randomBytes(3).toString('hex')}`)
  if (kindOf(file) === undefined) return
  moveFile(file, aside)
  const text = textOf(aside)
  if (text !== expected) {
    moveFile(aside, file)
    throw inUse(folder, ownerIn(text))
  }
  remove(aside)
}

function inUse(folder: string, owner: Owner | undefined): Failure {
  const run = basename(folder)
  if (owner !== undefined && owner.host !== hostname())
    return new Failure('safety-refusal', `${run} belongs to process ${owner.pid} on another machine, ${owner.host}`, {
      next: `If that process is gone, remove ${join(folder, ownerFile)}`,
    })
  const who = owner === undefined ? 'another process' : `process ${owner.pid}`
  return new Failure('safety-refusal', `${run} is still in progress: ${who} is running it`, {
    next: 'Wait for it to finish, or end that process',
  })
}

function textOf(file: string): string | undefined {
  return kindOf(file) === undefined ? undefined : readTextFile(file)
}

/** Undefined also where only a part was written: nobody goes on whose first file is not whole. */
function ownerIn(text: string | undefined): Owner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(text ?? '')).data
  } catch {
    return undefined
  }
}

function mayBeAlive({ pid, host, bootId: boot, startTicks }: Owner): boolean {
  if (host !== hostname()) return true
  const now = bootId()
  if (boot !== null && now !== null && boot !== now) return false
  if (startTicks !== null && now !== null) return startTicksOf(pid) === startTicks
  return answers(pid)
}

function bootId(): string | null {
  try {
    return readKernelFile('/proc/sys/kernel/random/boot_id').trim()
  } catch {
    return null
  }
}

/** Null where there is no such process, or nobody has asked yet how a dead one ended. */
function startTicksOf(pid: number): string | null {
  try {
    return processStartIn(readKernelFile(`/proc/${pid}/stat`)) ?? null
  } catch {
    return null
  }
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: somebody else's.
    return error instanceof Error && 'code' in error && error.code !== 'ESRCH'
  }
}
