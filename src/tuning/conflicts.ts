import { readCompaction } from './compaction.ts'
import type { KnobRequest } from './profiles.ts'
import { valuesUnder } from './values.ts'

/** Values that are each right and do not go together: the component would not start, or not do what they say. */
export interface Conflict {
  /** The knobs whose values these are. */
  knobs: readonly string[]
  message: string
}

/** What does not go together among the values that hold under an arm's requests. */
export function conflictsAmong(requests: readonly KnobRequest[]): Conflict[] {
  const values = valuesUnder(requests)
  const conflicts: Conflict[] = []
  const conflict = (knobs: string[], message: string) => conflicts.push({ knobs, message })

  // etcd server/embed/config.go, Validate.
  const heartbeat = values.number('etcd.heartbeatInterval')
  const election = values.number('etcd.electionTimeout')
  if (election < 5 * heartbeat)
    conflict(
      ['etcd.heartbeatInterval', 'etcd.electionTimeout'],
      `etcd would not start: etcd.electionTimeout is ${election}, less than 5 x etcd.heartbeatInterval, ${heartbeat}`,
    )

  // apiserver pkg/server/options/feature.go.
  const inflight = ['apiserver.maxRequestsInflight', 'apiserver.maxMutatingRequestsInflight'] as const
  if (inflight.every((id) => values.number(id) === 0))
    conflict([...inflight], `kube-apiserver would not start: ${inflight.join(' and ')} are both 0`)

  // pkg/kubelet/apis/config/validation/validation.go; unless it is set, serializeImagePulls follows the other.
  const asked = new Map(requests.map(({ knob, value }) => [knob.id, value]))
  const [serial, parallel] = ['kubelet.serializeImagePulls', 'kubelet.maxParallelImagePulls'] as const
  if (asked.get(serial) === true && Number(asked.get(parallel) ?? 1) > 1)
    conflict(
      [serial, parallel],
      `the kubelet would not start: ${parallel} is ${asked.get(parallel)}, which needs ${serial} to be false`,
    )

  const [mode, retention] = ['etcd.autoCompactionMode', 'etcd.autoCompactionRetention'] as const
  if (readCompaction(values) === undefined)
    conflict(
      [mode, retention],
      `${mode} ${values.text(mode)} needs ${values.text(mode) === 'revision' ? 'a number of revisions' : 'hours up to 2,562,047, or a period'}, but ${retention} is ${values.text(retention)}`,
    )

  // pkg/proxy/apis/config/validation/validation.go.
  const [shortest, longest] = ['kubeProxy.ipvs.minSyncPeriod', 'kubeProxy.ipvs.syncPeriod'] as const
  if (values.text('kubeProxy.mode') === 'ipvs' && values.durationMs(shortest) > values.durationMs(longest))
    conflict(
      [shortest, longest],
      `kube-proxy would not start: ${shortest}, ${values.text(shortest)}, is longer than ${longest}, ${values.text(longest)}`,
    )

  // client-go kubernetes/clientset.go, NewForConfigAndClient.
  for (const [component, prefix] of [
    ['kube-controller-manager', 'controllerManager'],
    ['kube-scheduler', 'scheduler'],
  ] as const) {
    const [qps, burst] = [`${prefix}.kubeApiQps`, `${prefix}.kubeApiBurst`]
    if (values.number(qps) > 0 && values.number(burst) === 0)
      conflict([qps, burst], `${component} would not start: ${burst} is 0, which needs ${qps} to be 0 or less`)
  }
  return conflicts
}
