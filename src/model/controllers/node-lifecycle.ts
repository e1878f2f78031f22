import type { Condition, Node, Pod } from '../../kube/resources.ts'
import { isReady } from '../../kube/resources.ts'
import { createEventRecorder } from '../client-go/event-recorder.ts'
import { createWorkQueue } from '../client-go/work-queue.ts'
import type { ControlPlane } from '../control-plane.ts'
import { controllerClient } from '../control-plane.ts'
import type { NodeLease } from '../kubelet/heartbeats.ts'

const notReadyTaint = 'node.kubernetes.io/not-ready'
const unreachableTaint = 'node.kubernetes.io/unreachable'
/** pkg/controller/nodelifecycle/node_lifecycle_controller.go, UpdateWorkerSize */
const taintWorkers = 8

/**
 * The node lifecycle controller (pkg/controller/nodelifecycle): looks every --node-monitor-period at who has not renewed its lease for
 * --node-monitor-grace-period, calls that node's readiness Unknown and taints it; takes the taint off a new node when it is Ready; and
 * deletes the pods of a node that stays away longer than they tolerate.
 */
export function runNodeLifecycleController(
  controlPlane: ControlPlane,
  /** By node. */
  leases: ReadonlyMap<string, NodeLease>,
): void {
  const { timeline, server, store, processor, costs, settings } = controlPlane
  const { nodeMonitorPeriodMs, nodeMonitorGracePeriodMs } = settings.controllerManager
  const client = controllerClient(controlPlane)
  const nodes = new Map<string, Node>()
  /** Since when each node is lost. */
  const lost = new Map<string, number>()

  const refOf = (name: string) => ({ resource: 'nodes', name }) as const
  const taintOf = (name: string): string | undefined => {
    const node = nodes.get(name)
    if (node === undefined || isReady(node)) return undefined
    return lost.has(name) ? unreachableTaint : notReadyTaint
  }

  /** A GET and a PATCH, as pkg/util/node's taint helpers do it. */
  const taints = createWorkQueue(timeline, taintWorkers, (name, done) => {
    const node = nodes.get(name)
    if (node === undefined) return done()
    const wanted = taintOf(name)
    const there = (node.spec?.taints ?? []).map(({ key }) => key)
    if (wanted === undefined ? there.length === 0 : there.includes(wanted)) return done()
    client.get(refOf(name), (error) => {
      if (error !== undefined) return done()
      client.update(
        'PATCH',
        refOf(name),
        'all but status',
        (node): Node => {
          const { taints: _, ...spec } = node.spec ?? {}
          return { ...node, spec: wanted === undefined ? spec : { ...spec, taints: [taintOfKey(wanted)] } }
        },
        () => done(),
      )
    })
  })

  const lose = (name: string) => {
    lost.set(name, timeline.nowMs())
    client.update(
      'PUT',
      refOf(name),
      'status',
      (node): Node => ({ ...node, status: { ...node.status, conditions: unknown(node.status?.conditions ?? []) } }),
      () => taints.add(name),
    )
    for (const pod of store.list('pods')) if (pod.spec.nodeName === name) evictLater(name, pod)
  }

  /** The taint manager (pkg/controller/tainteviction/taint_eviction.go): a node that is back cancels it, and what comes later counts anew. */
  const evictLater = (node: string, { metadata, spec }: Pod) => {
    const tolerations = (spec['tolerations'] ?? []) as { key?: string; tolerationSeconds?: number }[]
    const tolerated = tolerations.find(({ key }) => key === unreachableTaint)
    if (tolerated !== undefined && tolerated.tolerationSeconds === undefined) return
    const sinceMs = lost.get(node)
    timeline.after(1000 * (tolerated?.tolerationSeconds ?? 0), () => {
      const { namespace = '', name = '', uid = '' } = metadata
      if (lost.get(node) === sinceMs) client.delete({ resource: 'pods', namespace, name }, { uid })
    })
  }

  /** Until then nobody can be late: no lease that was there at the last look is any older. */
  let quietUntilMs = 0
  const monitor = () => {
    const nowMs = timeline.nowMs()
    if (lost.size > 0 || nowMs > quietUntilMs) {
      let oldestMs = nowMs
      nodes.forEach((node, name) => {
        const atMs = leases.get(name)?.renewedMs ?? nowMs
        if (atMs < oldestMs) oldestMs = atMs
        if (nowMs - atMs <= nodeMonitorGracePeriodMs) lost.delete(name)
        else if (!lost.has(name) && isReady(node)) lose(name)
      })
      quietUntilMs = oldestMs + nodeMonitorGracePeriodMs
    }
    timeline.after(nodeMonitorPeriodMs, monitor)
  }
  timeline.after(nodeMonitorPeriodMs, monitor)

  // The TTL controller annotates every node (pkg/controller/ttl), with a client of its own; here it comes along.
  const ttlClient = controllerClient(controlPlane)
  const recorder = createEventRecorder(timeline, client)

  server.inform('nodes', ({ type, object, previous }) => {
    processor.reserve('kube-controller-manager', costs.controllerManager.nodeStatusMs, 'watches')
    const { name = '' } = object.metadata
    if (type === 'ADDED') {
      recorder.record(name, 'RegisteredNode')
      ttlClient.update('PATCH', refOf(name), 'all but status', (node) => ({
        ...node,
        metadata: {
          ...node.metadata,
          annotations: { ...node.metadata.annotations, 'node.alpha.kubernetes.io/ttl': '0' },
        },
      }))
    }
    if (type === 'DELETED') {
      nodes.delete(name)
      return
    }
    nodes.set(name, object)
    if (previous === undefined || isReady(previous) !== isReady(object)) taints.add(name)
  })
}

function taintOfKey(key: string): { key: string; effect: string } {
  return { key, effect: 'NoSchedule' }
}

function unknown(conditions: readonly Condition[]): Condition[] {
  return conditions.map((condition) => ({
    ...condition,
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
  }))
}
