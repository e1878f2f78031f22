import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Clock } from '../../src/base/clock.ts'
import { Failure } from '../../src/base/errors.ts'
import { findCgroups, hierarchies } from './cgroups.ts'
import type { ProfileFlags, Settings } from './layout.ts'
import {
  cgroupOf,
  clusterNames,
  hostsOf,
  idOf,
  kubeconfigFile,
  logFolder,
  ports,
  socketFile,
  stateFolder,
  urlOf,
} from './layout.ts'
import type { Message } from './messages.ts'
import { tearDown } from './tear-down.ts'

export interface HostClusterOptions {
  /** Where logs/ is kept; removed as a whole when the process that started the cluster dies. */
  folder: string
  /** Machines of the host cluster. */
  hosts: number
  /** Pods that each of them takes; 110, as everywhere, when absent. */
  maxPods?: number
  /** Folder that holds the components and `kubelet`. */
  binaries: string
  /** Archives (`docker save`) that every machine gets; there is no registry. */
  images: readonly string[]
  /** Name of the image that holds a pod's namespaces; one of `images`. */
  pauseImage: string
  /** What `retune` can set the target to. */
  profiles?: Record<string, ProfileFlags>
  clock: Clock
}

/** How to reach one of the two clusters, from inside. */
export interface ClusterAccess {
  /** The only context of its kubeconfigs. */
  context: string
  /** Of its administrator. */
  kubeconfig: string
  /** Of a user who has no rights but those that somebody grants user `scale-test`. */
  limitedKubeconfig: string
  /** Of its namespace kube-system. */
  uid: string
  /** Where its components serve /metrics and more, to those who may read them. */
  components: Readonly<Record<'etcd' | 'kube-controller-manager' | 'kube-scheduler', readonly string[]>>
}

/** What a program did that ran inside. */
export interface Outcome {
  status: number | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  cwd?: string
  /** Added to the environment of this process. */
  env?: Readonly<Record<string, string>>
  /** Kills it. */
  signal?: AbortSignal
}

/** What exists of a cluster; all empty when nothing is left of it. */
export interface Traces {
  /** Command lines of its processes, pods included. */
  processes: string[]
  /** Folders of its cgroups. */
  cgroups: string[]
  /** Mount points out here. */
  mounts: string[]
}

/** Two clusters made of real parts, in namespaces of their own: a host cluster with machines, and a target without. */
export interface HostCluster {
  readonly host: ClusterAccess
  readonly target: ClusterAccess
  /** Names of the host cluster's Nodes. */
  readonly machines: readonly string[]
  /** Program and first arguments that set the target to the profile that is their last one; to be run inside. */
  readonly retune: readonly string[]
  readonly logFolder: string
  /** Aborts when the inside ends that nobody stopped. */
  readonly broken: AbortSignal
  /** Runs a program inside the namespaces, where both clusters can be reached; it ends with the cluster at the latest. */
  run(program: string, args: readonly string[], options?: RunOptions): Promise<Outcome>
  inspect(): Traces
  /** Takes everything away but the logs; does nothing when that is done. Throws `Failure('residue')` that names what is left. */
  stop(): Promise<void>
}

const startTimeoutMs = 150_000

/**
 * Starts the clusters. Throws `Failure('infrastructure')` when that fails, with nothing left but logs. Needs root, and
 * what requirements.ts looks for.
 */
export async function startHostCluster(options: HostClusterOptions): Promise<HostCluster> {
  const { hosts, maxPods = 110, images, pauseImage, profiles = {}, clock } = options
  const folder = resolve(options.folder)
  if (/^\/(var|run)\//.test(folder))
    throw new Failure(
      'infrastructure',
      `${folder} would be hidden from the machines, which have a /var and /run of their own`,
    )
  const settings: Settings = {
    id: idOf(process.pid, folder),
    folder,
    hosts,
    maxPods,
    binaries: resolve(options.binaries),
    images: images.map((image) => resolve(image)),
    pauseImage,
    profiles,
  }
  for (const made of [logFolder(folder), ...clusterNames.map((name) => join(stateFolder(folder), name))])
    mkdirSync(made, { recursive: true, mode: 0o700 })
  const settingsFile = join(stateFolder(folder), 'settings.json')
  writeFileSync(settingsFile, JSON.stringify(settings, null, 2), { mode: 0o600 })

  const log = openSync(join(logFolder(folder), 'inside.log'), 'a', 0o600)
  const keeper = spawn(process.execPath, [join(import.meta.dirname, 'keeper.ts'), settingsFile], {
    // A session of its own: what kills this process and its group does not kill it.
    detached: true,
    cwd: '/',
    // Not this process's standard error: whoever reads that would wait for the keeper to end.
    stdio: ['pipe', 'pipe', log],
  })
  closeSync(log)
  const keeperEnded = once(keeper, 'exit')
  const [stdin, stdout] = [keeper.stdin as Writable, keeper.stdout as Readable]
  stdin.on('error', () => {})
  const breaking = new AbortController()
  const progress = new EventTarget()
  let init = 0
  let pidNamespace = ''
  let ready: Extract<Message, { event: 'ready' }> | undefined
  let failure: string | undefined
  let left: string[] | undefined
  createInterface({ input: stdout }).on('line', (line) => {
    const message: Message = JSON.parse(line)
    if (message.event === 'started') {
      init = message.pid
      pidNamespace = readlinkSync(`/proc/${init}/ns/pid`)
    }
    if (message.event === 'ready') ready = message
    if (message.event === 'failed') failure ??= message.message
    if (message.event === 'gone') left = message.left
    progress.dispatchEvent(new Event('message'))
  })

  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= (async () => {
      stdin.end('stop\n')
      await keeperEnded
      // When the keeper was killed, nobody has done this.
      const remaining = left?.length === 0 ? [] : await tearDown(settings, { keepLogs: true, clock })
      if (remaining.length > 0)
        throw new Failure('residue', `of the host cluster there is left: ${remaining.join(', ')}`)
    })()
    return stopping
  }
  keeperEnded.then(() => {
    progress.dispatchEvent(new Event('message'))
    if (stopping === undefined)
      breaking.abort(
        new Failure('infrastructure', `the host cluster ended: ${failure ?? 'its keeper died'}`, {
          next: `See ${logFolder(folder)}`,
        }),
      )
  })

  const late = AbortSignal.timeout(startTimeoutMs)
  while (ready === undefined && failure === undefined && keeper.exitCode === null && !late.aborted)
    await once(progress, 'message', { signal: late }).catch(() => undefined)
  if (ready === undefined) {
    await stop()
    const why = failure ?? (late.aborted ? `it was not ready after ${startTimeoutMs / 1000} s` : 'its keeper died')
    throw new Failure('infrastructure', `the host cluster cannot be started: ${why}`, {
      next: `See ${logFolder(folder)}`,
    })
  }

  const access = (name: 'host' | 'target', uid: string): ClusterAccess => ({
    context: name,
    kubeconfig: kubeconfigFile(folder, name),
    limitedKubeconfig: kubeconfigFile(folder, name, 'limited'),
    uid,
    components: {
      etcd: [urlOf(ports[name].etcdClient)],
      'kube-controller-manager': [urlOf(ports[name].controllerManager)],
      'kube-scheduler': [urlOf(ports[name].scheduler)],
    },
  })
  return {
    host: access('host', ready.uids.host),
    target: access('target', ready.uids.target),
    machines: hostsOf(settings).map(({ name }) => name),
    retune: [process.execPath, join(import.meta.dirname, 'retune.ts'), socketFile(folder)],
    logFolder: logFolder(folder),
    broken: breaking.signal,
    stop,

    async run(program, args, { cwd = process.cwd(), env = {}, signal } = {}) {
      const enter = ['--target', String(init), '--mount', '--pid', '--net', '--ipc', `--wdns=${cwd}`]
      // nsenter is the parent out here of what runs inside: a kill of the one is to be a kill of the other.
      const child = spawn('nsenter', [...enter, 'setpriv', '--pdeathsig', 'KILL', program, ...args], {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        signal,
        killSignal: 'SIGKILL',
      })
      const [stdout, stderr, [status]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ])
      return { status, stdout, stderr }
    },

    inspect: () => ({
      processes: processesIn(pidNamespace),
      cgroups: findCgroups(cgroupOf(settings.id), hierarchies()),
      mounts: readFileSync('/proc/self/mountinfo', 'utf8')
        .split('\n')
        .filter((line) => line.includes(folder)),
    }),
  }
}

/** Command lines of the processes in a pid namespace. */
function processesIn(namespace: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return []
    try {
      if (readlinkSync(`/proc/${pid}/ns/pid`) !== namespace) return []
      return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()]
    } catch {
      // It ended in between, or is ending.
      return []
    }
  })
}
