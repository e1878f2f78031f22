import { deviceNumberOf, kindOf, readKernelFile } from '../../base/files.ts'
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
  const device = deviceNumberOf(folder)
  const fileSystem = readMounts().findLast((mount) => mount.device === device)?.fileSystem ?? 'unknown'
  const at = `/sys/dev/block/${device}`
  if (kindOf(at) === undefined)
    return { kind: onlyMemory.includes(fileSystem) ? 'memory' : 'unknown', name: fileSystem, fileSystem }
  // A partition is part of the disk above it.
  const whole = kindOf(`${at}/partition`) === undefined ? at : `${at}/..`
  const name = /^DEVNAME=(.+)$/m.exec(readKernelFile(`${whole}/uevent`))?.[1] ?? device
  const scheduler = schedulerOf(whole)
  const shared = { name, fileSystem, ...(scheduler !== undefined && { scheduler }) }
  const backing = `${whole}/loop/backing_file`
  if (kindOf(backing) === undefined) return { kind: 'disk', ...shared }
  const file = readKernelFile(backing).trim()
  return { kind: 'loop', ...shared, ...(kindOf(file) !== undefined && { on: diskUnder(file).name }) }
}

/** The one in brackets: `none [mq-deadline] kyber`. */
function schedulerOf(device: string): string | undefined {
  const file = `${device}/queue/scheduler`
  return kindOf(file) === undefined ? undefined : /\[(.+)\]/.exec(readKernelFile(file))?.[1]
}
