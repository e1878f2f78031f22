import { orAborted } from '../../base/abort.ts'
import { startFeed } from '../../record/feed.ts'
import type { CalibrationLatencies } from '../../result/calibration.ts'
import type { Cluster } from '../../targets/target.ts'
import type { Step } from '../step.ts'
import { latencyBetween, latencyOf, timed } from './latency.ts'
import { configMap, namesOf, namespace } from './objects.ts'

const walFsync = 'etcd_disk_wal_fsync_duration_seconds'
const backendCommit = 'etcd_disk_backend_commit_duration_seconds'
const diskMetrics: ReadonlySet<string> = new Set(
  [walFsync, backendCommit].flatMap((metric) => ['_bucket', '_count', '_sum'].map((suffix) => metric + suffix)),
)

/** How long after a write etcd has surely committed it: twice `--backend-batch-interval` as built in. */
const committedAfterMs = 200

/** Times `calls` reads and as many writes, one after another: what a request takes that waits for nobody else. */
export function callLatencies(
  cluster: Cluster,
  calls: number,
): Step<Pick<CalibrationLatencies, 'read' | 'write' | 'walFsync' | 'backendCommit'>> {
  const { api, clock } = cluster
  return {
    id: 'calls',
    title: 'Calls, one at a time',
    timeoutMs: 60_000 + 200 * calls,
    async setUp({ signal, report }) {
      const repeat = async (unit: string, call: (name: string) => Promise<unknown>) => {
        const samplesMs: number[] = []
        for (const name of namesOf('call', calls)) {
          signal.throwIfAborted()
          samplesMs.push(await timed(clock, () => call(name)))
          report({ done: samplesMs.length, total: calls, unit })
        }
        return latencyOf(samplesMs)
      }
      const scrape = () => cluster.scrape({ components: ['etcd'], names: diskMetrics })

      const { metadata } = await api.create('configmaps', configMap('read-alone'))
      const read = await repeat('reads', () =>
        api.get({ resource: 'configmaps', namespace, name: metadata.name ?? '' }),
      )
      const before = await scrape()
      const write = await repeat('writes', (name) => api.create('configmaps', configMap(name)))
      // On a fast disk all writes can be answered before the backend commits the first of them.
      await clock.sleep(committedAfterMs, signal)
      const after = await scrape()
      return {
        read,
        write,
        walFsync: latencyBetween(before, after, 'etcd', walFsync),
        backendCommit: latencyBetween(before, after, 'etcd', backendCommit),
      }
    },
    summary: ({ read, write }) => `read ${medianText(read)}, write ${medianText(write)}`,
  }
}

/** Times how soon a watch shows a PATCH, `writes` times, one after another. */
export function watchLag({ api, clock }: Cluster, writes: number): Step<CalibrationLatencies['watchLag']> {
  const name = 'watched'
  return {
    id: 'watchLag',
    title: 'Watch lag',
    timeoutMs: 60_000 + 200 * writes,
    async setUp({ signal, report }) {
      await api.create('configmaps', configMap(name))
      const fromSendMs: number[] = []
      const fromAnswerMs: number[] = []
      let awaited = { write: 0, shown: Promise.withResolvers<number | undefined>() }
      const query = { resource: 'configmaps', namespace, fieldSelector: `metadata.name=${name}` } as const
      const feed = startFeed(
        { api, clock },
        query,
        (change) => {
          if (change.type === 'DELETED' || Number(change.object.data?.['write']) !== awaited.write) return
          // What a resumed watch makes up for tells nothing about how late it is otherwise.
          awaited.shown.resolve(change.exact ? change.atMs : undefined)
        },
        { resumed: 0, relisted: 0, silent: 0 },
      )
      try {
        await orAborted(signal, feed.synced, feed.failed)
        for (let write = 1; write <= writes; write++) {
          awaited = { write, shown: Promise.withResolvers() }
          const sentMs = clock.nowMs()
          await api.patch(
            { resource: 'configmaps', namespace, name },
            { type: 'merge', body: { data: { write: `${write}` } } },
          )
          const answeredMs = clock.nowMs()
          const shownMs = await orAborted(signal, awaited.shown.promise, feed.failed)
          report({ done: write, total: writes, unit: 'writes' })
          if (shownMs === undefined) continue
          fromSendMs.push(shownMs - sentMs)
          fromAnswerMs.push(shownMs - answeredMs)
        }
      } finally {
        await feed.stop()
      }
      return { fromSend: latencyOf(fromSendMs), fromAnswer: latencyOf(fromAnswerMs) }
    },
    summary: ({ fromSend, fromAnswer }) =>
      `${medianText(fromSend)} from sending, ${medianText(fromAnswer)} from the answer`,
  }
}

/** `1.24 ms`. */
export function medianText({ p50 }: { p50: number | null }): string {
  return p50 === null ? 'never' : `${p50.toFixed(2)} ms`
}
