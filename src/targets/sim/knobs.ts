import type { ConntrackTable } from '../../model/proxy/conntrack.ts'
import { knobsRead } from '../../model/settings.ts'
import { catalogue } from '../../tuning/catalogue.ts'
import type { Knob, KnobValue } from '../../tuning/knob.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import type { KnobReading, KnobSupport } from '../target.ts'

const oneMember = 'not modelled: each simulated etcd has one member, and this matters only between members'
const noProxies = "not modelled: the plan's nodes have no kube-proxy (simulation.kubeProxy)"
const noOverflow = 'no traffic flows in the simulation: whether a table of this size would overflow is not modelled'

const noImages = 'not modelled: simulated nodes pull no images'
const noBackend = 'not modelled: database commits; a write waits only for the log, which is modelled'

/** What controllers work on that no plan creates. */
const plansLack: Readonly<Record<string, string>> = {
  'controllerManager.concurrentJobSyncs': 'jobs',
  'controllerManager.concurrentCronJobSyncs': 'cron jobs',
  'controllerManager.concurrentTtlAfterFinishedSyncs': 'jobs',
  'controllerManager.concurrentStatefulsetSyncs': 'stateful sets',
  'controllerManager.concurrentDaemonsetSyncs': 'daemon sets',
  'controllerManager.concurrentRcSyncs': 'replication controllers',
  'controllerManager.concurrentHorizontalPodAutoscalerSyncs': 'autoscalers',
  'controllerManager.concurrentResourceQuotaSyncs': 'quotas',
  'controllerManager.concurrentEphemeralvolumeSyncs': 'volumes',
  'controllerManager.concurrentResourceclaimSyncs': 'resource claims',
}

/** Why the model does not look at a knob, where there is more to say than that. */
const reasons: Readonly<Record<string, string>> = {
  'kubeProxy.ipvs.scheduler':
    'not modelled: it chooses an endpoint for each connection, and no traffic flows; nothing waits for it',
  'kubeProxy.cleanup': 'not modelled: it is run by hand before a run, and has no effect on the model',
  'kubelet.serializeImagePulls': noImages,
  'kubelet.maxParallelImagePulls': noImages,
  'kubelet.podPidsLimit': 'not modelled: simulated pods have no processes',
  'controllerManager.concurrentServiceSyncs': 'not modelled: the controller behind it needs a cloud provider',
  'controllerManager.concurrentServiceaccountTokenSyncs':
    'not modelled: service accounts have had no token Secrets since 1.24, unless somebody asks for them',
  ...Object.fromEntries(Object.entries(plansLack).map(([id, what]) => [id, `not modelled: no plan has ${what}`])),
  'apiserver.goawayChance': 'not modelled: there is one simulated apiserver, and its connections stay',
  'apiserver.deleteCollectionWorkers':
    'not modelled: objects in a namespace are deleted one after another, as with one worker',
  'apiserver.watchCacheSizes': 'not modelled: every resource has its watch cache',
  'apiserver.defaultWatchCacheSize': 'without effect: watch caches are sized automatically',
  'etcd.backendBatchLimit': noBackend,
  'etcd.backendBatchInterval': noBackend,
  'etcd.heartbeatInterval': oneMember,
  'etcd.electionTimeout': oneMember,
  'etcd.nice': 'not modelled: simulated components share the processor in equal parts, whatever their priority',
  'etcd.ioPriority': 'not modelled: simulated disks serve etcd alone',
  'etcd.walDisk': 'not modelled: simulated disks serve etcd alone',
}

/** What is to be known of knobs that act. */
const notes: Readonly<Record<string, string>> = {
  'kubeProxy.mode': 'acts through its sync periods; the processor time of a sync is not modelled in any mode',
  'kubeProxy.ipvs.minSyncPeriod': 'a simulated sync takes no time: it neither delays the next one nor burdens its node',
  'kubeProxy.ipvs.syncPeriod': 'a simulated sync takes no time: syncs are counted, but not what they cost',
  'host.nf_conntrack_max': noOverflow,
}

/** Whether the model uses a knob, given what the plan has it suppose: only what its settings look at acts. */
export function supportOf({ id, component }: Knob, { kubeProxy }: { kubeProxy: boolean }): KnobSupport {
  if (!knobsRead.has(id)) return { supported: false, because: reasons[id] ?? 'not modelled' }
  if (component === 'kube-proxy' && !kubeProxy) return { supported: false, because: noProxies }
  const note = notes[id]
  return note === undefined ? { supported: true } : { supported: true, note }
}

/** What the model uses; there is nothing else to ask. The host's table of connections is as large as it has come to be. */
export function readKnobs(
  knobs: readonly Knob[],
  requests: readonly KnobRequest[],
  conntrack: ConntrackTable,
): KnobReading[] {
  const requested = new Map<string, KnobValue>(requests.map(({ knob, value }) => [knob.id, value]))
  const stock = new Map(catalogue.map((knob) => [knob.id, knob.stock]))
  return knobs.map(({ id }) => {
    if (id === 'host.nf_conntrack_max') return conntrackReading(conntrack, requested.get(id))
    const reading = { id, effective: requested.get(id) ?? stock.get(id) ?? null, readFrom: 'the model' }
    // client-go makes a limiter for each API group's client where it takes its own default.
    if (qpsKnobs.includes(id) && reading.effective === 0)
      return { ...reading, note: 'the model has one limiter for all API groups' }
    const isOverruled = id === 'kubeProxy.conntrack.min' && conntrack.isCapped && requested.has(id)
    return isOverruled ? { ...reading, note: `kube-proxy ignores it here: ${capped}` } : reading
  })
}

const qpsKnobs = ['kubelet.kubeAPIQPS', 'controllerManager.kubeApiQps', 'scheduler.kubeApiQps']

const capped = 'maxPerCore x cores is above 1048576, where kube-proxy caps it, whatever min says'

const setByWords: Record<ConntrackTable['setBy'], string> = {
  'the kernel': "the kernel's default for this much memory",
  'the sysctl': 'as the sysctl says',
  maxPerCore: 'kube-proxy set it when it started, to maxPerCore x cores',
  min: 'kube-proxy set it when it started, to min, which is more than maxPerCore x cores',
  'the cap': `kube-proxy set it when it started: ${capped}; maxPerCore 1 would let min decide, 0 the sysctl`,
}

function conntrackReading({ max, setBy }: ConntrackTable, requested: KnobValue | undefined): KnobReading {
  const reading = { id: 'host.nf_conntrack_max', effective: max, readFrom: 'the modelled host' }
  return max === requested ? reading : { ...reading, note: setByWords[setBy] }
}
