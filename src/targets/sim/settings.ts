import { parseDurationMs } from '../../base/duration.ts'
import { catalogue } from '../../tuning/catalogue.ts'
import type { KnobValue } from '../../tuning/knob.ts'
import type { KnobRequest } from '../../tuning/profiles.ts'
import type { EtcdSettings } from './model/etcd.ts'

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
}

/** A client's rate limit. */
export interface Limits {
  qps: number
  burst: number
}

/** kubelet: nodeStatusReportFrequency, unless nodeStatusUpdateFrequency is set: then they are the same (pkg/kubelet/apis/config/v1beta1/defaults.go). */
const builtInReportMs = 300_000

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
  }
}
