import type { Clock } from '../../base/clock.ts'
import { readTextFile } from '../../base/files.ts'
import type { Environment } from '../../components/components.ts'
import { locateComponents, requireComponents, toolBinaries } from '../../components/components.ts'
import { benchmarkedEtcds, benchmarkProgram } from '../etcd-benchmark.ts'
import { noKubernetes } from '../no-kubernetes.ts'
import type { Cluster, Target } from '../target.ts'

export interface GivenEtcdOptions {
  /** The Go module that pins the tool. */
  componentsSource: string
  /** Client URLs of every member, and files by which they are reached; without TLS where the URLs are `http`. */
  urls: readonly string[]
  cacert?: string | undefined
  cert?: string | undefined
  key?: string | undefined
  env: Environment
  clock: Clock
}

/** Somebody's etcds, as they are: nothing of them is started, set or scraped. */
export function givenEtcdTarget(options: GivenEtcdOptions): Target<Cluster> {
  const { componentsSource, urls, cacert, cert, key, env, clock } = options
  const place = () => locateComponents({ sourceFolder: componentsSource, binaries: toolBinaries }, env)
  return {
    name: 'remote',
    evidence: 'measured',
    onThisMachine: false,
    hasKubernetes: false,
    supports: () => ({ supported: false, because: 'the etcds are given: they have settings of their own' }),
    async prepare() {
      requireComponents(place())
    },
    async open({ signal }) {
      signal.throwIfAborted()
      const program = benchmarkProgram(requireComponents(place()))
      const read = (file: string | undefined) => (file === undefined ? undefined : readTextFile(file))
      const [ca, certificate, privateKey] = [read(cacert), read(cert), read(key)]
      const tls = {
        ...(ca !== undefined && { ca }),
        ...(certificate !== undefined && { cert: certificate }),
        ...(privateKey !== undefined && { key: privateKey }),
      }
      // Nothing of others' etcds ends with us.
      const broken = new AbortController().signal
      return {
        ...noKubernetes,
        disposable: true,
        clock,
        versions: {},
        readyMs: null,
        broken,
        effectiveKnobs: async (knobs) => knobs.map(({ id }) => ({ id, effective: null, readFrom: null })),
        scrape: async () => [],
        processes: () => [],
        benchmarkEtcds: async () =>
          benchmarkedEtcds({
            urls,
            isGiven: true,
            besideKubernetes: false,
            program,
            env: { PATH: env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin' },
            files: { cacert, cert, key },
            credentialsOf: (server) => ({ server, tls, headers: async () => ({}) }),
            clock,
            broken,
            close: async () => {},
          }),
        async [Symbol.asyncDispose]() {},
      }
    },
  }
}
