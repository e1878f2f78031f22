import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { Failure } from '../../base/errors.ts'
import { makeFolder } from '../../base/files.ts'
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
import { takeAway } from './running.ts'

/** What all benchmarks of a cluster share. */
interface BenchesOptions {
  binaryFolder: string
  /** Where etcd's tool is. Throws `Failure('infrastructure')` when it is not built. */
  benchmarkProgram(): string
  /** Of the cluster; each benchmark has a folder of its own in both. */
  stateFolder: string
  logFolder: string
  env: Readonly<Record<string, string>>
  knobs: RenderedKnobs
  besideKubernetes: boolean
  pki: Pki
  ports: Ports
  clock: Clock
}

/** The benchmarks of a cluster. */
export interface Benches {
  /**
   * Starts etcds of their own, with the arm's settings, for a benchmark to write to. When that fails they are gone before this throws, as
   * `startEtcds` does.
   */
  start(options: { members: number; signal: AbortSignal }): Promise<LocalBench>
  processes(): ClusterProcess[]
}

/** Etcds on this machine that hold nothing. */
export interface LocalBench extends BenchmarkedEtcds {
  readonly members: readonly RunningEtcd[]
  readonly broken: AbortSignal
  processes(): ClusterProcess[]
}

/** None so far. */
export function createBenches(options: BenchesOptions): Benches {
  const benches: LocalBench[] = []
  return {
    async start(wanted) {
      const folder = `benchmark-${benches.length + 1}`
      const [stateFolder, logFolder] = [join(options.stateFolder, folder), join(options.logFolder, folder)]
      const bench = await startBench({ ...options, stateFolder, logFolder, ...wanted })
      benches.push(bench)
      return bench
    },
    processes: () => benches.flatMap((bench) => bench.processes()),
  }
}

async function startBench(options: BenchesOptions & { members: number; signal: AbortSignal }): Promise<LocalBench> {
  const { stateFolder, logFolder, env, knobs, besideKubernetes, pki, clock } = options
  const program = options.benchmarkProgram()
  const supervisor = createSupervisor({ logFolder, env, clock })
  const closing = new AbortController()
  const closed = AbortSignal.any([supervisor.broken, closing.signal])
  const close = async () => {
    closing.abort(new Failure('interrupted', 'the benchmark is over'))
    const residue = await takeAway({ supervisor, stateFolder, clock })
    if (residue.length > 0) throw new Failure('residue', residue.join('; '))
  }
  try {
    makeFolder(stateFolder, 0o700)
    const members = await startEtcds({ ...options, supervisor, closed, knobs: { ...knobs, etcdSplit: [] } })
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
