import { dirname, join } from 'node:path'
import { makeFolder, remove, removeIfEmpty } from '../../base/files.ts'
import { scrapeEach } from '../../record/scrape.ts'
import { renderKnobs } from '../../tuning/render.ts'
import { noKubernetes } from '../no-kubernetes.ts'
import type { Cluster } from '../target.ts'
import type { LocalBench } from './benchmark.ts'
import { benchFolder, startBench } from './benchmark.ts'
import type { ClusterOptions } from './cluster.ts'
import { readKnobs } from './knobs.ts'

/**
 * Starts etcds and nothing else: a control plane beside them, however idle, would take from the machine what is measured. Throws as
 * `openCluster` does.
 */
export async function openEtcdsAlone(options: ClusterOptions, members: number): Promise<Cluster> {
  const { stateFolder, logFolder, clock } = options
  const startedMs = clock.nowMs()
  remove(stateFolder)
  makeFolder(stateFolder, 0o700)
  const { createPki } = await import('./pki.ts')
  const pki = await createPki(join(stateFolder, 'pki'), new Date())
  const benches: LocalBench[] = []
  const start = async (count: number, signal: AbortSignal): Promise<LocalBench> => {
    const number = benches.length + 1
    const bench = await startBench({
      ...options,
      program: options.benchmarkProgram(),
      stateFolder: benchFolder(stateFolder, number),
      logFolder: benchFolder(logFolder, number),
      knobs: renderKnobs(options.knobs),
      members: count,
      besideKubernetes: false,
      pki,
      signal,
    })
    benches.push(bench)
    return bench
  }
  const takeAway = () => {
    remove(stateFolder)
    removeIfEmpty(dirname(stateFolder))
  }
  try {
    const first = await start(members, options.signal)
    const readyMs = clock.nowMs() - startedMs
    const { etcd = '' } = await options.readVersions()
    let isTaken = false
    return {
      disposable: true,
      ...noKubernetes,
      clock,
      versions: { etcd },
      readyMs,
      broken: first.broken,
      effectiveKnobs: (knobs) => readKnobs(knobs, first.members),
      scrape: (wanted = {}) =>
        scrapeEach(
          first.members.map(({ component, name, endpoint }) => ({
            component,
            name,
            readPage: (path) => endpoint.readText(path),
          })),
          wanted,
          first.broken,
        ),
      processes: () => benches.flatMap((bench) => bench.processes()),
      async benchmarkEtcds({ members: count, signal }) {
        // The first benchmark gets those whose settings were read back.
        const isFirst = !isTaken && count === members
        isTaken = true
        if (isFirst) return { ...first, [Symbol.asyncDispose]: async () => {} }
        return start(count, signal)
      },
      async [Symbol.asyncDispose]() {
        await first[Symbol.asyncDispose]()
        takeAway()
      },
    }
  } catch (error) {
    takeAway()
    throw error
  }
}
