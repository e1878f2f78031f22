import type { ApiError } from '../kube/api.ts'
import type { KubeRequest } from '../kube/requests.ts'
import type { Objects } from './apiserver/objects.ts'
import type { Server } from './apiserver/server.ts'
import type { Store } from './apiserver/store.ts'
import type { WatchStream } from './apiserver/watch-stream.ts'
import type { EtcdFleet } from './etcd/etcd.ts'
import type { Timeline } from './kernel/kernel.ts'

/** Something that goes wrong in one cluster. The model knows how a fault acts; which there are, and when they strike, is not its business. */
export interface Fault {
  /** Asked about each request of the orchestrator. */
  onRequest?(request: KubeRequest, nowMs: number): RequestFault | undefined
  /** Shown each stream that the orchestrator opens. */
  onWatch?(stream: WatchStream, timeline: Timeline): void
  /** Called when the cluster opens. */
  begin?(site: FaultSite): void
  /** It strikes no more, and what it broke is mended. */
  end(): void
}

/** What a fault may lay hands on, besides the orchestrator's requests and watches. */
export interface FaultSite {
  timeline: Timeline
  store: Store
  objects: Objects
  server: Server
  etcd: EtcdFleet
  /** Nodes that run, in the order of their names; empty before the fleet starts. */
  nodeNames(): readonly string[]
  killNode(name: string): void
}

/** One request that goes wrong: refused without being served, or served without the answer arriving. */
export interface RequestFault {
  kind: 'refused' | 'reply-lost'
  error: ApiError
  /** How long after that the client notices; at once when absent. */
  noticedAfterMs?: number
}
