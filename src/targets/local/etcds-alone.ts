import { dirname, join } from 'node:path'
import { makeFolder, remove, removeIfEmpty } from '../../base/files.ts'
import { scrapeEach } from '../../record/scrape.ts'
import { renderKnobs } from '../../tuning/render.ts'
import { noKubernetes } from '../no-kubernetes.ts'
import type { Cluster } from '../target.ts'
import { createBenches } from './benchmark.ts'
import type { ClusterOptions } from './cluster.ts'
import { readKnobs } from './knobs.ts'
import { scraped } from './running.ts'

/**
 * Starts etcds and nothing else: a control plane beside them, however idle, would take from the machine what is measured. Throws as
 * `openCluster` does.
 */
export async function openEtcdsAlone(options: ClusterOptions, members: number): Promise<Cluster> {
  const { stateFolder, clock } = options
  const startedMs = clock.nowMs()
  remove(stateFolder)
  makeFolder(stateFolder, 0o700)
  const removeState = () => {
    remove(stateFolder)
    removeIfEmpty(dirname(stateFolder))
  }
  try {
    const { createPki } = await import('./pki.ts')
    const pki = await createPki(join(stateFolder, 'pki'), new Date())
    const benches = createBenches({ ...options, knobs: renderKnobs(options.knobs), besideKubernetes: false, pki })
    const first = await benches.start({ members, signal: options.signal })
    const readyMs = clock.nowMs() - startedMs
    const { etcd = '' } = await options.readVersions().catch(async (error: unknown) => {
      await first[Symbol.asyncDispose]()
      throw error
    })
    let isTaken = false
    return {
      disposable: true,
      ...noKubernetes,
      clock,
      versions: { etcd },
      readyMs,
      broken: first.broken,
      effectiveKnobs: (knobs) => readKnobs(knobs, first.members),
      scrape: (wanted = {}) => scrapeEach(first.members.map(scraped), wanted, first.broken),
      processes: benches.processes,
      async benchmarkEtcds(wanted) {
        // The first benchmark gets those whose settings were read back.
        const isFirst = !isTaken && wanted.members === members
        isTaken = true
        return isFirst ? { ...first, [Symbol.asyncDispose]: async () => {} } : benches.start(wanted)
      },
      async [Symbol.asyncDispose]() {
        await first[Symbol.asyncDispose]()
        removeState()
      },
    }
  } catch (error) {
    removeState()
    throw error
  }
}
