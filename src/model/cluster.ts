import type { Random } from '../base/random.ts'
import { createRandom } from '../base/random.ts'
import type { KubeApi } from '../kube/api.ts'
import { createObjects } from './apiserver/objects.ts'
import type { Server } from './apiserver/server.ts'
import { createServer } from './apiserver/server.ts'
import type { Store } from './apiserver/store.ts'
import { createStore } from './apiserver/store.ts'
import type { LimiterMetrics } from './client-go/client.ts'
import { createLimiterMetrics } from './client-go/client.ts'
import type { WorkQueue } from './client-go/work-queue.ts'
import type { Caller } from './connection.ts'
import { connect } from './connection.ts'
import type { ControlPlane } from './control-plane.ts'
import { runDeploymentController } from './controllers/deployment.ts'
import { runEndpointControllers } from './controllers/endpoints.ts'
import { runGarbageCollector } from './controllers/garbage-collector.ts'
import { runNamespaceContentControllers } from './controllers/namespace-contents.ts'
import { runNamespaceController } from './controllers/namespaces.ts'
import { runNodeLifecycleController } from './controllers/node-lifecycle.ts'
import { runReplicaSetController } from './controllers/replicaset.ts'
import type { Scheduler } from './controllers/scheduler.ts'
import { runScheduler } from './controllers/scheduler.ts'
import type { EtcdFleet } from './etcd/etcd.ts'
import { createEtcd } from './etcd/etcd.ts'
import type { Fault } from './fault.ts'
import type { HollowFleet, HollowNodes } from './fleet.ts'
import { startHollowFleet } from './fleet.ts'
import type { Kernel, Timeline } from './kernel/kernel.ts'
import type { NodeLease } from './kubelet/heartbeats.ts'
import type { Costs } from './machine/costs.ts'
import type { Hardware } from './machine/hardware.ts'
import type { Processor } from './machine/processor.ts'
import { createProcessor } from './machine/processor.ts'
import type { ConntrackTable } from './proxy/conntrack.ts'
import { conntrackTableOf } from './proxy/conntrack.ts'
import type { Settings } from './settings.ts'

export interface ModelOptions {
  kernel: Kernel
  seed: number
  /** All clusters of a repetition draw the same numbers: what differs between them is what their settings do. */
  repetition: number
  settings: Settings
  costs: Costs
  hardware: Hardware
  /** Whether each node has a kube-proxy. */
  kubeProxy: boolean
  /** What goes wrong in it; `beginFaults` lets it begin. */
  faults: readonly Fault[]
}

/** A Kubernetes cluster that is reckoned, not run. */
export interface Model {
  readonly timeline: Timeline
  readonly store: Store
  readonly server: Server
  readonly etcd: EtcdFleet
  /** Of the machine of the control plane. */
  readonly processor: Processor
  /** Of all controllers together, as they are one process. */
  readonly controllerLimiter: LimiterMetrics
  /** Of the scheduler's clients together. */
  readonly schedulerLimiter: LimiterMetrics
  /** Of the controllers, by the names that their metrics have. */
  readonly workQueues: ReadonlyMap<string, WorkQueue>
  readonly scheduler: Scheduler
  /** The connection-tracking table of a node's host. */
  readonly conntrack: ConntrackTable
  /** A client outside of the cluster. */
  connect(caller: Caller): KubeApi
  /** Starts hollow nodes. A fleet that is started again takes the place of the one that is there, as when all its processes are restarted. */
  startFleet(nodes: HollowNodes, signal: AbortSignal): HollowFleet
  /** The nodes there are; undefined before any were started. */
  fleet(): HollowFleet | undefined
  beginFaults(): void
  /** From now on nothing happens in it. */
  close(): void
}

/** What every cluster has before anybody creates anything. */
const systemNamespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system']

/** Opens a cluster, whose time begins at zero. It is Ready at once: starting a control plane is not modelled. */
export function openModel(options: ModelOptions): Model {
  const { kernel, seed, repetition, settings, costs, hardware, kubeProxy, faults } = options
  const timeline = kernel.createTimeline()
  const processor = createProcessor(timeline.nowMs, hardware.controlPlaneCores)
  const etcd = createEtcd(timeline, processor, costs.fsyncMs, settings.etcd)
  const store = createStore({ nowMs: timeline.nowMs, etcdOf: etcd.instanceOf, isFull: etcd.isFull })
  const randomOf = (stream: string): Random => createRandom(seed, `${repetition}/${stream}`)
  const objects = createObjects({
    store,
    nowMs: timeline.nowMs,
    random: randomOf('names'),
    tolerationSeconds: {
      notReady: settings.apiserver.notReadyTolerationSeconds,
      unreachable: settings.apiserver.unreachableTolerationSeconds,
    },
  })
  const server = createServer({ timeline, store, etcd, processor, costs, inflight: settings.apiserver.inflight })
  const controllerLimiter = createLimiterMetrics()
  const schedulerLimiter = createLimiterMetrics()
  const controlPlane: ControlPlane = {
    timeline,
    store,
    objects,
    server,
    processor,
    costs,
    settings,
    random: randomOf('controllers'),
    controllerLimiter,
    schedulerLimiter,
    endpointSlices: new Set(),
    workQueues: new Map(),
  }
  const leases = new Map<string, NodeLease>()

  for (const name of systemNamespaces) objects.create('namespaces', { metadata: { name } })
  // The informers of the controller-manager and of the scheduler.
  for (const resource of ['pods', 'nodes', 'services', 'replicasets', 'deployments', 'configmaps', 'secrets'])
    server.addWatchers(resource, resource === 'pods' || resource === 'nodes' || resource === 'services' ? 2 : 1)
  runReplicaSetController(controlPlane)
  runDeploymentController(controlPlane)
  runEndpointControllers(controlPlane)
  runNamespaceController(controlPlane)
  runNamespaceContentControllers(controlPlane)
  runGarbageCollector(controlPlane)
  runNodeLifecycleController(controlPlane, leases)
  const scheduler = runScheduler(controlPlane)
  const { compactionMs } = settings.apiserver
  const compact = () => {
    store.compact()
    timeline.after(compactionMs, compact)
  }
  if (compactionMs > 0) timeline.after(compactionMs, compact)

  // What the components do all the time; the kubelets' share comes with their heartbeats.
  const idle = () => {
    for (const [component, costMs] of idling) processor.reserve(component, costMs, 'idling')
    timeline.after(1000, idle)
  }
  const idling = Object.entries(costs.idleMsPerSecond).filter(([component]) => component !== 'orchestrator')
  idle()
  const spend = (work: 'request' | 'event') => {
    const { requestMs, eventMs } = costs.orchestrator
    if (hardware.hosts === null) processor.reserve('orchestrator', work === 'request' ? requestMs : eventMs)
  }

  const jitter = randomOf('retries')
  let fleet: HollowFleet | undefined
  return {
    timeline,
    store,
    server,
    etcd,
    processor,
    controllerLimiter,
    schedulerLimiter,
    workQueues: controlPlane.workQueues,
    scheduler,
    conntrack: conntrackTableOf(
      { cores: hardware.hosts?.cores ?? hardware.controlPlaneCores, memoryBytes: hardware.hostMemoryBytes },
      settings.hostConntrackMax,
      kubeProxy ? settings.kubeProxy.conntrack : undefined,
    ),
    connect: (caller) =>
      connect({
        ...caller,
        kernel,
        timeline,
        server,
        store,
        objects,
        spend,
        random: () => jitter.integer(0, 999_999) / 1_000_000,
        faults,
      }),
    startFleet(nodes, signal) {
      fleet?.kill()
      fleet = startHollowFleet({ controlPlane, nodes, hardware, kubeProxy, randomOf, leases, signal })
      return fleet
    },
    fleet: () => fleet,
    beginFaults() {
      for (const fault of faults) {
        fault.begin?.({
          timeline,
          store,
          objects,
          server,
          etcd,
          nodeNames: () => fleet?.nodeNames ?? [],
          killNode(name) {
            fleet?.kubelets.find((kubelet) => kubelet.name === name)?.die()
            fleet?.proxies?.die(name)
          },
        })
      }
    },
    close: timeline.close,
  }
}
