import type { ResourceName } from '../../kube/api.ts'
import { roleLabel, runLabel } from '../../kube/labels.ts'
import type { KubeObject } from '../../kube/resources.ts'
import { isReady, resources } from '../../kube/resources.ts'
import type { Witnessed } from '../../targets/sim/cluster.ts'

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

/** An object that carries a run's label. */
export interface OwnObject {
  resource: ResourceName
  /** `workload`, `ballast`, `canary`; absent on what the probes use. */
  role?: string | undefined
  /** How often it came to be. */
  created: number
}

/** Something that was still there at the end. */
export interface LeftObject {
  key: string
  /** The namespace that it is in, or that it is. */
  namespace: string
}

/** What a cluster saw from its beginning to its end, told by itself. */
export interface Witness {
  armId: string
  /** The cluster's time, which begins at zero. */
  nowMs: () => number
  /** The run's own objects, by `resource namespace/name`; without pods and ReplicaSets, which others create. */
  own: ReadonlyMap<string, OwnObject>
  /** By UID. */
  pods: ReadonlyMap<string, WitnessedPod>
  /** When each number of replicas was asked of the probes' Deployment. */
  scaled: readonly { atMs: number; replicas: number }[]
  /** What is there now, without nodes and system namespaces. */
  there(): LeftObject[]
  /** What was there when the run let go of the cluster; nothing before. */
  left(): readonly LeftObject[]
  /** The run lets go of the cluster now. */
  conclude(): void
  /** When it did; undefined before. */
  concludedMs(): number | undefined
}

const systemNamespaces = new Set(['default', 'kube-node-lease', 'kube-public', 'kube-system'])

/** Watches a cluster from the inside until the run lets go of it; what is there can be asked after that as well. */
export function witness({ armId, store, nowMs }: Witnessed): Witness {
  const own = new Map<string, OwnObject>()
  const pods = new Map<string, WitnessedPod>()
  const scaled: { atMs: number; replicas: number }[] = []
  let left: LeftObject[] = []
  let concludedMs: number | undefined
  const all = Object.keys(resources) as ResourceName[]

  for (const resource of all.filter((one) => one !== 'pods' && one !== 'replicasets')) {
    store.onChange(resource, ({ type, object }) => {
      const { labels = {} } = object.metadata
      if (concludedMs !== undefined || type !== 'ADDED' || labels[runLabel] === undefined) return
      const key = keyOf(resource, object)
      const created = (own.get(key)?.created ?? 0) + 1
      own.set(key, { resource, role: labels[roleLabel], created })
    })
  }
  store.onChange('deployments', ({ type, object: { metadata, spec }, previous }) => {
    const { labels = {} } = metadata
    if (
      concludedMs !== undefined ||
      type === 'DELETED' ||
      roleOf(labels) !== 'probe' ||
      previous?.spec.replicas === spec.replicas
    )
      return
    scaled.push({ atMs: nowMs(), replicas: spec.replicas })
  })
  store.onChange('pods', ({ type, object }) => {
    if (concludedMs !== undefined) return
    const { uid = '', namespace = '', name = '', labels = {} } = object.metadata
    const pod: WitnessedPod = pods.get(uid) ?? { namespace, name, role: roleOf(labels), createdMs: nowMs() }
    pods.set(uid, pod)
    if (type === 'DELETED') pod.deletedMs = nowMs()
    else if (isReady(object)) pod.readyMs ??= nowMs()
  })
  const there = () =>
    all
      .filter((resource) => resource !== 'nodes')
      .flatMap((resource) =>
        store.list(resource).map((object) => {
          const { namespace, name = '' } = object.metadata
          return { key: keyOf(resource, object), namespace: namespace ?? name }
        }),
      )
      .filter(({ namespace }) => !systemNamespaces.has(namespace))
  return {
    armId,
    nowMs,
    own,
    pods,
    scaled,
    there,
    left: () => left,
    conclude() {
      concludedMs = nowMs()
      left = there()
    },
    concludedMs: () => concludedMs,
  }
}

/** `configmaps large-01/config-1`, `namespaces /large-01`. */
export function keyOf(resource: string, { metadata }: KubeObject): string {
  return `${resource} ${metadata.namespace ?? ''}/${metadata.name ?? ''}`
}

function roleOf(labels: Readonly<Record<string, string>>): WitnessedPod['role'] {
  if (labels[roleLabel] === 'workload') return 'workload'
  return labels[runLabel] === undefined ? 'other' : 'probe'
}
