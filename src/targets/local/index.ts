import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { Failure } from '../../base/errors.ts'
import { readKernelFile } from '../../base/files.ts'
import { buildComponents, describeBuild } from '../../components/build.ts'
import type { Environment } from '../../components/components.ts'
import { locateComponents, requireComponents } from '../../components/components.ts'
import { readVersion } from '../../components/version.ts'
import type { Cluster, Target } from '../target.ts'
import { localBinaries, localComponents } from './binaries.ts'
import { closeBudgetMs, openCluster } from './cluster.ts'
import { supportOf } from './knobs.ts'
import { runMark, stateFolderOf } from './leftovers.ts'
import { checkLimits, readLimits } from './limits.ts'
import { createPorts, parsePortRange } from './ports.ts'
import { isInstalled, mayRaisePriority } from './priority.ts'
import type { Reaper } from './reaper.ts'
import { startReaper } from './reaper.ts'

export interface LocalTargetOptions {
  runId: string
  /** `reports/<run>`: logs/ stays there; state/ is gone when the run ends, however it ends. */
  runFolder: string
  /** The Go module that pins the components. */
  componentsSource: string
  env: Environment
  clock: Clock
}

/**
 * Real control planes and hollow nodes on this machine, one arm after another. From the first program it starts on, a
 * second process guards the run (reaper.ts): nothing of it outlives the orchestrator. Throws
 * `Failure('infrastructure')` off Linux.
 */
export function localTarget(options: LocalTargetOptions): Target<Cluster> {
  const { runId, runFolder, componentsSource, env, clock } = options
  if (process.platform !== 'linux')
    throw new Failure('infrastructure', `target local needs Linux, since kubelets do; this is ${process.platform}`, {
      next: 'Run on a Linux machine, or with another target',
    })
  const stateFolder = stateFolderOf(runFolder)
  const wanted = localComponents(componentsSource)
  const permissions = { mayRaisePriority: mayRaisePriority(), hasIonice: isInstalled('ionice', env) }
  const ports = createPorts(
    parsePortRange(readKernelFile('/proc/sys/net/ipv4/ip_local_port_range')),
    createHash('sha256').update(runId).digest().readUInt16BE(),
  )
  const mark = { [runMark]: runId }
  let reaper: Reaper | undefined
  const guard = async () => {
    if (reaper?.isAlive() !== true) reaper = await startReaper({ runId, stateFolder })
  }
  // Once for all arms, so that a change of the sources in mid-run cannot give them different binaries.
  let binaryFolder: string | undefined
  let versions: Promise<Record<string, string>> | undefined
  const findBinaries = () => {
    binaryFolder ??= requireComponents(locateComponents(wanted, env))
    return binaryFolder
  }

  return {
    name: 'local',
    evidence: 'measured',
    onThisMachine: true,
    closeBudgetMs,
    supports: (knob) => supportOf(knob, permissions),

    async prepare({ fleet, signal, onProgress }) {
      checkLimits(fleet, readLimits())
      const place = locateComponents(wanted, env)
      if (place.origin === 'cache' && place.missing.length > 0) {
        await guard()
        onProgress(`building the components into ${place.folder}, once: it takes about six minutes`)
        await buildComponents(place, {
          env: { ...env, ...mark },
          clock,
          signal,
          onProgress: (progress) => onProgress(describeBuild(progress)),
        })
      }
      findBinaries()
    },

    async open({ arm: { id: armId }, knobs, signal }) {
      const folder = findBinaries()
      await guard()
      const componentEnv = { PATH: env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin', ...mark }
      return openCluster({
        binaryFolder: folder,
        stateFolder: join(stateFolder, armId),
        logFolder: join(resolve(runFolder), 'logs', armId),
        env: componentEnv,
        knobs,
        readVersions: () => {
          versions ??= readVersions(folder, componentEnv)
          return versions
        },
        ports,
        clock,
        signal,
      })
    },
  }
}

/** Version of each binary as it tells it: `v1.36.3`, `3.6.8`. */
async function readVersions(folder: string, env: Record<string, string>): Promise<Record<string, string>> {
  const versions = await Promise.all(
    localBinaries.map(async (binary) => [binary, await readVersion(join(folder, binary), env)] as const),
  )
  return Object.fromEntries(versions)
}
