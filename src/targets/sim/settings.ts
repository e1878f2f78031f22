import { parseDurationMs } from '../../base/duration.ts'
import { Failure } from '../../base/errors.ts'
import { catalogue } from '../../tuning/catalogue.ts'
import type { KnobValue } from '../../tuning/knob.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import type { EtcdSettings } from './model/etcd.ts'
import type { ConntrackSettings } from './proxy/conntrack.ts'
import type { SyncIntervals } from './proxy/sync-runner.ts'

/** The knobs of one arm as the model uses them. */
export interface Settings {
  kubelet: {
    client: Limits
    events: Limits
    maxPods: number
    /** nodeStatusReportFrequency: how often an unchanged status is written. */
    statusReportMs: number
    /** nodeStatusUpdateFrequency: how often it is looked at. */
    statusUpdateMs: number
  }
  controllerManager: {
    client: Limits
    deploymentSyncs: number
    replicaSetSyncs: number
    endpointSyncs: number
    endpointSliceSyncs: number
    namespaceSyncs: number
    nodeMonitorPeriodMs: number
    nodeMonitorGracePeriodMs: number
  }
  apiserver: { notReadyTolerationSeconds: number; unreachableTolerationSeconds: number }
  etcd: EtcdSettings
  kubeProxy: { intervals: SyncIntervals; conntrack: ConntrackSettings }
  /** net.netfilter.nf_conntrack_max as the host's sysctl has it; null where it says nothing. */
  hostConntrackMax: number | null
}

/** A client's rate limit. */
export interface Limits {
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
  const requested = new Map(requests.map(({ knob, value }) => [knob.id, value]))
  const effective = (id: string): KnobValue => {
    const value = requested.get(id) ?? catalogue.find((knob) => knob.id === id)?.stock
    if (value === undefined || value === null) throw new Error(`${id} has no value`)
    return value
  }
  const number = (id: string) => Number(effective(id))
  const durationMs = (id: string) => parseDurationMs(String(effective(id))) ?? 0
  const statusUpdateMs = durationMs('kubelet.nodeStatusUpdateFrequency')
  const retention = number('etcd.autoCompactionRetention')
  return {
    kubelet: {
      client: { qps: number('kubelet.kubeAPIQPS'), burst: number('kubelet.kubeAPIBurst') },
      events: { qps: number('kubelet.eventRecordQPS'), burst: number('kubelet.eventBurst') },
      maxPods: number('kubelet.maxPods'),
      statusUpdateMs,
      statusReportMs: requested.has('kubelet.nodeStatusUpdateFrequency') ? statusUpdateMs : builtInReportMs,
    },
    controllerManager: {
      client: { qps: number('controllerManager.kubeApiQps'), burst: number('controllerManager.kubeApiBurst') },
      deploymentSyncs: number('controllerManager.concurrentDeploymentSyncs'),
      replicaSetSyncs: number('controllerManager.concurrentReplicasetSyncs'),
      endpointSyncs: number('controllerManager.concurrentEndpointSyncs'),
      // --concurrent-service-endpoint-syncs, which the document does not name.
      endpointSliceSyncs: 5,
      namespaceSyncs: number('controllerManager.concurrentNamespaceSyncs'),
      nodeMonitorPeriodMs: durationMs('controllerManager.nodeMonitorPeriod'),
      nodeMonitorGracePeriodMs: durationMs('controllerManager.nodeMonitorGracePeriod'),
    },
    apiserver: {
      notReadyTolerationSeconds: number('apiserver.defaultNotReadyTolerationSeconds'),
      unreachableTolerationSeconds: number('apiserver.defaultUnreachableTolerationSeconds'),
    },
    etcd: {
      quotaBytes: number('etcd.quotaBackendBytes'),
      snapshotCount: number('etcd.snapshotCount'),
      retainedRevisions: effective('etcd.autoCompactionMode') === 'revision' && retention > 0 ? retention : null,
      split: String(effective('etcd.splitByResource'))
        .split(',')
        .filter((resource) => resource !== ''),
    },
    kubeProxy: {
      intervals:
        effective('kubeProxy.mode') === 'ipvs'
          ? ipvsIntervals(durationMs('kubeProxy.ipvs.minSyncPeriod'), durationMs('kubeProxy.ipvs.syncPeriod'))
          : otherIntervals,
      conntrack: { maxPerCore: number('kubeProxy.conntrack.maxPerCore'), min: number('kubeProxy.conntrack.min') },
    },
    hostConntrackMax: requested.has('host.nf_conntrack_max') ? Number(requested.get('host.nf_conntrack_max')) : null,
  }
}

/**
 * The ipvs proxier syncs everything each time, after syncPeriod at the latest (pkg/proxy/ipvs/proxier.go, NewProxier). Throws
 * `Failure('bad-input')` for periods that kube-proxy refuses (pkg/proxy/apis/config/validation/validation.go).
 */
function ipvsIntervals(minMs: number, syncPeriodMs: number): SyncIntervals {
  // As built in where it is 0 (pkg/proxy/apis/config/v1alpha1/defaults.go).
  const maxMs = syncPeriodMs === 0 ? 30_000 : syncPeriodMs
  if (minMs <= maxMs) return { minMs, maxMs }
  throw new Failure('bad-input', 'kube-proxy would not start: ipvs.minSyncPeriod is longer than ipvs.syncPeriod', {
    next: 'Lower kubeProxy.ipvs.minSyncPeriod, or raise kubeProxy.ipvs.syncPeriod.',
  })
}
