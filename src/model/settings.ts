import { clientSettingsOf } from '../tuning/client-knobs.ts'
import { compactionOf } from '../tuning/compaction.ts'
import type { ConntrackSettings } from '../tuning/conntrack.ts'
import type { KnobRequest } from '../tuning/profiles.ts'
import type { Values } from '../tuning/values.ts'
import { valuesUnder } from '../tuning/values.ts'
import type { EtcdSettings } from './etcd/etcd.ts'
import type { SyncIntervals } from './proxy/sync-runner.ts'

/** The knobs of one arm as the model uses them. */
export interface Settings {
  kubelet: {
    client: ClientSettings
    events: ClientSettings
    maxPods: number
    /** nodeStatusReportFrequency: how often an unchanged status is written. */
    statusReportMs: number
    /** nodeStatusUpdateFrequency: how often it is looked at. */
    statusUpdateMs: number
  }
  controllerManager: {
    client: ClientSettings
    deploymentSyncs: number
    replicaSetSyncs: number
    endpointSyncs: number
    endpointSliceSyncs: number
    /** How long changes of pods are collected before they are written. */
    endpointsBatchMs: number
    endpointSlicesBatchMs: number
    namespaceSyncs: number
    gcSyncs: number
    nodeMonitorPeriodMs: number
    nodeMonitorGracePeriodMs: number
  }
  scheduler: { client: ClientSettings; percentageOfNodesToScore: number; parallelism: number }
  apiserver: {
    notReadyTolerationSeconds: number
    unreachableTolerationSeconds: number
    /** Requests served at a time, of all priority levels together. */
    inflight: number
    /** How often it compacts etcd; 0 where it never does. */
    compactionMs: number
  }
  etcd: EtcdSettings
  kubeProxy: { intervals: SyncIntervals; conntrack: ConntrackSettings }
  /** net.netfilter.nf_conntrack_max as the host's sysctl has it; null where it says nothing. */
  hostConntrackMax: number | null
}

/** How a client is configured; `clientLimitOf` says what client-go makes of it. */
export interface ClientSettings {
  qps: number
  burst: number
}

/** kubelet: nodeStatusReportFrequency, unless nodeStatusUpdateFrequency is set: then they are the same (pkg/kubelet/apis/config/v1beta1/defaults.go). */
const builtInReportMs = 300_000

/**
 * Of the modes iptables and nftables, which the document's settings do not touch: minSyncPeriod as built in (pkg/proxy/apis/config/v1alpha1/defaults.go),
 * and a full sync every hour whatever syncPeriod says, which is when they try again (FullSyncPeriod, pkg/proxy/util/utils.go).
 */
const otherIntervals: SyncIntervals = { minMs: 1000, maxMs: 3_600_000 }

/** Reads the values that an arm asks for, and the built-in ones of everything else. */
export function settingsOf(requests: readonly KnobRequest[]): Settings {
  return readSettings(valuesUnder(requests))
}

/** The knobs that the model looks at: no other one acts. */
export const knobsRead: ReadonlySet<string> = lookedAt()

function lookedAt(): Set<string> {
  const ids = new Set<string>()
  readSettings(valuesUnder([], (id) => ids.add(id)))
  return ids
}

/** Looks at the same knobs whatever their values, so that those that it looks at are known. */
function readSettings(values: Values): Settings {
  const { number, durationMs, text, list, isRequested } = values
  const statusUpdateMs = durationMs('kubelet.nodeStatusUpdateFrequency')
  const compactionMs = durationMs('apiserver.etcdCompactionInterval')
  // Checked with the plan: minSyncPeriod is no longer than syncPeriod.
  const ipvs: SyncIntervals = {
    minMs: durationMs('kubeProxy.ipvs.minSyncPeriod'),
    maxMs: durationMs('kubeProxy.ipvs.syncPeriod'),
  }
  return {
    kubelet: {
      client: clientSettingsOf('kubelet', values),
      events: eventLimitOf(clientSettingsOf('events', values)),
      maxPods: number('kubelet.maxPods'),
      statusUpdateMs,
      statusReportMs: isRequested('kubelet.nodeStatusUpdateFrequency') ? statusUpdateMs : builtInReportMs,
    },
    controllerManager: {
      client: clientSettingsOf('controllers', values),
      deploymentSyncs: number('controllerManager.concurrentDeploymentSyncs'),
      replicaSetSyncs: number('controllerManager.concurrentReplicasetSyncs'),
      endpointSyncs: number('controllerManager.concurrentEndpointSyncs'),
      endpointSliceSyncs: number('controllerManager.concurrentServiceEndpointSyncs'),
      endpointsBatchMs: durationMs('controllerManager.endpointUpdatesBatchPeriod'),
      endpointSlicesBatchMs: durationMs('controllerManager.endpointsliceUpdatesBatchPeriod'),
      namespaceSyncs: number('controllerManager.concurrentNamespaceSyncs'),
      gcSyncs: number('controllerManager.concurrentGcSyncs'),
      nodeMonitorPeriodMs: durationMs('controllerManager.nodeMonitorPeriod'),
      nodeMonitorGracePeriodMs: durationMs('controllerManager.nodeMonitorGracePeriod'),
    },
    scheduler: {
      client: clientSettingsOf('scheduler', values),
      percentageOfNodesToScore: number('scheduler.percentageOfNodesToScore'),
      parallelism: number('scheduler.parallelism'),
    },
    apiserver: {
      notReadyTolerationSeconds: number('apiserver.defaultNotReadyTolerationSeconds'),
      unreachableTolerationSeconds: number('apiserver.defaultUnreachableTolerationSeconds'),
      inflight: number('apiserver.maxRequestsInflight') + number('apiserver.maxMutatingRequestsInflight'),
      compactionMs,
    },
    etcd: {
      quotaBytes: number('etcd.quotaBackendBytes'),
      snapshotCount: number('etcd.snapshotCount'),
      apiserverCompactionMs: compactionMs,
      compaction: compactionOf(values),
      split: list('etcd.splitByResource'),
    },
    kubeProxy: {
      intervals: text('kubeProxy.mode') === 'ipvs' ? ipvs : otherIntervals,
      conntrack: { maxPerCore: number('kubeProxy.conntrack.maxPerCore'), min: number('kubeProxy.conntrack.min') },
    },
    hostConntrackMax: isRequested('host.nf_conntrack_max') ? number('host.nf_conntrack_max') : null,
  }
}

/** Since 1.37 an eventRecordQPS of 0 switches the limit off (cmd/kubelet/app/server.go), where client-go would take its default. */
function eventLimitOf(client: ClientSettings): ClientSettings {
  return client.qps === 0 ? { ...client, qps: -1 } : client
}
