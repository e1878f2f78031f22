import type { Clock } from '../base/clock.ts'
import { plural } from '../base/count.ts'
import { countIn } from '../base/proc.ts'
import type { KubeApi } from '../kube/api.ts'
import { isApiStatus } from '../kube/api.ts'
import { follow } from '../kube/follow.ts'
import type { ConfigMap } from '../kube/resources.ts'
import { growingCurve } from '../measure/curve.ts'
import type { WatchLagRecord } from '../measure/window.ts'
import type { Tell } from './samples.ts'

/** Samples how late watches are. */
export interface WatchLag {
  /** Ends the sampling and tells; what no watch showed until then counts as missing. */
  stop(): Promise<WatchLagRecord>
}

const everyMs = 1000

/**
 * Writes to an object of its own once a second and measures from the answer until a watch on it shows the write; one that
 * the watch shows before the answer has come has a lag of 0. `canary` names where: its namespace must exist. Moments count
 * from `startMs`.
 */
export function sampleWatchLag(
  { api, clock, tell }: { api: KubeApi; clock: Clock; tell: Tell },
  canary: ConfigMap & { metadata: { name: string; namespace: string } },
  startMs = clock.nowMs(),
): WatchLag {
  const { name, namespace } = canary.metadata
  const ending = new AbortController()
  const lagsMs: number[] = []
  const curve = growingCurve()
  let tried = 0
  const vague = new Set<number>()
  /** When the watch showed each write, by its number. */
  const shownMs = new Map<number, number>()
  const answeredMs = new Map<number, number>()
  const settle = (write: number) => {
    const [shown, answered] = [shownMs.get(write), answeredMs.get(write)]
    if (shown === undefined || answered === undefined) return
    const lagMs = Math.max(0, shown - answered)
    lagsMs.push(lagMs)
    curve.push([shown - startMs, lagMs])
    tell({ kind: 'watch-lag', lagMs }, shown)
    // What is settled is forgotten, so that a long arm's canary takes no memory.
    shownMs.delete(write)
    answeredMs.delete(write)
  }
  const watch = async () => {
    const query = { resource: 'configmaps', namespace, fieldSelector: `metadata.name=${name}` } as const
    for await (const event of follow(api, query, { clock, signal: ending.signal })) {
      if (event.type !== 'MODIFIED') continue
      const write = countIn(event.object.data?.['write'])
      // It is not the only one that may write there.
      if (write === undefined || shownMs.has(write)) continue
      // What a resumed watch shows of the past tells nothing about how late it is otherwise.
      if (!event.exact) {
        vague.add(write)
        continue
      }
      shownMs.set(write, event.atMs)
      settle(write)
    }
  }
  const write = async () => {
    await api.create('configmaps', canary).catch((error: unknown) => {
      // Left by an earlier, interrupted fill of the same run.
      if (!isApiStatus(error, 409)) throw error
    })
    for (;;) {
      await clock.sleep(everyMs, ending.signal)
      const number = ++tried
      const patch = { type: 'merge', body: { data: { write: `${number}` } } } as const
      const isWritten = await api.patch({ resource: 'configmaps', namespace, name }, patch).then(
        () => true,
        () => false,
      )
      // A write that failed tells nothing about watches, and is no reason to give up what they are sampled beside.
      if (!isWritten || ending.signal.aborted) continue
      answeredMs.set(number, clock.nowMs())
      settle(number)
    }
  }
  const ended = Promise.allSettled([watch(), write()])
  return {
    async stop() {
      ending.abort()
      await ended
      const unseen = [...answeredMs.keys()].filter((number) => !vague.has(number)).length
      if (unseen > 0) {
        const because = `${plural(unseen, 'write')} of the canary ${unseen === 1 ? 'was' : 'were'} not shown until it ended`
        tell({ kind: 'gap', source: 'watch-lag', because })
      }
      return { lagsMs, unseen, curve: curve.points() }
    },
  }
}
