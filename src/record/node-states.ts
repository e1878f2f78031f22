import type { Clock } from '../base/clock.ts'
import { Failure, messageOf } from '../base/errors.ts'
import type { KubeApi } from '../kube/api.ts'
import type { Disruption } from '../kube/follow.ts'
import { follow } from '../kube/follow.ts'
import { isReady } from '../kube/resources.ts'
import type { FlapCounter, NodeFlaps } from '../measure/node-flaps.ts'
import { countFlaps } from '../measure/node-flaps.ts'
import type { NodeRecord, Unread } from '../measure/window.ts'
import type { Tell } from './samples.ts'

/** Knows which nodes are Ready, and which of a fleet's have not stayed so. */
export interface NodeStates {
  /** Follows all nodes from now on; calls `onChange` after each event. What it returns rejects when the watch fails for good, and never resolves. */
  watch(cluster: { api: KubeApi; clock: Clock }, onChange: () => void): Promise<never>
  /** From now on only these nodes count; once all of them are Ready, one that ceases to be has flapped. */
  expect(nodeNames: readonly string[]): void
  /** Nodes that are Ready now. */
  ready(): number
  /** Since when the last of the fleet's nodes is Ready; undefined unless all are. */
  allReadySinceMs(): number | undefined
  flaps(): NodeFlaps
  /**
   * Counts the nodes that are not Ready now, also those of which a watch that has gone silent has not told yet. Throws
   * `Failure('inconclusive')` when the watch has ended: from then on flaps were not seen.
   */
  lookAgain(signal: AbortSignal): Promise<void>
  /** What happens from now on; null as long as there is no fleet. */
  mark(): () => NodeRecord | Unread | null
  stop(): Promise<void>
}

/** Nodes that nobody watches yet; whenever one becomes Ready, or ceases to be, that is told. */
export function createNodeStates(tell: Tell = () => {}): NodeStates {
  const readySinceMs = new Map<string, number>()
  const ending = new AbortController()
  let watched: { api: KubeApi; ended: Promise<void> } | undefined
  let fleet: FlapCounter | undefined
  let lost: { error: unknown } | undefined
  const flaps = (): NodeFlaps => fleet?.flaps() ?? { count: 0, nodes: [], notReadyAtEnd: [] }
  return {
    watch({ api, clock }, onChange) {
      const failed = Promise.withResolvers<never>()
      failed.promise.catch(() => {})
      const follows = async () => {
        const onDisruption = ({ reason }: Disruption) =>
          tell({ kind: 'gap', source: 'nodes', because: `their watch was interrupted: ${reason}` })
        const options = { clock, signal: ending.signal, onDisruption }
        for await (const event of follow(api, { resource: 'nodes' }, options)) {
          if (event.type === 'SYNCED') continue
          const { name = '' } = event.object.metadata
          const isUp = event.type !== 'DELETED' && isReady(event.object)
          if (isUp !== readySinceMs.has(name))
            tell({ kind: 'node', node: name, ready: isUp, exact: event.exact }, event.atMs)
          if (!isUp) readySinceMs.delete(name)
          else if (!readySinceMs.has(name)) readySinceMs.set(name, event.atMs)
          fleet?.note(name, isUp)
          onChange()
        }
      }
      const ended = follows().catch((error: unknown) => {
        lost = { error }
        tell({ kind: 'gap', source: 'nodes', because: notToTheEnd(lost) })
        failed.reject(error)
      })
      watched = { api, ended }
      return failed.promise
    },
    expect(nodeNames) {
      fleet = countFlaps(nodeNames)
      for (const name of readySinceMs.keys()) fleet.note(name, true)
    },
    ready: () => fleet?.ready() ?? readySinceMs.size,
    allReadySinceMs() {
      if (fleet?.areAllReady() !== true) return undefined
      return Math.max(...fleet.names.flatMap((name) => readySinceMs.get(name) ?? []))
    },
    flaps,
    async lookAgain(signal) {
      if (lost !== undefined) throw new Failure('inconclusive', notToTheEnd(lost), { cause: lost.error })
      if (watched === undefined) return
      for await (const page of watched.api.list({ resource: 'nodes' }, signal))
        for (const node of page.items) fleet?.note(node.metadata.name ?? '', isReady(node))
    },
    mark() {
      const { count } = flaps()
      return () => {
        if (fleet === undefined) return null
        if (lost !== undefined) return { unread: notToTheEnd(lost) }
        const now = fleet.flaps()
        return { flaps: now.count - count, notReady: now.notReadyAtEnd.length }
      }
    },
    async stop() {
      ending.abort()
      await watched?.ended
    },
  }
}

function notToTheEnd({ error }: { error: unknown }): string {
  return `nodes were not watched to the end: ${messageOf(error)}`
}
