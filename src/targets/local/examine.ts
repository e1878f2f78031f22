import { availableParallelism, totalmem } from 'node:os'
import { $ } from 'zx/core'
import { Failure } from '../../base/errors.ts'
import { freeBytes } from '../../base/files.ts'
import { formatBytes } from '../../base/quantity.ts'
import type { Environment } from '../../components/components.ts'
import { componentsVariable, locateComponents, readModulePins } from '../../components/components.ts'
import { localComponents } from './binaries.ts'
import { etcdDisk } from './etcd-disk.ts'
import type { Finding } from './finding.ts'
import { readLimits } from './limits.ts'
import { mayRaisePriority } from './priority.ts'

/** What this machine has and lacks for target local. Leaves everything as it is, but writes to the disk of the reports for up to a second. */
export async function examineMachine(sourceFolder: string, reports: string, env: Environment): Promise<Finding[]> {
  if (process.platform !== 'linux') {
    return [{ state: 'lacks', what: `Linux (this is ${process.platform}): kubelets run nowhere else` }]
  }
  return [
    await components(sourceFolder, env),
    ...machine(),
    ...limits(),
    ...disk(reports),
    ...etcdDisk(reports),
    privileges(),
  ]
}

async function components(sourceFolder: string, env: Environment): Promise<Finding> {
  const place = locateComponents(localComponents(sourceFolder), env)
  const { kubernetes, go } = readModulePins({ sourceFolder })
  if (place.missing.length === 0)
    return { state: 'has', what: `components of Kubernetes ${kubernetes}: ${place.folder}` }
  if (place.origin === 'given') {
    return {
      state: 'lacks',
      what: `${place.missing.join(', ')} in ${componentsVariable}=${place.folder}`,
      next: `put them there, or unset ${componentsVariable}`,
    }
  }
  const found = await $({ quiet: true, nothrow: true, env: { ...process.env, ...env } })`go env GOVERSION`
  return found.ok
    ? {
        state: 'limits',
        what: `components are not built yet; ${found.stdout.trim()} can build them`,
        next: 'make components (about six minutes, once)',
      }
    : {
        state: 'lacks',
        what: `components of Kubernetes ${kubernetes}, and Go to build them`,
        next: `install Go ${go} or later, or set ${componentsVariable} to a folder of prebuilt binaries`,
      }
}

function machine(): Finding[] {
  const cores = availableParallelism()
  const memoryBytes = totalmem()
  return [
    {
      state: cores >= 2 ? 'has' : 'limits',
      what: `${cores} processor cores`,
      ...(cores >= 2 ? {} : { next: 'use at least two; otherwise the machine itself is the limit' }),
    },
    {
      state: memoryBytes >= 2 * 2 ** 30 ? 'has' : 'lacks',
      what: `${formatBytes(memoryBytes)} of memory (a run with two nodes needs about 1 GiB)`,
    },
  ]
}

function limits(): Finding[] {
  const { inotifyInstances: instances } = readLimits()
  if (instances === undefined)
    return [
      { state: 'limits', what: 'the limit of inotify instances per user is unknown: the kernel does not show it' },
    ]
  return [
    {
      state: instances >= 128 ? 'has' : 'limits',
      what: `${instances} inotify instances per user: enough for about ${Math.max(0, instances - 28)} hollow nodes`,
      ...(instances >= 1024 ? {} : { next: 'for bigger fleets: sysctl -w fs.inotify.max_user_instances=8192' }),
    },
  ]
}

function disk(reports: string): Finding[] {
  try {
    const free = freeBytes(reports)
    return [
      {
        state: free >= 2 * 2 ** 30 ? 'has' : 'lacks',
        what: `${formatBytes(free)} of disk free for reports: ${reports}`,
      },
    ]
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return [
      {
        state: 'lacks',
        what: `a folder for reports: ${error.message}`,
        next: 'name another one: SCALE_TEST_REPORTS=FOLDER',
      },
    ]
  }
}

function privileges(): Finding {
  return mayRaisePriority()
    ? { state: 'has', what: 'permission to raise the priority of etcd, as the document does' }
    : {
        state: 'limits',
        what: 'no permission to raise priorities (root has it): etcd.nice will be reported as not applied',
      }
}
