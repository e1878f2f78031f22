import type { Random } from '../../base/random.ts'
import type { Condition, Node } from '../../kube/resources.ts'
import { isReady } from '../../kube/resources.ts'
import type { ServerRequest } from '../apiserver/server.ts'
import { timestampOf } from '../apiserver/timestamps.ts'
import { createClient } from '../client-go/client.ts'
import { unlimited } from '../client-go/token-bucket.ts'
import type { ControlPlane } from '../control-plane.ts'
import { etcdBytesOfKind } from '../etcd/sizes.ts'
import type { Processor } from '../machine/processor.ts'

/** A registered node as its heartbeats see it. */
export interface HeartbeatingNode {
  readonly name: string
  /** The machine that its kubelet runs on. */
  readonly host: Processor
  /** False from the moment its kubelet was killed. */
  isAlive: boolean
  readonly lease: NodeLease
}

/** The leases and statuses of a fleet's nodes. */
export interface Heartbeats {
  /** A node has registered: it gets a lease and is reported Ready soon; both are renewed from then on. */
  begin(node: HeartbeatingNode): void
}

export interface HeartbeatOptions {
  controlPlane: ControlPlane
  random: Random
  /** By node; of those that have one. */
  leases: Map<string, NodeLease>
}

/** A node's lease: it is renewed a million times in a run. */
export interface NodeLease {
  renewedMs: number
}

/** nodeLeaseDurationSeconds (40) / 4. */
const leasePeriodMs = 10_000
/** Both heartbeats come up to this share later (component-helpers/apimachinery/lease/controller.go, pkg/kubelet/kubelet.go). */
const heartbeatJitter = 0.04
/** Until the first status is written: the kubelet looks this often whether it is Ready (fastStatusUpdateOnce). */
const fastUpdateMs = 100
/** Heartbeats that fall due within this long are taken together: nobody sees the exact moment of one. */
const tickMs = 20

const leaseBytes = etcdBytesOfKind('leases')
const nodeBytes = etcdBytesOfKind('nodes')
const leaseRenewal = {
  verb: 'PUT',
  resource: 'leases',
  level: 'node-high',
  bytes: leaseBytes,
  obsoleteBytes: leaseBytes,
} as const satisfies ServerRequest
const statusReport = {
  verb: 'PATCH',
  resource: 'nodes/status',
  level: 'node-high',
  bytes: nodeBytes,
  obsoleteBytes: nodeBytes,
} as const satisfies ServerRequest

/** What falls due in one tick. */
interface Due {
  leases: HeartbeatingNode[]
  statuses: HeartbeatingNode[]
}

/**
 * Heartbeats as a load: thousands of them a second cost what they cost, but only a tick is an event. A node's object stays what it is, its
 * lastHeartbeatTime included, as long as a report would change nothing else in it. One that does is a request of its own, and so is each
 * as long as the server is so far behind that they queue for seats.
 */
export function createHeartbeats({ controlPlane, random, leases }: HeartbeatOptions): Heartbeats {
  const { timeline, server, store, processor, costs, settings } = controlPlane
  const client = createClient({ ...controlPlane, bucket: unlimited, level: 'node-high' })
  /** By the number of the tick. */
  const wheel = new Map<number, Due>()
  /** Nodes that the apiserver does not have as Ready: their next status says more than the last one. */
  const notReady = new Set<string>()

  const dueIn = (delayMs: number): Due => {
    const tick = Math.ceil((timeline.nowMs() + delayMs) / tickMs)
    const known = wheel.get(tick)
    if (known !== undefined) return known
    const due: Due = { leases: [], statuses: [] }
    wheel.set(tick, due)
    timeline.at(tick * tickMs, () => {
      wheel.delete(tick)
      renew(living(due.leases))
      report(living(due.statuses))
    })
    return due
  }
  const jittered = (periodMs: number) => periodMs * (1 + (heartbeatJitter * random.integer(0, 1000)) / 1000)
  const hear = (component: string, count: number, costMs: number) =>
    processor.reserve(component, count * costMs, 'watches', count)
  const hearRenewals = (nodes: readonly HeartbeatingNode[]) => {
    const nowMs = timeline.nowMs()
    for (const { lease } of nodes) lease.renewedMs = nowMs
    hear('kube-controller-manager', nodes.length, costs.controllerManager.leaseMs)
  }
  const hearStatuses = ({ length }: readonly HeartbeatingNode[]) => {
    hear('kube-controller-manager', length, costs.controllerManager.nodeStatusMs)
    hear('kube-scheduler', length, costs.scheduler.nodeStatusMs)
  }

  const renew = (nodes: readonly HeartbeatingNode[]) => {
    for (const node of nodes) {
      // What a kubelet does all the time, such as housekeeping, is taken together with its heartbeat.
      node.host.reserve('hollow-node', (costs.kubelet.idleMsPerSecond * leasePeriodMs) / 1000)
      dueIn(jittered(leasePeriodMs)).leases.push(node)
    }
    const sendOne = (node: HeartbeatingNode) => client.send('PUT', 'leases', undefined, () => hearRenewals([node]))
    sendAll(leaseRenewal, nodes, hearRenewals, sendOne)
  }

  /**
   * A kubelet looks at its node every nodeStatusUpdateFrequency, give or take; writes what has changed, and what has not every
   * nodeStatusReportFrequency, the first time up to half of it sooner or later (kubelet_node_status.go, tryUpdateNodeStatus).
   */
  const report = (nodes: readonly HeartbeatingNode[], isFirst = false) => {
    const { statusReportMs, statusUpdateMs } = settings.kubelet
    for (const node of nodes) {
      node.host.reserve('hollow-node', costs.kubelet.nodeStatusMs)
      const wantedMs = statusReportMs * (isFirst ? 0.5 + random.integer(0, 1000) / 1000 : 1)
      const looks = Math.max(1, Math.ceil(wantedMs / statusUpdateMs))
      dueIn(looks * jittered(statusUpdateMs)).statuses.push(node)
    }
    const unchanged = notReady.size === 0 ? nodes : nodes.filter(({ name }) => !notReady.has(name))
    if (unchanged !== nodes) for (const node of nodes) if (notReady.has(node.name)) writeStatus(node)
    sendAll(statusReport, unchanged, hearStatuses, writeStatus)
  }

  /** Sends all at once as far as the server takes them, the others one by one. */
  const sendAll = (
    request: typeof leaseRenewal | typeof statusReport,
    nodes: readonly HeartbeatingNode[],
    served: (nodes: readonly HeartbeatingNode[]) => void,
    sendOne: (node: HeartbeatingNode) => void,
  ) => {
    let sent = 0
    while (sent < nodes.length) {
      const first = sent
      const count = server.handleAlike(request, { count: nodes.length - first, overMs: tickMs }, (taken) =>
        served(taken === nodes.length ? nodes : nodes.slice(first, first + taken)),
      )
      if (count === 0) break
      sent += count
    }
    for (; sent < nodes.length; sent++) sendOne(nodes[sent] as HeartbeatingNode)
  }
  const writeStatus = ({ name }: HeartbeatingNode) =>
    client.update(
      'PATCH',
      { resource: 'nodes', name },
      'status',
      (current): Node => ({
        ...current,
        status: { ...current.status, conditions: readyConditions(timestampOf(timeline.nowMs())) },
      }),
    )

  store.onChange('nodes', ({ type, object }) => {
    if (type !== 'DELETED' && isReady(object)) notReady.delete(object.metadata.name ?? '')
    else notReady.add(object.metadata.name ?? '')
  })
  return {
    begin(node) {
      notReady.add(node.name)
      client.send('POST', 'leases', undefined, () => {
        leases.set(node.name, node.lease)
        hearRenewals([node])
      })
      dueIn(jittered(leasePeriodMs)).leases.push(node)
      timeline.after(fastUpdateMs, () => {
        if (node.isAlive) report([node], true)
      })
    },
  }
}

/** Those whose kubelet runs: nearly always all of them. */
function living(nodes: readonly HeartbeatingNode[]): readonly HeartbeatingNode[] {
  for (let index = 0; index < nodes.length; index++)
    if (nodes[index]?.isAlive === false) return nodes.filter(({ isAlive }) => isAlive)
  return nodes
}

const pressures: readonly Condition[] = ['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => ({
  type,
  status: 'False',
}))
/** The same for all nodes that report within a second. */
let latest: { atTime: string; conditions: Condition[] } = { atTime: '', conditions: [] }

function readyConditions(atTime: string): Condition[] {
  if (latest.atTime === atTime) return latest.conditions
  const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: atTime } as const
  latest = { atTime, conditions: [...pressures, ready] }
  return latest.conditions
}
