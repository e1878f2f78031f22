import { createHash } from 'node:crypto'
import { isApiStatus } from '../../../kube/api.ts'
import type { Condition, Deployment, ReplicaSet } from '../../../kube/resources.ts'
import { sameValue } from '../apiserver/objects.ts'
import { createEventRecorder } from '../model/event-recorder.ts'
import { createWorkQueue } from '../model/work-queue.ts'
import type { ControlPlane } from './context.ts'
import { controllerClient, keyOf, placeOf } from './context.ts'

/** pkg/controller/deployment/sync.go */
const revision = 'deployment.kubernetes.io/revision'

/**
 * The Deployment controller (pkg/controller/deployment): one ReplicaSet per pod template, scaled as the Deployment is, and a status
 * that repeats the ReplicaSet's. A template that changes gets a new ReplicaSet at once and the old ones are scaled to 0: the steps
 * of a rolling update are not modelled.
 */
export function runDeploymentController(controlPlane: ControlPlane): void {
  const { timeline, server, settings } = controlPlane
  const client = controllerClient(controlPlane)
  const recorder = createEventRecorder(timeline, client)
  const deployments = new Map<string, Deployment>()
  /** ReplicaSets by their Deployment's key, then name. */
  const owned = new Map<string, Map<string, ReplicaSet>>()
  /** The Deployment's key by its ReplicaSet's. */
  const ownerOf = new Map<string, string>()

  const queue = createWorkQueue(timeline, settings.controllerManager.deploymentSyncs, (key, done) => {
    const finish = (error?: unknown) => {
      if (error === undefined || isApiStatus(error, 404)) queue.forget(key)
      else queue.addRateLimited(key)
      done()
    }
    const deployment = deployments.get(key)
    if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return finish()
    const mine = [...(owned.get(key)?.values() ?? [])].filter(
      ({ metadata }) => metadata.ownerReferences?.[0]?.uid === deployment.metadata.uid,
    )
    const name = replicaSetName(deployment)
    const current = mine.find(({ metadata }) => metadata.name === name)
    if (current === undefined) return createReplicaSet(key, deployment, finish)
    if (deployment.metadata.annotations?.[revision] === undefined) return setRevision(key, finish)
    const wrong = [current, ...mine.filter((one) => one !== current)].find(
      (one) => one.spec.replicas !== (one === current ? deployment.spec.replicas : 0),
    )
    const replicas = wrong === current ? deployment.spec.replicas : 0
    if (wrong === undefined) writeStatus(key, deployment, current, mine, finish)
    else
      scale(key, wrong, replicas, (error) =>
        error ? finish(error) : writeStatus(key, deployment, current, mine, finish),
      )
  })

  const createReplicaSet = (key: string, deployment: Deployment, finish: (error?: unknown) => void) => {
    client.create('replicasets', replicaSetOf(deployment), (error) => {
      // Somebody was here before, and the cache does not show it yet.
      if (error !== undefined && !isApiStatus(error, 409)) return finish(error)
      if (error === undefined) recorder.record(key, 'ScalingReplicaSet')
      setRevision(key, finish)
    })
  }

  const setRevision = (key: string, finish: (error?: unknown) => void) => {
    client.update(
      'PUT',
      { resource: 'deployments', ...placeOf(key) },
      'all but status',
      (current) => ({
        ...current,
        metadata: { ...current.metadata, annotations: { ...current.metadata.annotations, [revision]: '1' } },
      }),
      (error) => finish(error),
    )
  }

  const scale = (key: string, { metadata }: ReplicaSet, replicas: number, done: (error?: unknown) => void) => {
    const { namespace = '', name = '' } = metadata
    client.update(
      'PUT',
      { resource: 'replicasets', namespace, name },
      'all but status',
      (current) => ({ ...current, spec: { ...current.spec, replicas } }),
      (error) => {
        if (error === undefined) recorder.record(key, 'ScalingReplicaSet')
        done(error)
      },
    )
  }

  const writeStatus = (
    key: string,
    deployment: Deployment,
    current: ReplicaSet,
    all: readonly ReplicaSet[],
    finish: (error?: unknown) => void,
  ) => {
    const status = statusOf(deployment, current, all)
    if (sameValue(status, deployment.status)) return finish()
    client.update(
      'PUT',
      { resource: 'deployments', ...placeOf(key) },
      'status',
      (stored) => ({ ...stored, status }),
      (error) => finish(error),
    )
  }

  server.inform('deployments', ({ type, object }) => {
    const key = keyOf(object)
    if (type === 'DELETED') deployments.delete(key)
    else {
      deployments.set(key, object)
      queue.add(key)
    }
  })
  server.inform('replicasets', ({ type, object }) => {
    const owner = object.metadata.ownerReferences?.[0]
    const { namespace = '', name = '' } = object.metadata
    // One that was orphaned has lost its owner.
    const key = owner === undefined ? ownerOf.get(keyOf(object)) : `${namespace}/${owner.name}`
    if (key === undefined) return
    const replicaSets = owned.get(key) ?? new Map<string, ReplicaSet>()
    owned.set(key, replicaSets)
    if (type === 'DELETED' || owner === undefined) {
      replicaSets.delete(name)
      ownerOf.delete(keyOf(object))
    } else {
      replicaSets.set(name, object)
      ownerOf.set(keyOf(object), key)
    }
    if (replicaSets.size === 0) owned.delete(key)
    queue.add(key)
  })
}

function statusOf(
  { metadata, spec }: Deployment,
  current: ReplicaSet,
  all: readonly ReplicaSet[],
): NonNullable<Deployment['status']> {
  const total = (countOf: (status: NonNullable<ReplicaSet['status']>) => number | undefined) =>
    all.reduce((sum, { status }) => sum + (countOf(status ?? {}) ?? 0), 0)
  const availableReplicas = total((status) => status.availableReplicas)
  const isComplete =
    availableReplicas >= spec.replicas && (current.status?.replicas ?? 0) === spec.replicas && spec.replicas > 0
  const conditions: Condition[] = [
    availableReplicas >= Math.ceil(0.75 * spec.replicas)
      ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' }
      : { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable' },
    { type: 'Progressing', status: 'True', reason: isComplete ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated' },
  ]
  return {
    observedGeneration: metadata.generation ?? 0,
    replicas: total((status) => status.replicas),
    updatedReplicas: current.status?.replicas ?? 0,
    readyReplicas: total((status) => status.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, spec.replicas - availableReplicas),
    terminatingReplicas: total((status) => status.terminatingReplicas),
    conditions,
  }
}

const hashes = new WeakMap<object, string>()
/** Letters of apimachinery/pkg/util/rand, SafeEncodeString. */
const safeLetters = 'bcdfghjklmnpqrstvwxz2456789'

function templateHash({ spec }: Deployment): string {
  const known = hashes.get(spec.template)
  if (known !== undefined) return known
  const digest = createHash('sha256').update(JSON.stringify(spec.template)).digest()
  const hash = [...digest.subarray(0, 10)].map((byte) => safeLetters[byte % safeLetters.length]).join('')
  hashes.set(spec.template, hash)
  return hash
}

function replicaSetName(deployment: Deployment): string {
  return `${deployment.metadata.name}-${templateHash(deployment)}`
}

function replicaSetOf(deployment: Deployment): ReplicaSet {
  const { metadata, spec } = deployment
  const { namespace, name = '', uid = '' } = metadata
  const labels = { ...spec.template.metadata.labels, 'pod-template-hash': templateHash(deployment) }
  return {
    metadata: {
      name: replicaSetName(deployment),
      ...(namespace !== undefined && { namespace }),
      labels,
      annotations: { [revision]: '1' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'Deployment', name, uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: {
      replicas: spec.replicas,
      selector: { matchLabels: { ...spec.selector.matchLabels, 'pod-template-hash': labels['pod-template-hash'] } },
      template: { metadata: { ...spec.template.metadata, labels }, spec: spec.template.spec },
    },
    status: { replicas: 0 },
  }
}
