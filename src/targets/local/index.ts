import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { Failure } from '../../base/errors.ts'
import { readKernelFile } from '../../base/files.ts'
import { minorOf } from '../../base/kubernetes-version.ts'
import { buildComponents, describeBuild } from '../../components/build.ts'
import type { ComponentsPlace, Environment } from '../../components/components.ts'
import {
  componentsVariable,
  locateComponents,
  readModulePins,
  requireComponents,
  toolBinaries,
} from '../../components/components.ts'
import { readVersion } from '../../components/version.ts'
import { processesOf } from '../../fleet/packing.ts'
import type { PlannedControlPlane } from '../../plan/plan.ts'
import { benchmarkProgram } from '../etcd-benchmark.ts'
import type { Cluster, PrepareContext, Target } from '../target.ts'
import { localBinaries, localComponents } from './binaries.ts'
import type { ClusterOptions } from './cluster.ts'
import { closeBudgetMs, openCluster } from './cluster.ts'
import { openEtcdsAlone } from './etcds-alone.ts'
import { supportOf } from './knobs.ts'
import { runMark, stateFolderOf } from './leftovers.ts'
import { checkLimits, readLimits } from './limits.ts'
import { createPorts, parsePortRange } from './ports.ts'
import { isInstalled, mayRaisePriority } from './priority.ts'
import type { Reaper } from './reaper.ts'
import { startReaper } from './reaper.ts'
import { requireSettings } from './require-settings.ts'
import { requireWalDisk } from './wal-disk.ts'

export interface LocalTargetOptions {
  runId: string
  /** `reports/<run>`: logs/ stays there; state/ is gone when the run ends, however it ends. */
  runFolder: string
  /** The Go module that pins the components. */
  componentsSource: string
  env: Environment
  clock: Clock
  /** What control planes are made of; as little as possible when absent. */
  controlPlane?: PlannedControlPlane | undefined
  /** Present when the plan benchmarks etcd. */
  benchmark?: LocalBenchmark | undefined
}

/** What benchmarks of etcd need beside the cluster. */
export interface LocalBenchmark {
  /** When the plan does nothing else: how many members of etcd are all there is; a whole control plane runs when absent. */
  etcdsAlone?: number | undefined
}

/**
 * Real control planes and hollow nodes on this machine, one arm after another. From the first program it starts on, a
 * second process guards the run (reaper.ts): nothing of it outlives the orchestrator. Throws
 * `Failure('infrastructure')` off Linux.
 */
export function localTarget(options: LocalTargetOptions): Target<Cluster> {
  const { runId, runFolder, componentsSource, env, clock, controlPlane, benchmark } = options
  const walDisk = controlPlane?.etcd.walDisk
  const etcdsAlone = benchmark?.etcdsAlone
  if (process.platform !== 'linux')
    throw new Failure('infrastructure', `target local needs Linux, because kubelets do; this is ${process.platform}`, {
      next: 'Run on a Linux machine, or with another target',
    })
  const stateFolder = stateFolderOf(runFolder)
  const defaultKubernetes = minorOf(readModulePins({ sourceFolder: componentsSource }).kubernetes)
  const permissions = {
    mayRaisePriority: mayRaisePriority(),
    hasIonice: isInstalled('ionice', env),
    hasWalDisk: walDisk !== undefined,
  }
  const ports = createPorts(
    parsePortRange(readKernelFile('/proc/sys/net/ipv4/ip_local_port_range')),
    createHash('sha256').update(runId).digest().readUInt16BE(),
  )
  const mark = { [runMark]: runId }
  let reaper: Reaper | undefined
  const guard = async () => {
    if (reaper?.isAlive() !== true) reaper = await startReaper({ runId, stateFolder })
  }
  const placeOf = (kubernetes: string | undefined) =>
    locateComponents(localComponents(componentsSource, kubernetes), env)
  const toolPlace = () => locateComponents({ sourceFolder: componentsSource, binaries: toolBinaries }, env)
  // Once for all arms, so that a change of the sources in mid-run cannot give them different binaries.
  const folders = new Map<string | undefined, string>()
  const folderOf = (kubernetes: string | undefined): string => {
    const folder = folders.get(kubernetes) ?? requireComponents(placeOf(kubernetes))
    folders.set(kubernetes, folder)
    return folder
  }
  const versions = new Map<string, Promise<Record<string, string>>>()
  const versionsIn = (folder: string, componentEnv: Record<string, string>) => {
    const found = versions.get(folder) ?? readVersions(folder, componentEnv)
    versions.set(folder, found)
    return found
  }
  const build = async (place: ComponentsPlace, { signal, onProgress }: PrepareContext) => {
    if (place.origin === 'given' || place.missing.length === 0) return
    await guard()
    const { kubernetes } = readModulePins(place.wanted)
    onProgress(`building the components of Kubernetes ${kubernetes} in ${place.folder} (once; takes a few minutes)`)
    await buildComponents(place, {
      env: { ...env, ...mark },
      clock,
      signal,
      onProgress: (progress) => onProgress(`Kubernetes ${kubernetes}: ${describeBuild(progress)}`),
    })
  }

  const supports: Target['supports'] = (knob, kubernetes) => {
    const isOut = etcdsAlone !== undefined && (knob.component !== 'etcd' || knob.setting.via === 'etcd-split')
    if (isOut) return { supported: false, because: 'only etcd runs here' }
    return supportOf(knob, permissions, kubernetes ?? defaultKubernetes)
  }
  const componentEnv = { PATH: env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin', ...mark }

  return {
    name: 'local',
    evidence: 'measured',
    onThisMachine: true,
    closeBudgetMs: (fleet) => closeBudgetMs(processesOf(fleet)),
    ...(etcdsAlone !== undefined && { hasKubernetes: false as const }),
    supports,

    async prepare(context) {
      const { arms } = context
      if (benchmark !== undefined) {
        await build(toolPlace(), context)
        requireComponents(toolPlace())
      }
      checkLimits(context.fleet, readLimits())
      const isWanted = arms.some(({ requests }) =>
        requests.some(({ knob, value }) => knob.id === 'etcd.walDisk' && value === true),
      )
      if (walDisk !== undefined && isWanted) requireWalDisk(walDisk, env)
      for (const kubernetes of new Set(arms.map((arm) => arm.kubernetes))) {
        const place = placeOf(kubernetes)
        await build(place, context)
        const folder = folderOf(kubernetes)
        if (place.origin === 'given') await requireVersion(place, env)
        const asked = arms.filter((arm) => arm.kubernetes === kubernetes)
        await guard()
        await requireSettings(asked, { supports, folder, env: componentEnv, scratchFolder: stateFolder })
      }
    },

    async open({ arm: { id: armId, kubernetes }, knobs, signal }) {
      const folder = folderOf(kubernetes)
      await guard()
      const cluster: ClusterOptions = {
        binaryFolder: folder,
        stateFolder: join(stateFolder, armId),
        logFolder: join(resolve(runFolder), 'logs', armId),
        env: componentEnv,
        knobs,
        controlPlane,
        name: `${runId}-${armId}`,
        readVersions: () => versionsIn(folder, componentEnv),
        benchmarkProgram: () => benchmarkProgram(requireComponents(toolPlace())),
        ports,
        clock,
        signal,
        unguard: async () => reaper?.dismiss(),
      }
      return etcdsAlone === undefined ? openCluster(cluster) : openEtcdsAlone(cluster, etcdsAlone)
    },
  }
}

/** A folder that the user gives holds one version of Kubernetes, which may not be the one that is asked for. */
async function requireVersion({ wanted: { kubernetes }, folder }: ComponentsPlace, env: Environment): Promise<void> {
  if (kubernetes === undefined) return
  const version = await readVersion(join(folder, 'kube-apiserver'), env)
  if (minorOf(version) === kubernetes) return
  throw new Failure('bad-input', `${componentsVariable}=${folder} holds Kubernetes ${version}, not ${kubernetes}`, {
    next: `Unset ${componentsVariable}, so that every version the arms use is built (needs Go)`,
  })
}

/** Version of each binary as it tells it: `v1.36.3`, `3.6.8`. */
async function readVersions(folder: string, env: Record<string, string>): Promise<Record<string, string>> {
  const versions = await Promise.all(
    localBinaries
      .filter((binary) => binary !== 'peer-relay')
      .map(async (binary) => [binary, await readVersion(join(folder, binary), env)] as const),
  )
  return Object.fromEntries(versions)
}
