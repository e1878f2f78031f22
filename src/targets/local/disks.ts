import { deviceOf, kindOf, readKernelFile } from '../../base/files.ts'
import type { Disk } from '../../result/result.ts'

/** A mounted file system. */
export interface Mount {
  /** Of its block device: `254:0`. */
  device: string
  mountPoint: string
  /** `ext4`, `tmpfs`. */
  fileSystem: string
}

/** What is mounted, according to the content of /proc/self/mountinfo (proc_pid_mountinfo(5)), in the order it was mounted. */
export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [fields = '', rest = ''] = line.split(' - ')
    const [, , device, , mountPoint] = fields.split(' ')
    const [fileSystem] = rest.split(' ')
    if (device === undefined || mountPoint === undefined || fileSystem === undefined) return []
    return [{ device, mountPoint: unescaped(mountPoint), fileSystem }]
  })
}

/** Blanks and the like are written in octal. */
function unescaped(path: string): string {
  return path.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

/** What is mounted now. */
export function readMounts(): Mount[] {
  return parseMounts(readKernelFile('/proc/self/mountinfo'))
}

const onlyMemory = ['tmpfs', 'ramfs']

/** The device under a folder that is there. Throws `Failure` where it cannot be looked into. */
export function diskUnder(folder: string): Disk {
  const device = deviceOf(folder)
  const fileSystem = readMounts().findLast((mount) => mount.device === device)?.fileSystem ?? 'unknown'
  const whole = diskOf(device)
  if (whole === undefined)
    return { kind: onlyMemory.includes(fileSystem) ? 'memory' : 'unknown', name: fileSystem, fileSystem }
  const name = /^DEVNAME=(.+)$/m.exec(readKernelFile(`${whole}/uevent`))?.[1] ?? device
  const scheduler = schedulerOf(whole)
  const shared = { name, fileSystem, ...(scheduler !== undefined && { scheduler }) }
  const backing = `${whole}/loop/backing_file`
  if (kindOf(backing) === undefined) return { kind: 'disk', ...shared }
  const file = readKernelFile(backing).trim()
  return { kind: 'loop', ...shared, ...(kindOf(file) !== undefined && { on: diskUnder(file).name }) }
}

/** Where the kernel tells of the disk that a device is, or is a partition of; undefined where it is no block device. */
function diskOf(device: string): string | undefined {
  const at = `/sys/dev/block/${device}`
  if (kindOf(at) === undefined) return undefined
  return kindOf(`${at}/partition`) === undefined ? at : `${at}/..`
}

/** Whether the disk under a folder, or under the nearest one above it that is there, has to wait for heads to move; undefined where the kernel does not show it. */
export function isRotational(folder: string): boolean | undefined {
  const disk = diskOf(deviceOf(folder))
  const file = `${disk}/queue/rotational`
  return disk === undefined || kindOf(file) === undefined ? undefined : readKernelFile(file).trim() === '1'
}

/** The one in brackets: `none [mq-deadline] kyber`. */
function schedulerOf(device: string): string | undefined {
  const file = `${device}/queue/scheduler`
  return kindOf(file) === undefined ? undefined : /\[(.+)\]/.exec(readKernelFile(file))?.[1]
}
