import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A mounted hierarchy of control groups. */
export interface Hierarchy {
  version: 1 | 2
  mountPoint: string
}

/** Controllers that a kubelet asks for on cgroup v2. */
const wantedControllers = ['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids']

/** Hierarchies in the text of /proc/self/mountinfo: one with v2, one per controller with v1, or both (hybrid). */
export function hierarchiesIn(mountinfo: string): Hierarchy[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ', 2)
    const [, , , , mountPoint] = before.split(' ')
    const [type] = after.split(' ')
    if (mountPoint === undefined || (type !== 'cgroup' && type !== 'cgroup2')) return []
    return [{ version: type === 'cgroup' ? 1 : 2, mountPoint }]
  })
}

/** The hierarchies of this machine. */
export function hierarchies(): Hierarchy[] {
  return hierarchiesIn(readFileSync('/proc/self/mountinfo', 'utf8'))
}

/**
 * Makes `cgroup` (such as `/parent/child`) and what is above it in every hierarchy, so that a kubelet can have it as its
 * root: with v1 cpusets are copied down, since an empty one admits no process; with v2 controllers are passed down, but not
 * by one that is to have `processes` itself, which may then have no children with controllers.
 */
export function createCgroup(
  cgroup: string,
  among: readonly Hierarchy[],
  has: 'cgroups' | 'processes' = 'cgroups',
): void {
  const steps = cgroup.split('/').slice(1)
  for (const { version, mountPoint } of among) {
    for (const [index] of steps.entries()) {
      const folder = join(mountPoint, ...steps.slice(0, index + 1))
      if (version === 2) delegateControllers(dirname(folder))
      if (!existsSync(folder)) mkdirSync(folder)
      if (version === 1) inheritCpuset(folder)
    }
    // runc looks for them in the cgroup that it is told to make its own below.
    if (version === 2 && has === 'cgroups') delegateControllers(join(mountPoint, ...steps))
  }
}

function delegateControllers(folder: string): void {
  const available = words(join(folder, 'cgroup.controllers'))
  const delegated = words(join(folder, 'cgroup.subtree_control'))
  for (const controller of wantedControllers) {
    if (available.includes(controller) && !delegated.includes(controller))
      writeFileSync(join(folder, 'cgroup.subtree_control'), `+${controller}`)
  }
}

function inheritCpuset(folder: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const own = join(folder, file)
    if (existsSync(own) && readFileSync(own, 'utf8').trim() === '')
      writeFileSync(own, readFileSync(join(dirname(folder), file)))
  }
}

/** Folders of `cgroup` and of all below it, the deepest first. */
export function findCgroups(cgroup: string, among: readonly Hierarchy[]): string[] {
  return among.flatMap(({ mountPoint }) => below(join(mountPoint, cgroup)))
}

function below(folder: string): string[] {
  if (!existsSync(folder)) return []
  const children = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return [...children.flatMap(({ name }) => below(join(folder, name))), folder]
}

/** Removes `cgroup` and all below it as far as no process is in them, and returns what is left. */
export function removeCgroup(cgroup: string, among: readonly Hierarchy[]): string[] {
  for (const folder of findCgroups(cgroup, among)) {
    try {
      rmdirSync(folder)
    } catch {
      // Its processes are ending, or it went by itself; what is left is what counts.
    }
  }
  return findCgroups(cgroup, among)
}

function words(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(/\s+/) : []
}
