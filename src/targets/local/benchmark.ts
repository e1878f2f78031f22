import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { Failure, messageOf } from '../../base/errors.ts'
import { makeFolder, remove } from '../../base/files.ts'
import type { ClusterProcess } from '../../measure/machine-record.ts'
import type { RenderedKnobs } from '../../tuning/render.ts'
import type { BenchmarkedEtcds } from '../etcd-benchmark.ts'
import { benchmarkedEtcds } from '../etcd-benchmark.ts'
import { etcdUrl } from './arguments/etcd.ts'
import { credentialsFor } from './connections.ts'
import type { RunningEtcd } from './etcds.ts'
import { startEtcds } from './etcds.ts'
import type { Pki } from './pki.ts'
import type { Ports } from './ports.ts'
import { createSupervisor } from './processes.ts'

interface BenchOptions {
  binaryFolder: string
  /** etcd's tool. */
  program: string
  /** Created here; gone with the etcds. */
  stateFolder: string
  logFolder: string
  env: Readonly<Record<string, string>>
  knobs: RenderedKnobs
  members: number
  besideKubernetes: boolean
  pki: Pki
  ports: Ports
  clock: Clock
  signal: AbortSignal
}

/** Etcds on this machine that hold nothing. */
export interface LocalBench extends BenchmarkedEtcds {
  readonly members: readonly RunningEtcd[]
  readonly broken: AbortSignal
  processes(): ClusterProcess[]
}

const stopGraceMs = 3000

/**
 * Starts etcds of their own, with the arm's settings, for a benchmark to write to. When that fails they are gone before this throws, as
 * `startEtcds` does.
 */
export async function startBench(options: BenchOptions): Promise<LocalBench> {
  const { binaryFolder, program, stateFolder, logFolder, env, knobs, besideKubernetes, pki, clock } = options
  const supervisor = createSupervisor({ logFolder, env, clock })
  const closing = new AbortController()
  const closed = AbortSignal.any([supervisor.broken, closing.signal])
  const close = async () => {
    closing.abort(new Failure('interrupted', 'the benchmark is over'))
    const residue = (await supervisor.stop(stopGraceMs)).map((name) => `${name} is still running after SIGKILL`)
    try {
      remove(stateFolder)
    } catch (error) {
      residue.push(`${stateFolder} is still there: ${messageOf(error)}`)
    }
    if (residue.length > 0) throw new Failure('residue', residue.join('; '))
  }
  try {
    makeFolder(stateFolder, 0o700)
    const { ports, members: count, signal } = options
    const started = { binaryFolder, stateFolder, pki, ports, supervisor, clock, closed, signal }
    const members = await startEtcds({ ...started, knobs: { ...knobs, etcdSplit: [] }, members: count })
    const etcds = benchmarkedEtcds({
      urls: members.map(etcdUrl),
      isGiven: false,
      besideKubernetes,
      program,
      env,
      files: { cacert: pki.ca.certFile, cert: pki.etcdClient.certFile, key: pki.etcdClient.keyFile },
      credentialsOf: (url) => credentialsFor(url, pki.ca.cert, pki.etcdClient),
      clock,
      broken: supervisor.broken,
      close,
    })
    return {
      ...etcds,
      members,
      broken: supervisor.broken,
      processes: () => supervisor.running().map(({ pid }) => ({ component: 'etcd', pid })),
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Where the files of a cluster's n-th benchmark belong. */
export function benchFolder(folder: string, number: number): string {
  return join(folder, `benchmark-${number}`)
}
