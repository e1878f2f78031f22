import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { processStartIn } from '../../src/base/proc.ts'
import { findMarked } from '../../src/targets/local/leftovers.ts'

/** What there is on a machine, one phrase each: `process 812 etcd --name=...`, `file /tmp/x`. */
export type MachineState = ReadonlySet<string>

/** Where files count, and which do not. */
export interface Watched {
  folders: readonly string[]
  /** Left out, with all below. */
  ignored?: readonly string[]
}

/**
 * Reads everything that a run could leave behind: processes, mounts, loop devices, cgroups, network interfaces, sockets that listen, and files
 * below some folders. In namespaces of its own (isolated.ts), a reader sees nothing of anybody else but loop devices.
 */
export function readMachine({ folders, ignored = [] }: Watched): MachineState {
  return new Set([
    ...processes(),
    ...mounts(),
    ...loopDevices(folders),
    ...cgroups(),
    ...interfaces(),
    ...listeners(),
    ...folders.flatMap((folder) => filesBelow(folder, ignored)).map((file) => `file ${file}`),
  ])
}

/** What is there and was not, and what was there and is not, a phrase each. */
export function changesBetween(before: MachineState, after: MachineState): string[] {
  return [
    ...[...after].filter((one) => !before.has(one)),
    ...[...before].filter((one) => !after.has(one)).map((one) => `gone: ${one}`),
  ]
}

/** Whatever their parents; without those that are dead and not waited for yet, and with their mark, if they carry one. */
function processes(): string[] {
  const marks = new Map(findMarked().map(({ pid, runId }) => [pid, runId]))
  return entriesOf('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const start = processStartIn(textOf(`/proc/${pid}/stat`))
      if (start === undefined) return []
      const [program = '', ...args] = textOf(`/proc/${pid}/cmdline`).split('\0')
      const mark = marks.get(Number(pid))
      const of = mark === undefined ? '' : ` of ${mark}`
      return [`process ${pid}, started at ${start}${of}: ${[basename(program), ...args].join(' ').slice(0, 200)}`]
    })
}

function mounts(): string[] {
  return textOf('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [own = '', device = ''] = line.split(' - ')
      const [type, source] = device.split(' ')
      return `mount ${own.split(' ')[4]} (${type}, ${source})`
    })
}

/** Of all on this machine, those on files below the folders. */
function loopDevices(folders: readonly string[]): string[] {
  return entriesOf('/sys/block').flatMap((name) => {
    const file = textOf(`/sys/block/${name}/loop/backing_file`).trim()
    return folders.some((folder) => file.startsWith(`${folder}/`)) ? [`loop device ${name} (${file})`] : []
  })
}

function cgroups(): string[] {
  const mountPoints = textOf('/proc/self/mountinfo')
    .split('\n')
    .flatMap((line) => (/ - cgroup2? /.test(line) ? [line.split(' ')[4] ?? ''] : []))
  return [...new Set(mountPoints)].flatMap(cgroupsBelow).map((folder) => `cgroup ${folder}`)
}

function cgroupsBelow(folder: string): string[] {
  if (!entriesOf(folder).includes('cgroup.procs')) return []
  return [folder, ...entriesOf(folder).flatMap((name) => cgroupsBelow(join(folder, name)))]
}

function interfaces(): string[] {
  return [...textOf('/proc/self/net/dev').matchAll(/^ *(\S+):/gm)].map(([, name]) => `network interface ${name}`)
}

/** Addresses are as the kernel writes them: in hexadecimal. */
function listeners(): string[] {
  const listening = '0A'
  const internet = ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((protocol) =>
    textOf(`/proc/self/net/${protocol}`)
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const [, local, , state] = line.trim().split(/\s+/)
        const counts = local !== undefined && (protocol.startsWith('udp') || state === listening)
        return counts ? [`${protocol} port ${Number.parseInt(local.split(':')[1] ?? '', 16)} (${local})`] : []
      }),
  )
  const unix = textOf('/proc/self/net/unix')
    .split('\n')
    .flatMap((line) => {
      const [, , , flags, , , , path] = line.split(/\s+/)
      return flags === '00010000' && path !== undefined ? [`socket ${path}`] : []
    })
  return [...internet, ...unix]
}

function filesBelow(folder: string, ignored: readonly string[]): string[] {
  return entriesOf(folder).flatMap((name) => {
    const path = join(folder, name)
    return ignored.includes(path) ? [] : [path, ...(isLink(path) ? [] : filesBelow(path, ignored))]
  })
}

function isLink(path: string): boolean {
  try {
    return readlinkSync(path) !== ''
  } catch {
    return false
  }
}

/** Nothing of what is no folder, or is gone by now. */
function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Nothing of a process that is gone by now. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
