import type { ResourceName } from '../../../kube/api.ts'
import { roleLabel, runLabel } from '../../../kube/labels.ts'
import type { KubeObject } from '../../../kube/resources.ts'
import { isReady, resources } from '../../../kube/resources.ts'
import type { Witnessed } from '../cluster.ts'

/** What really happened to a pod, by the model's own clock. */
export interface WitnessedPod {
  namespace: string
  name: string
  /** Of the workload, of the probes, or neither. */
  role: 'workload' | 'probe' | 'other'
  createdMs: number
  readyMs?: number
  deletedMs?: number
}

/** What a cluster saw from its beginning to its end, told by itself. */
export interface Witness {
  armId: string
  /** How often each of the run's own objects came to be, by `resource namespace/name`. */
  created: ReadonlyMap<string, number>
  pods: ReadonlyMap<string, WitnessedPod>
  /** What was there when the cluster was taken away, by `resource namespace/name`; without nodes and system namespaces. */
  left: readonly string[]
}

const systemNamespaces = new Set(['default', 'kube-node-lease', 'kube-public', 'kube-system'])

/** Watches a cluster from the inside; the answer is complete when the cluster is gone. */
export function witness({ armId, store, nowMs, onClose }: Witnessed): Witness {
  const created = new Map<string, number>()
  const pods = new Map<string, WitnessedPod>()
  const left: string[] = []
  for (const resource of Object.keys(resources) as ResourceName[]) {
    store.onChange(resource, ({ type, object }) => {
      if (type !== 'ADDED' || resource === 'pods' || object.metadata.labels?.[runLabel] === undefined) return
      const key = keyOf(resource, object)
      // A ReplicaSet copies its Deployment's labels; it is not the run that creates it.
      if (resource !== 'replicasets') created.set(key, (created.get(key) ?? 0) + 1)
    })
  }
  store.onChange('pods', ({ type, object }) => {
    const { uid = '', namespace = '', name = '', labels = {} } = object.metadata
    const known = pods.get(uid)
    const pod: WitnessedPod = known ?? { namespace, name, role: roleOf(labels), createdMs: nowMs() }
    pods.set(uid, pod)
    if (type === 'DELETED') pod.deletedMs = nowMs()
    else if (isReady(object)) pod.readyMs ??= nowMs()
  })
  onClose(() => {
    for (const resource of Object.keys(resources) as ResourceName[]) {
      if (resource === 'nodes') continue
      for (const object of store.list(resource)) {
        const { namespace, name = '' } = object.metadata
        if (!systemNamespaces.has(namespace ?? name)) left.push(keyOf(resource, object))
      }
    }
  })
  return { armId, created, pods, left }
}

function keyOf(resource: string, { metadata }: KubeObject): string {
  return `${resource} ${metadata.namespace ?? ''}/${metadata.name ?? ''}`
}

function roleOf(labels: Readonly<Record<string, string>>): WitnessedPod['role'] {
  if (labels[roleLabel] === 'workload') return 'workload'
  return labels[runLabel] === undefined ? 'other' : 'probe'
}
