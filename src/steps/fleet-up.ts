import { formatDuration } from '../base/duration.ts'
import { follow } from '../kube/follow.ts'
import { isReady } from '../kube/resources.ts'
import type { Cluster, Fleet, FleetSpec } from '../targets/target.ts'
import type { Step } from './step.ts'

/** A fleet whose nodes are all Ready. */
export interface ReadyFleet extends Fleet {
  /** From the first process to the last Ready node. */
  readyMs: number
}

/** What the fleet's step is called. */
export function fleetTitle(nodes: number): string {
  return `Fleet of ${nodes} hollow nodes`
}

/** Starts the hollow nodes and waits until every one of them is Ready. */
export function fleetUp(cluster: Cluster, spec: FleetSpec, timeoutMs: number): Step<ReadyFleet> {
  return {
    id: 'fleet',
    title: fleetTitle(spec.nodes),
    timeoutMs,
    async setUp({ signal, report }) {
      const startedMs = cluster.clock.nowMs()
      const fleet = await cluster.startFleet(spec, signal)
      const waitingFor = new Set(fleet.nodeNames)
      for await (const event of follow(cluster.api, { resource: 'nodes' }, { clock: cluster.clock, signal })) {
        if (event.type === 'SYNCED') continue
        const name = event.object.metadata.name ?? ''
        if (event.type !== 'DELETED' && isReady(event.object)) waitingFor.delete(name)
        else if (fleet.nodeNames.includes(name)) waitingFor.add(name)
        report({ done: spec.nodes - waitingFor.size, total: spec.nodes, unit: 'nodes Ready' })
        if (waitingFor.size === 0) break
      }
      signal.throwIfAborted()
      return { ...fleet, readyMs: cluster.clock.nowMs() - startedMs }
    },
    summary: ({ readyMs, nodeNames, processes }) =>
      `${nodeNames.length} Ready in ${formatDuration(readyMs)}, ${processes} processes`,
  }
}
