import { Failure } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import { createRandom } from '../../base/random.ts'
import type { RequestRecord } from '../../kube/transport.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import type { Cluster, FleetSpec } from '../target.ts'
import { createObjects } from './apiserver/objects.ts'
import { createServer } from './apiserver/server.ts'
import type { Store } from './apiserver/store.ts'
import { createStore } from './apiserver/store.ts'
import { connectSimulated } from './connection.ts'
import type { ControlPlane } from './controllers/context.ts'
import { runDeploymentController } from './controllers/deployment.ts'
import { runEndpointControllers } from './controllers/endpoints.ts'
import { runGarbageCollector } from './controllers/garbage-collector.ts'
import { runNamespaceContentControllers } from './controllers/namespace-contents.ts'
import { runNamespaceController } from './controllers/namespaces.ts'
import { runNodeLifecycleController } from './controllers/node-lifecycle.ts'
import { runReplicaSetController } from './controllers/replicaset.ts'
import { runScheduler } from './controllers/scheduler.ts'
import type { NamedFault } from './faults/index.ts'
import type { HollowFleet } from './fleet.ts'
import { startHollowFleet } from './fleet.ts'
import type { Hardware } from './hardware.ts'
import type { Kernel } from './kernel/kernel.ts'
import { readKnobs } from './knobs.ts'
import { scrapeModel } from './metrics.ts'
import { createLimiterMetrics } from './model/client.ts'
import type { Costs } from './model/costs.ts'
import { createEtcd } from './model/etcd.ts'
import { createProcessor } from './model/processor.ts'
import { conntrackTableOf } from './proxy/conntrack.ts'
import { settingsOf } from './settings.ts'

export interface SimulatedClusterOptions {
  kernel: Kernel
  seed: number
  armId: string
  repetition: number
  knobs: readonly KnobRequest[]
  costs: Costs
  hardware: Hardware
  /** Whether each node has a kube-proxy. */
  kubeProxy: boolean
  versions: Readonly<Record<string, string>>
  /** What goes wrong in it. */
  faults: readonly NamedFault[]
  /** False for a cluster that a run has to clean up after itself, as it would one of somebody else's. */
  disposable: boolean
  /** Shows what is in it from its beginning, for whoever checks what became of it. */
  onOpen?: ((witnessed: Witnessed) => void) | undefined
}

/** A simulated cluster, with what tests and faults may do to it. */
export interface SimulatedCluster extends Cluster {
  /** Makes the server forget all versions from before now, as a compaction does. */
  forgetHistory(): void
  /** From now on nothing goes wrong, and what went wrong is mended; nodes that died come back when the fleet is started again. */
  endFaults(): void
}

/** The inside of a cluster, for witnesses. */
export interface Witnessed {
  armId: string
  store: Store
  nowMs: () => number
}

/** What every cluster has before anybody creates anything. */
const systemNamespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system']
const compactEveryMs = 300_000

/** Opens a cluster, whose time begins at zero. It is Ready at once: starting a control plane is not simulated. */
export function openSimulatedCluster(options: SimulatedClusterOptions): SimulatedCluster {
  const { kernel, seed, armId, repetition, knobs, costs, hardware, kubeProxy, versions, faults, disposable } = options
  const timeline = kernel.createTimeline()
  const startedMs = timeline.nowMs()
  const settings = settingsOf(knobs)
  const processor = createProcessor(timeline.nowMs, hardware.controlPlaneCores)
  const etcd = createEtcd(timeline, processor, costs.etcd, settings.etcd)
  const store = createStore({ nowMs: timeline.nowMs, etcdOf: etcd.instanceOf })
  // All arms of a repetition draw the same numbers: what differs between them is what their knobs do.
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
  const server = createServer({ timeline, store, etcd, processor, costs })
  const controllerLimiter = createLimiterMetrics()
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
    endpointSlices: new Set(),
  }
  const renewedMs = new Map<string, number>()
  const trackingHost = {
    cores: hardware.hosts?.cores ?? hardware.controlPlaneCores,
    memoryBytes: hardware.hostMemoryBytes,
  }
  const conntrack = conntrackTableOf(
    trackingHost,
    settings.hostConntrackMax,
    kubeProxy ? settings.kubeProxy.conntrack : undefined,
  )

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
  runNodeLifecycleController(controlPlane, renewedMs)
  runScheduler(controlPlane)
  const compact = () => {
    store.compact()
    timeline.after(compactEveryMs, compact)
  }
  timeline.after(compactEveryMs, compact)

  const closing = new AbortController()
  const broken = new AbortController()
  const listeners = new Set<(record: RequestRecord) => void>()
  const retries = { count: 0, waitedMs: 0 }
  const jitter = randomOf('retries')
  const api = connectSimulated({
    kernel,
    timeline,
    server,
    store,
    objects,
    random: () => jitter.integer(0, 999_999) / 1_000_000,
    signal: closing.signal,
    faults,
    onRequest(record) {
      for (const listener of listeners) listener(record)
    },
    onRetry({ waitMs }) {
      retries.count++
      retries.waitedMs += waitMs
    },
  })
  let fleet: HollowFleet | undefined
  options.onOpen?.({ armId, store, nowMs: timeline.nowMs })
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

  return {
    disposable,
    api,
    clock: timeline.clock,
    versions,
    readyMs: null,
    broken: broken.signal,

    /** A fleet that is started again takes the place of the one that is there, as when all its processes are restarted. */
    async startFleet(spec: FleetSpec, signal: AbortSignal) {
      fleet?.kill()
      fleet = startHollowFleet({
        controlPlane,
        spec,
        hardware,
        kubeProxy,
        processor,
        randomOf,
        renewedMs,
        signal,
      })
      return { nodeNames: fleet.nodeNames, probeNode: fleet.nodeNames[0] ?? '', processes: fleet.processes }
    },
    removeFleet: async () => {},
    effectiveKnobs: async (asked) => readKnobs(asked, knobs, conntrack),
    scrape: async (wanted = {}) =>
      scrapeModel({
        wanted,
        server,
        etcd,
        processor,
        costs,
        controllerLimiter,
        probeKubelet: fleet?.kubelets[0],
        proxies: fleet?.proxies,
        startedMs,
      }),
    clientRetries: () => ({ ...retries }),
    onRequest(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    processes: () => [],

    forgetHistory: store.forgetHistory,
    endFaults() {
      for (const fault of faults) fault.end()
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Failure('interrupted', 'the cluster was taken away'))
      timeline.close()
    },
  }
}
