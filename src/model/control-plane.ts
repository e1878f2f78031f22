import type { Random } from '../base/random.ts'
import { clientLimitOf } from '../tuning/client-limit.ts'
import type { PriorityLevel } from './apiserver/flow-control.ts'
import type { Objects } from './apiserver/objects.ts'
import type { Server } from './apiserver/server.ts'
import type { Store } from './apiserver/store.ts'
import type { Client, LimiterMetrics } from './client-go/client.ts'
import { createClient } from './client-go/client.ts'
import { bucketOf } from './client-go/token-bucket.ts'
import type { WorkQueue } from './client-go/work-queue.ts'
import type { EndpointSliceWatchers } from './controllers/endpoint-slices.ts'
import type { Timeline } from './kernel/kernel.ts'
import type { Costs } from './machine/costs.ts'
import type { Processor } from './machine/processor.ts'
import type { Settings } from './settings.ts'

/** What every component of a cluster is given, on nodes as well. */
export interface ControlPlane {
  timeline: Timeline
  store: Store
  objects: Objects
  server: Server
  processor: Processor
  costs: Costs
  settings: Settings
  random: Random
  /** Of all controllers together, as they are one process. */
  controllerLimiter: LimiterMetrics
  /** Of the scheduler's clients together. */
  schedulerLimiter: LimiterMetrics
  endpointSlices: EndpointSliceWatchers
  /** Of the controllers, by the names that their metrics have. */
  workQueues: Map<string, WorkQueue>
}

/** A controller's own client: every controller has a bucket of the same size (k8s.io/controller-manager/pkg/clientbuilder). */
export function controllerClient(
  controlPlane: ControlPlane,
  times = { qps: 1, burst: 1 },
  level: PriorityLevel = 'workload-high',
): Client {
  const { qps, burst } = controlPlane.settings.controllerManager.client
  const { processor, costs } = controlPlane
  return createClient({
    ...controlPlane,
    sentMs: () => processor.reserve('kube-controller-manager', costs.controllerManager.actionMs, 'requests'),
    bucket: bucketOf(clientLimitOf({ qps: qps * times.qps, burst: burst * times.burst })),
    level,
    limiter: controlPlane.controllerLimiter,
  })
}

/** Namespace and name of a queue's key. */
export function placeOf(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}

/** The key of a namespaced object. */
export function keyOf({ metadata }: { metadata: { namespace?: string; name?: string } }): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`
}
