import { formatDuration } from '../../base/duration.ts'
import type { Symptom } from '../../result/symptom.ts'
import { isRefusedByEtcd } from '../component-series.ts'
import type { ComponentName, MetricSample } from '../metrics.ts'
import type { Measure } from './readings.ts'
import { gauge, increase, latest, mean, p99, perSecond, ratio } from './readings.ts'

/** When something counts as a symptom. docs/symptoms.md has the same table. */
export interface SymptomRule {
  id: string
  component: ComponentName
  /** What it is called on the timeline. */
  what: string
  measure: Measure
  unit: Symptom['unit']
  /** Values above it show the symptom. */
  limit: number
  /** For how long all readings must, two of them at least. 0: one reading is enough, since what it counts never happens in a healthy cluster. */
  forMs: number
  /** Where limit and duration come from. */
  source: string
  /** Knobs that address it. */
  knobs: readonly string[]
}

const [halfAMinute, aMinute] = [30_000, 60_000]

/** Time that requests wait for their client's limit, in a second: so many wait at a time, on average. */
/** Seconds waited per second: how many requests wait at a time. */
const throttled = perSecond('rest_client_rate_limiter_duration_seconds_sum')
const throttleLimit = 0.5
const throttleSource = 'our choice: somebody waits for the client limit more than half of the time'
const callSource = 'SLO for API calls: sig-scalability/slos/api_call_latency.md'
const ownChoice = 'our choice'
const isWrite = ({ verb, scope }: MetricSample['labels']) =>
  scope === 'resource' && ['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE'].includes(verb ?? '')
const isRead =
  (verbs: readonly string[], scopes: readonly string[]) =>
  ({ verb, scope }: MetricSample['labels']) =>
    verbs.includes(verb ?? '') && scopes.includes(scope ?? '')

/** One row a symptom. */
export const symptomRules: readonly SymptomRule[] = [
  {
    id: 'etcd-fsync-slow',
    component: 'etcd',
    what: 'etcd syncs its log slowly: every write waits for the disk',
    measure: p99('etcd_disk_wal_fsync_duration_seconds'),
    unit: 'ms',
    limit: 100,
    forMs: halfAMinute,
    source:
      'our choice between what a healthy disk takes, 10 ms (etcd FAQ), and the alert of etcd-mixin, 500 ms for 10 m (etcdHighFsyncDurations)',
    knobs: ['etcd.walDisk', 'etcd.ioPriority', 'etcd.snapshotCount', 'etcd.splitByResource'],
  },
  {
    id: 'etcd-commit-slow',
    component: 'etcd',
    what: 'etcd commits slowly to its database file',
    measure: p99('etcd_disk_backend_commit_duration_seconds'),
    unit: 'ms',
    limit: 250,
    forMs: aMinute,
    source: 'etcd-mixin alerts above 250 ms (etcdHighCommitDurations); the FAQ expects 25 ms',
    knobs: ['etcd.walDisk', 'etcd.ioPriority', 'etcd.backendBatchLimit', 'etcd.backendBatchInterval'],
  },
  {
    id: 'etcd-slow-applies',
    component: 'etcd',
    what: 'etcd is slow to apply requests',
    measure: perSecond('etcd_server_slow_apply_total'),
    unit: 'per second',
    limit: 0.5,
    forMs: halfAMinute,
    source: 'etcd counts what takes more than 100 ms (--warning-apply-duration); the rate is our choice',
    knobs: ['etcd.nice', 'etcd.ioPriority', 'etcd.walDisk', 'etcd.splitByResource'],
  },
  {
    id: 'etcd-too-many-requests',
    component: 'etcd',
    what: 'etcd refuses requests: too many are waiting to be applied',
    measure: withoutNoSpace(
      perSecond('grpc_server_handled_total', {
        of: 'grpc_service="etcdserverpb.KV",grpc_code=~"Unknown|ResourceExhausted"',
        only: isRefusedByEtcd,
      }),
    ),
    unit: 'per second',
    limit: 0,
    forMs: 0,
    source:
      'etcd refuses when 5000 entries are not applied (v3_server.go, maxNormalGap), and counts it as Unknown: this never happens in a healthy cluster',
    knobs: ['etcd.splitByResource', 'etcd.nice', 'etcd.ioPriority', 'etcd.walDisk'],
  },
  {
    id: 'etcd-proposals-failed',
    component: 'etcd',
    what: 'etcd loses proposals: no leader, or no quorum',
    measure: increase('etcd_server_proposals_failed_total'),
    unit: 'count',
    limit: 0,
    forMs: 10_000,
    source: 'etcd-mixin alerts above 5 in 15 m (etcdHighNumberOfFailedProposals); ours: in two readings in a row',
    knobs: ['etcd.heartbeatInterval', 'etcd.electionTimeout'],
  },
  {
    id: 'etcd-proposals-pending',
    component: 'etcd',
    what: 'writes queue up in etcd',
    measure: gauge('etcd_server_proposals_pending'),
    unit: 'count',
    limit: 100,
    forMs: halfAMinute,
    source: `${ownChoice}; the etcd documentation calls a rising number a sign of overload`,
    knobs: ['etcd.walDisk', 'etcd.nice', 'etcd.ioPriority', 'etcd.splitByResource'],
  },
  {
    id: 'etcd-quota-low',
    component: 'etcd',
    what: 'etcd is about to reach its quota',
    measure: ratio(gauge('etcd_mvcc_db_total_size_in_bytes'), gauge('etcd_server_quota_backend_bytes')),
    unit: 'ratio',
    limit: 0.95,
    forMs: 10_000,
    source: 'etcd-mixin alerts above 95 % (etcdDatabaseQuotaLowSpace)',
    knobs: ['etcd.quotaBackendBytes', 'etcd.autoCompactionRetention', 'apiserver.etcdCompactionInterval'],
  },
  {
    id: 'etcd-no-space',
    component: 'etcd',
    what: 'etcd refuses writes: it has reached its quota (NOSPACE)',
    measure: latest('etcd_debugging_server_alarms', {
      of: 'alarm_type="NOSPACE"',
      only: ({ alarm_type: type }) => type === 'NOSPACE',
    }),
    unit: 'count',
    limit: 0,
    forMs: 0,
    source: 'etcd raises the alarm at --quota-backend-bytes, and takes only deletions until it is disarmed',
    knobs: ['etcd.quotaBackendBytes', 'etcd.autoCompactionRetention', 'apiserver.etcdCompactionInterval'],
  },
  {
    id: 'etcd-leader-change',
    component: 'etcd',
    what: 'etcd elected another leader',
    measure: increase('etcd_server_leader_changes_seen_total'),
    unit: 'count',
    limit: 0,
    forMs: 0,
    source: 'etcd-mixin alerts at 4 in 15 m (etcdHighNumberOfLeaderChanges); no quiet run has one',
    knobs: ['etcd.heartbeatInterval', 'etcd.electionTimeout', 'etcd.nice', 'etcd.walDisk'],
  },
  {
    id: 'apiserver-reads-slow',
    component: 'kube-apiserver',
    what: 'reads of single objects are slow',
    measure: p99('apiserver_request_sli_duration_seconds', {
      by: ['verb', 'resource'],
      of: 'verb=~"GET|LIST",scope="resource"',
      only: isRead(['GET', 'LIST'], ['resource']),
    }),
    unit: 'ms',
    limit: 1000,
    forMs: aMinute,
    source: callSource,
    knobs: ['apiserver.maxRequestsInflight', 'apiserver.watchCacheSizes', 'etcd.splitByResource', 'etcd.walDisk'],
  },
  {
    id: 'apiserver-lists-slow',
    component: 'kube-apiserver',
    what: 'lists are slow',
    measure: p99('apiserver_request_sli_duration_seconds', {
      by: ['resource', 'scope'],
      of: 'verb="LIST",scope=~"namespace|cluster"',
      only: isRead(['LIST'], ['namespace', 'cluster']),
    }),
    unit: 'ms',
    limit: 30_000,
    forMs: aMinute,
    source: callSource,
    knobs: ['apiserver.maxRequestsInflight', 'apiserver.watchCacheSizes', 'etcd.splitByResource'],
  },
  {
    id: 'apiserver-writes-slow',
    component: 'kube-apiserver',
    what: 'writes are slow',
    measure: p99('apiserver_request_sli_duration_seconds', {
      by: ['verb', 'resource'],
      of: 'verb=~"POST|PUT|PATCH|APPLY|DELETE",scope="resource"',
      only: isWrite,
    }),
    unit: 'ms',
    limit: 1000,
    forMs: aMinute,
    source: callSource,
    knobs: ['apiserver.maxMutatingRequestsInflight', 'etcd.walDisk', 'etcd.ioPriority', 'etcd.splitByResource'],
  },
  {
    id: 'apiserver-refuses',
    component: 'kube-apiserver',
    what: 'the API server refuses requests (429)',
    measure: perSecond('apiserver_request_total', {
      by: ['verb', 'resource'],
      of: 'code="429"',
      only: ({ code }) => code === '429',
    }),
    unit: 'per second',
    limit: 0,
    forMs: 10_000,
    source: 'a healthy API server refuses nothing; ours: in two readings in a row',
    knobs: ['apiserver.maxRequestsInflight', 'apiserver.maxMutatingRequestsInflight'],
  },
  {
    id: 'apf-refuses',
    component: 'kube-apiserver',
    what: 'API Priority and Fairness refuses requests of a priority level',
    measure: perSecond('apiserver_flowcontrol_rejected_requests_total', { by: ['priority_level', 'reason'] }),
    unit: 'per second',
    limit: 0,
    forMs: 10_000,
    source: 'a healthy API server refuses nothing; ours: in two readings in a row',
    knobs: ['apiserver.maxRequestsInflight', 'apiserver.maxMutatingRequestsInflight'],
  },
  {
    id: 'apf-wait-long',
    component: 'kube-apiserver',
    what: 'requests wait a long time for a seat of their priority level',
    measure: p99('apiserver_flowcontrol_request_wait_duration_seconds', { by: ['priority_level'] }),
    unit: 'ms',
    limit: 1000,
    forMs: aMinute,
    source: `${ownChoice}: as long as the SLO allows the whole call, which does not count this wait`,
    knobs: ['apiserver.maxRequestsInflight', 'apiserver.maxMutatingRequestsInflight'],
  },
  {
    id: 'apf-queues',
    component: 'kube-apiserver',
    what: 'all seats of a priority level are taken, and requests queue',
    measure: gauge('apiserver_flowcontrol_current_inqueue_requests', { by: ['priority_level'] }),
    unit: 'count',
    limit: 0,
    forMs: aMinute,
    source: `${ownChoice}: at every reading`,
    knobs: ['apiserver.maxRequestsInflight', 'apiserver.maxMutatingRequestsInflight'],
  },
  {
    id: 'apiserver-inflight-full',
    component: 'kube-apiserver',
    what: 'the API server handles nearly as many requests as it may',
    measure: ratio(
      gauge('apiserver_current_inflight_requests'),
      gauge('apiserver_flowcontrol_nominal_limit_seats', {
        of: 'priority_level!="exempt"',
        only: ({ priority_level: level }) => level !== 'exempt',
      }),
    ),
    unit: 'ratio',
    limit: 0.9,
    forMs: aMinute,
    source: `${ownChoice}: all seats together are the sum of the two flags (flowcontrol/apf_controller.go)`,
    knobs: ['apiserver.maxRequestsInflight', 'apiserver.maxMutatingRequestsInflight'],
  },
  {
    id: 'etcd-requests-fail',
    component: 'kube-apiserver',
    what: "the API server's requests to etcd fail",
    measure: perSecond('etcd_request_errors_total', { by: ['operation'] }),
    unit: 'per second',
    limit: 1,
    forMs: halfAMinute,
    source: `${ownChoice}: single errors are requests whose client has gone`,
    knobs: ['etcd.quotaBackendBytes', 'etcd.walDisk', 'etcd.splitByResource'],
  },
  {
    id: 'controllers-client-limited',
    component: 'kube-controller-manager',
    what: 'controllers cannot catch up: they wait for their client limit',
    measure: throttled,
    unit: 'requests',
    limit: throttleLimit,
    forMs: halfAMinute,
    source: throttleSource,
    knobs: ['controllerManager.kubeApiQps', 'controllerManager.kubeApiBurst'],
  },
  {
    id: 'controllers-backlog',
    component: 'kube-controller-manager',
    what: 'controllers cannot catch up: work piles up in their queues',
    measure: gauge('workqueue_depth', { by: ['name'] }),
    unit: 'count',
    limit: 100,
    forMs: aMinute,
    source: ownChoice,
    knobs: [
      'controllerManager.kubeApiQps',
      'controllerManager.concurrentReplicasetSyncs',
      'controllerManager.concurrentDeploymentSyncs',
      'controllerManager.concurrentEndpointSyncs',
      'controllerManager.concurrentServiceEndpointSyncs',
      'controllerManager.concurrentNamespaceSyncs',
      'controllerManager.concurrentGcSyncs',
    ],
  },
  {
    id: 'controllers-queue-slow',
    component: 'kube-controller-manager',
    what: 'controllers cannot catch up: work waits a long time in their queues',
    measure: mean('workqueue_queue_duration_seconds', { by: ['name'] }),
    unit: 'ms',
    limit: 10_000,
    forMs: aMinute,
    source: ownChoice,
    knobs: [
      'controllerManager.kubeApiQps',
      'controllerManager.concurrentReplicasetSyncs',
      'controllerManager.concurrentDeploymentSyncs',
    ],
  },
  {
    id: 'scheduler-client-limited',
    component: 'kube-scheduler',
    what: 'the scheduler is slow: it waits for its client limit',
    measure: throttled,
    unit: 'requests',
    limit: throttleLimit,
    forMs: halfAMinute,
    source: throttleSource,
    knobs: ['scheduler.kubeApiQps', 'scheduler.kubeApiBurst'],
  },
  {
    id: 'scheduler-backlog',
    component: 'kube-scheduler',
    what: 'the scheduler is slow: pods wait to be looked at',
    measure: gauge('scheduler_pending_pods', { of: 'queue="active"', only: ({ queue }) => queue === 'active' }),
    unit: 'count',
    limit: 100,
    forMs: aMinute,
    source: `${ownChoice}: the scheduler is expected to place 100 pods per second`,
    knobs: ['scheduler.percentageOfNodesToScore', 'scheduler.parallelism', 'scheduler.kubeApiQps'],
  },
  {
    id: 'scheduler-attempts-slow',
    component: 'kube-scheduler',
    what: 'the scheduler is slow: each decision takes a long time',
    measure: p99('scheduler_scheduling_algorithm_duration_seconds'),
    unit: 'ms',
    limit: 1000,
    forMs: aMinute,
    source: `${ownChoice}: at 1 s per pod, it places one pod per second`,
    knobs: ['scheduler.percentageOfNodesToScore', 'scheduler.parallelism'],
  },
  {
    id: 'kubelet-client-limited',
    component: 'kubelet',
    what: 'the kubelet reports slowly: it waits for its client limit',
    measure: throttled,
    unit: 'requests',
    limit: throttleLimit,
    forMs: halfAMinute,
    source: throttleSource,
    knobs: ['kubelet.kubeAPIQPS', 'kubelet.kubeAPIBurst', 'kubelet.eventRecordQPS'],
  },
  {
    id: 'kubelet-starts-slow',
    component: 'kubelet',
    what: 'pods start, or start again, slowly',
    measure: p99('kubelet_pod_start_sli_duration_seconds'),
    unit: 'ms',
    limit: 5000,
    forMs: halfAMinute,
    source: 'SLO for pod startup: sig-scalability/slos/pod_startup_latency.md',
    knobs: [
      'kubelet.kubeAPIQPS',
      'kubelet.kubeAPIBurst',
      'kubelet.serializeImagePulls',
      'kubelet.maxParallelImagePulls',
    ],
  },
  {
    id: 'kubelet-pleg-slow',
    component: 'kubelet',
    what: 'the kubelet is slow to check its containers (PLEG)',
    measure: p99('kubelet_pleg_relist_duration_seconds'),
    unit: 'ms',
    limit: 5000,
    forMs: aMinute,
    source: `${ownChoice}: half of what kubernetes-mixin alerts at, 10 s for 5 m (KubeletPlegDurationHigh), which is the last bucket`,
    knobs: ['kubelet.maxPods'],
  },
  {
    id: 'kubelet-pod-workers-slow',
    component: 'kubelet',
    what: 'the kubelet is slow to sync pods',
    measure: p99('kubelet_pod_worker_duration_seconds', { by: ['operation_type'] }),
    unit: 'ms',
    limit: 5000,
    forMs: aMinute,
    source: `${ownChoice}: kubernetes-mixin alerts above 60 s (KubeletPodStartUpLatencyHigh), far beyond the last bucket, 10 s`,
    knobs: ['kubelet.kubeAPIQPS', 'kubelet.kubeAPIBurst', 'kubelet.maxPods'],
  },
  {
    id: 'kube-proxy-syncs-slow',
    component: 'kube-proxy',
    what: 'kube-proxy is slow to write its rules',
    measure: p99('kubeproxy_sync_proxy_rules_duration_seconds'),
    unit: 'ms',
    limit: 10_000,
    forMs: aMinute,
    source: `${ownChoice}: a third of the SLO for network programming`,
    knobs: ['kubeProxy.mode', 'kubeProxy.ipvs.minSyncPeriod', 'kubeProxy.ipvs.syncPeriod'],
  },
  {
    id: 'network-programming-slow',
    component: 'kube-proxy',
    what: 'changes to Services reach the nodes late',
    measure: p99('kubeproxy_network_programming_duration_seconds'),
    unit: 'ms',
    limit: 30_000,
    forMs: aMinute,
    source: 'SLO for network programming: sig-scalability/slos/network_programming_latency.md',
    knobs: ['kubeProxy.mode', 'kubeProxy.ipvs.minSyncPeriod', 'controllerManager.endpointsliceUpdatesBatchPeriod'],
  },
]

/** Refusals while etcd has space left: at its quota it refuses with the same code. */
function withoutNoSpace(refusals: Measure): Measure {
  const alarms = 'etcd_debugging_server_alarms'
  return {
    ...refusals,
    text: `${refusals.text}, without an alarm`,
    names: [...refusals.names, alarms],
    read: (pair, seconds) =>
      pair.after.some(({ name, value }) => name === alarms && value > 0) ? [] : refusals.read(pair, seconds),
  }
}

/** `99th percentile of etcd_disk_wal_fsync_duration_seconds above 100 ms for 30 s`. */
export function ruleInWords({ measure, unit, limit, forMs }: SymptomRule): string {
  const figure = unit === 'ms' ? formatDuration(limit) : unit === 'ratio' ? `${100 * limit} %` : String(limit)
  return `${measure.text} above ${figure}${forMs === 0 ? '' : ` for ${formatDuration(forMs)}`}`
}
