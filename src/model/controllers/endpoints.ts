import type { Pod } from '../../kube/resources.ts'
import { isReady } from '../../kube/resources.ts'
import { momentOf } from '../apiserver/timestamps.ts'
import { createWorkQueue } from '../client-go/work-queue.ts'
import type { ControlPlane } from '../control-plane.ts'
import { controllerClient, keyOf } from '../control-plane.ts'
import type { TriggerTimes } from './endpoint-slices.ts'
import { trackTriggers } from './endpoint-slices.ts'

/** --max-endpoints-per-slice */
const endpointsPerSlice = 100
/** A slice that was written is looked at again a second later at the earliest (pkg/controller/endpointslice, endpointSliceChangeMinSyncDelay). */
const syncAgainMs = 1000
/** Of the legacy Endpoints controller, which writes one object per service. */
const endpointsPerObject = Number.POSITIVE_INFINITY

/** What a service selects. */
interface Backends {
  key: string
  /** Labels that a pod must have. */
  wanted: [string, string][]
  ready: number
  /** As the last write told them. */
  written: number
  triggers: TriggerTimes
}

/**
 * The EndpointSlice controller and the legacy Endpoints controller beside it (pkg/controller/endpointslice, pkg/controller/endpoint): each
 * service's ready pods, written when their number has changed, with a bucket each. The model keeps the numbers, not the slices.
 */
export function runEndpointControllers(controlPlane: ControlPlane): void {
  const { endpointSliceSyncs, endpointSyncs, endpointSlicesBatchMs, endpointsBatchMs } =
    controlPlane.settings.controllerManager
  const { server, endpointSlices } = controlPlane
  const slices = {
    queueName: 'endpoint_slice',
    perObject: endpointsPerSlice,
    workers: endpointSliceSyncs,
    batchMs: endpointSlicesBatchMs,
  }
  run(controlPlane, 'endpointslices', slices, (triggeredMs) =>
    server.announce('endpointslices', () => {
      for (const listener of endpointSlices) listener({ triggeredMs })
    }),
  )
  const objects = {
    queueName: 'endpoint',
    perObject: endpointsPerObject,
    workers: endpointSyncs,
    batchMs: endpointsBatchMs,
  }
  run(controlPlane, 'endpoints', objects)
}

/** How one of the two works. */
interface Writing {
  /** As its metrics call it. */
  queueName: string
  /** Endpoints in one object. */
  perObject: number
  workers: number
  /** How long changes of pods are collected before they are written. */
  batchMs: number
}

function run(
  controlPlane: ControlPlane,
  resource: string,
  { queueName, perObject, workers, batchMs }: Writing,
  onWrite?: (triggeredMs: number | undefined) => void,
): void {
  const { timeline, server, store } = controlPlane
  const client = controllerClient(controlPlane)
  const services = new Map<string, Backends>()
  const byNamespace = new Map<string, Map<string, Backends>>()

  const queue = createWorkQueue(timeline, workers, (key, done) => {
    const one = services.get(key)
    if (one === undefined || one.ready === one.written) return done()
    const isFirst = one.written < 0
    const changed = Math.abs(one.ready - Math.max(0, one.written))
    one.written = one.ready
    const triggeredMs = one.triggers.take()
    const onCommit = onWrite && (() => onWrite(triggeredMs))
    let open = Math.max(1, Math.ceil(changed / perObject))
    const onReply = () => {
      if (--open > 0) return
      queue.addAfter(key, Math.max(syncAgainMs, batchMs))
      done()
    }
    for (let index = open; index > 0; index--) client.send(isFirst ? 'POST' : 'PUT', resource, onReply, onCommit)
  })
  controlPlane.workQueues.set(queueName, queue)

  const select = ({ metadata }: Pod): Backends[] => {
    const selecting: Backends[] = []
    byNamespace.get(metadata.namespace ?? '')?.forEach((one) => {
      if (matches(one.wanted, metadata.labels)) selecting.push(one)
    })
    return selecting
  }

  server.inform('services', ({ type, object }) => {
    const key = keyOf(object)
    const { namespace = '' } = object.metadata
    const inNamespace = byNamespace.get(namespace) ?? new Map<string, Backends>()
    byNamespace.set(namespace, inNamespace)
    if (type === 'DELETED') {
      services.delete(key)
      inNamespace.delete(key)
      return
    }
    if (type !== 'ADDED') return
    const wanted = Object.entries(object.spec.selector ?? {})
    const pods = [...store.values('pods', namespace)].filter((pod) => matches(wanted, pod.metadata.labels))
    const triggers = trackTriggers(momentOf(object.metadata.creationTimestamp ?? ''))
    const one = { key, wanted, ready: pods.filter(isServing).length, written: -1, triggers }
    services.set(key, one)
    inNamespace.set(key, one)
    queue.add(key)
  })
  server.inform('pods', ({ type, object, previous }) => {
    const was = previous !== undefined && isServing(previous)
    const is = type !== 'DELETED' && isServing(object)
    if (was === is) return
    const transitionMs = readyTransitionMs(object)
    for (const one of select(object)) {
      one.ready += is ? 1 : -1
      if (transitionMs !== undefined) one.triggers.note(transitionMs)
      if (batchMs === 0) queue.add(one.key)
      else queue.addAfter(one.key, batchMs)
    }
  })
}

function isServing(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && isReady(pod)
}

/** When a pod became Ready, or ceased to be; that it is being deleted leaves its condition as it was. */
function readyTransitionMs({ metadata, status }: Pod): number | undefined {
  if (metadata.deletionTimestamp !== undefined) return undefined
  const since = status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime
  return since === undefined ? undefined : momentOf(since)
}

function matches(wanted: Backends['wanted'], labels: Readonly<Record<string, string>> = {}): boolean {
  // For every change of every pod: without an iterator for each pair.
  return wanted.length > 0 && wanted.every((pair) => labels[pair[0]] === pair[1])
}
