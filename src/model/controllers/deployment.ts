import { createHash } from 'node:crypto'
import { isApiStatus } from '../../kube/api.ts'
import type { Condition, Deployment, KubeObject, ReplicaSet } from '../../kube/resources.ts'
import { matchesLabels } from '../apiserver/label-selector.ts'
import { sameValue } from '../apiserver/same-value.ts'
import { createEventRecorder } from '../client-go/event-recorder.ts'
import { createWorkQueue } from '../client-go/work-queue.ts'
import type { ControlPlane } from '../control-plane.ts'
import { controllerClient, keyOf, placeOf } from '../control-plane.ts'

/** Annotations of Deployments and their ReplicaSets (pkg/controller/deployment/util/deployment_util.go). */
const annotation = {
  revision: 'deployment.kubernetes.io/revision',
  desiredReplicas: 'deployment.kubernetes.io/desired-replicas',
  maxReplicas: 'deployment.kubernetes.io/max-replicas',
}

/**
 * The Deployment controller (pkg/controller/deployment): one ReplicaSet per pod template, scaled as the Deployment is, and a status
 * that repeats the ReplicaSets'. It adopts ReplicaSets that it selects and nobody owns. A template that changes gets a new ReplicaSet
 * at once and the old ones are scaled to 0: the steps of a rolling update are not modelled.
 */
export function runDeploymentController(controlPlane: ControlPlane): void {
  const { timeline, server, processor, costs, settings } = controlPlane
  const client = controllerClient(controlPlane)
  const recorder = createEventRecorder(timeline, client)
  const deployments = new Map<string, Deployment>()
  /** ReplicaSets by their Deployment's key, then name. */
  const owned = new Map<string, Map<string, ReplicaSet>>()
  /** ReplicaSets that no controller owns, by their own key. */
  const orphans = new Map<string, ReplicaSet>()
  /** The Deployment's key by its ReplicaSet's. */
  const ownerOf = new Map<string, string>()

  const queue = createWorkQueue(timeline, settings.controllerManager.deploymentSyncs, (key, done) => {
    const finish = (error?: unknown) => {
      if (error === undefined || isApiStatus(error, 404)) queue.forget(key)
      else queue.addRateLimited(key)
      done()
    }
    const deployment = deployments.get(key)
    if (deployment === undefined) return finish()
    const mine = [...(owned.get(key)?.values() ?? [])].filter(
      ({ metadata }) => controllerOf(metadata)?.uid === deployment.metadata.uid,
    )
    const name = replicaSetName(deployment)
    const current = mine.find(({ metadata }) => metadata.name === name)
    if (deployment.metadata.deletionTimestamp !== undefined)
      return writeStatus(key, deployment, statusOf(deployment, current, mine), finish)
    const stray = findStray(deployment, mine)
    if (stray !== undefined) return setOwner(stray.replicaSet, stray.owner, finish)

    const others = mine.filter((one) => one !== current)
    const revision = 1 + Math.max(0, ...others.map(revisionOf))
    if (current === undefined) return createReplicaSet(key, deployment, revision, finish)
    if (revisionOf(current) < revision)
      return annotate(current, { [annotation.revision]: String(revision) }, (error) => finish(error))
    if (revisionOf(deployment) !== revisionOf(current))
      return noteRevision(key, revisionOf(current), found(current), finish)
    const wrong = [current, ...others].find(
      (one) => one.spec.replicas !== (one === current ? deployment.spec.replicas : 0),
    )
    if (wrong === undefined)
      return writeStatus(
        key,
        deployment,
        withProgress(deployment, current, statusOf(deployment, current, mine)),
        finish,
      )
    scale(key, deployment, wrong, wrong === current ? deployment.spec.replicas : 0, (error) => {
      if (error !== undefined) finish(error)
      else writeStatus(key, deployment, statusOf(deployment, current, mine), finish)
    })
  })
  controlPlane.workQueues.set('deployment', queue)

  const createReplicaSet = (
    key: string,
    deployment: Deployment,
    revision: number,
    finish: (error?: unknown) => void,
  ) => {
    const replicaSet = replicaSetOf(deployment, revision)
    client.create('replicasets', replicaSet, (error) => {
      // Somebody was here before, and the cache does not show it yet.
      if (error !== undefined && !isApiStatus(error, 409)) return finish(error)
      if (error === undefined) recorder.record(key, 'ScalingReplicaSet')
      const condition: Condition = {
        type: 'Progressing',
        status: 'True',
        reason: 'NewReplicaSetCreated',
        message: `Created new replica set "${replicaSet.metadata.name}"`,
      }
      noteRevision(key, revision, condition, finish)
    })
  }

  /** Goes with the status: the change is not one that the controller has to act on. */
  const noteRevision = (key: string, revision: number, progress: Condition, finish: (error?: unknown) => void) => {
    client.update(
      'PUT',
      { resource: 'deployments', ...placeOf(key) },
      'status',
      (current) => {
        const { metadata, status = {} } = current
        const isNew = progress.reason === 'NewReplicaSetCreated' || !hasCondition(status.conditions, 'Progressing')
        return {
          ...current,
          metadata: { ...metadata, annotations: { ...metadata.annotations, [annotation.revision]: String(revision) } },
          status: isNew ? { ...status, conditions: withCondition(status.conditions, progress) } : status,
        }
      },
      (error) => finish(error),
    )
  }

  const annotate = (
    { metadata }: ReplicaSet,
    annotations: Record<string, string>,
    done: (error?: unknown) => void,
    replicas?: number,
  ) => {
    const { namespace = '', name = '' } = metadata
    client.update(
      'PUT',
      { resource: 'replicasets', namespace, name },
      'all but status',
      (current) => ({
        ...current,
        metadata: { ...current.metadata, annotations: { ...current.metadata.annotations, ...annotations } },
        spec: { ...current.spec, replicas: replicas ?? current.spec.replicas },
      }),
      (error) => done(error),
    )
  }

  const scale = (
    key: string,
    deployment: Deployment,
    replicaSet: ReplicaSet,
    replicas: number,
    done: (error?: unknown) => void,
  ) =>
    annotate(
      replicaSet,
      sizesOf(deployment),
      (error) => {
        if (error === undefined) recorder.record(key, 'ScalingReplicaSet')
        done(error)
      },
      replicas,
    )

  /** A ReplicaSet to be adopted, or one that is selected no longer and let go. */
  const findStray = (deployment: Deployment, mine: readonly ReplicaSet[]) => {
    const { selector } = deployment.spec
    const released = mine.find(({ metadata }) => !matchesLabels(selector, metadata.labels))
    if (released !== undefined) return { replicaSet: released, owner: undefined }
    if (orphans.size === 0) return undefined
    for (const replicaSet of orphans.values()) {
      const { metadata } = replicaSet
      if (metadata.namespace === deployment.metadata.namespace && matchesLabels(selector, metadata.labels))
        return { replicaSet, owner: deployment }
    }
    return undefined
  }

  const setOwner = (
    { metadata: { namespace = '', name = '', uid } }: ReplicaSet,
    owner: Deployment | undefined,
    finish: (error?: unknown) => void,
  ) =>
    client.update(
      'PATCH',
      { resource: 'replicasets', namespace, name },
      'all but status',
      (current) => {
        if (current.metadata.uid !== uid || current.metadata.deletionTimestamp !== undefined) return current
        const { ownerReferences = [], ...metadata } = current.metadata
        const others = ownerReferences.filter(({ controller }) => controller !== true)
        const owners = owner === undefined ? others : [...others, ownerReferenceTo(owner)]
        return { ...current, metadata: { ...metadata, ...(owners.length > 0 && { ownerReferences: owners }) } }
      },
      (error) => finish(error),
    )

  const writeStatus = (
    key: string,
    deployment: Deployment,
    status: NonNullable<Deployment['status']>,
    finish: (error?: unknown) => void,
  ) => {
    if (sameValue(status, deployment.status)) return finish()
    const pods = (status.replicas ?? 0) + (status.terminatingReplicas ?? 0)
    processor.reserve('kube-controller-manager', pods * costs.controllerManager.listedPodMs, 'syncs')
    client.update(
      'PUT',
      { resource: 'deployments', ...placeOf(key) },
      'status',
      (stored) => (stored.metadata.uid === deployment.metadata.uid ? { ...stored, status } : stored),
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
    const { namespace = '', name = '' } = object.metadata
    const own = keyOf(object)
    const owner = controllerOf(object.metadata)
    const isOrphan = owner === undefined && type !== 'DELETED' && object.metadata.deletionTimestamp === undefined
    if (!isOrphan) orphans.delete(own)
    else {
      orphans.set(own, object)
      for (const [key, deployment] of deployments)
        if (
          deployment.metadata.namespace === namespace &&
          matchesLabels(deployment.spec.selector, object.metadata.labels)
        )
          queue.add(key)
    }
    // One that was orphaned has lost its owner.
    const key = owner === undefined ? ownerOf.get(own) : `${namespace}/${owner.name}`
    if (key === undefined) return
    const replicaSets = owned.get(key) ?? new Map<string, ReplicaSet>()
    owned.set(key, replicaSets)
    if (type === 'DELETED' || owner === undefined) {
      replicaSets.delete(name)
      ownerOf.delete(own)
    } else {
      replicaSets.set(name, object)
      ownerOf.set(own, key)
    }
    if (replicaSets.size === 0) owned.delete(key)
    queue.add(key)
  })
}

function controllerOf({ ownerReferences }: KubeObject['metadata']) {
  return ownerReferences?.find(({ controller }) => controller === true)
}

function revisionOf({ metadata }: KubeObject): number {
  return Number(metadata.annotations?.[annotation.revision] ?? 0)
}

type DeploymentStatus = NonNullable<Deployment['status']>

/** What the ReplicaSets add up to; zero is left out, except of pods that are stopping. */
function statusOf(
  { metadata, spec, status }: Deployment,
  current: ReplicaSet | undefined,
  all: readonly ReplicaSet[],
): DeploymentStatus {
  const total = (countOf: (status: NonNullable<ReplicaSet['status']>) => number | undefined) =>
    all.reduce((sum, { status: counts }) => sum + (countOf(counts ?? {}) ?? 0), 0)
  const wanted = all.reduce((sum, { spec: { replicas } }) => sum + replicas, 0)
  const availableReplicas = total((counts) => counts.availableReplicas)
  const counts = {
    replicas: total(({ replicas }) => replicas),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: total(({ readyReplicas }) => readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, wanted - availableReplicas),
  }
  const available: Condition =
    availableReplicas >= spec.replicas - rolloutOf(spec).maxUnavailable
      ? {
          type: 'Available',
          status: 'True',
          reason: 'MinimumReplicasAvailable',
          message: 'Deployment has minimum availability.',
        }
      : {
          type: 'Available',
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
        }
  return {
    observedGeneration: metadata.generation ?? 0,
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    terminatingReplicas: total(({ terminatingReplicas }) => terminatingReplicas),
    conditions: withCondition(status?.conditions, available),
  }
}

/** The status with how far the rollout has got, unless it had come to its end before (pkg/controller/deployment/progress.go). */
function withProgress(
  { spec, status: before = {} }: Deployment,
  { metadata: { name } }: ReplicaSet,
  status: DeploymentStatus,
): DeploymentStatus {
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = status
  const known = before.conditions?.find(({ type }) => type === 'Progressing')
  if (known?.reason === 'NewReplicaSetAvailable' && replicas === updatedReplicas) return status
  const isComplete = [replicas, updatedReplicas, availableReplicas].every((count) => count === spec.replicas)
  const isProgressing =
    updatedReplicas > (before.updatedReplicas ?? 0) ||
    replicas - updatedReplicas < (before.replicas ?? 0) - (before.updatedReplicas ?? 0) ||
    readyReplicas > (before.readyReplicas ?? 0) ||
    availableReplicas > (before.availableReplicas ?? 0)
  if (!isComplete && !isProgressing) return status
  const shared = { type: 'Progressing', status: 'True' } as const
  const condition: Condition = isComplete
    ? {
        ...shared,
        reason: 'NewReplicaSetAvailable',
        message: `ReplicaSet "${name}" has successfully progressed.`,
      }
    : { ...shared, reason: 'ReplicaSetUpdated', message: `ReplicaSet "${name}" is progressing.` }
  return { ...status, conditions: withCondition(status.conditions, condition) }
}

function found({ metadata: { name } }: ReplicaSet): Condition {
  return {
    type: 'Progressing',
    status: 'True',
    reason: 'FoundNewReplicaSet',
    message: `Found new replica set "${name}"`,
  }
}

function hasCondition(conditions: readonly Condition[] = [], type: string): boolean {
  return conditions.some((condition) => condition.type === type)
}

/** Conditions with one more, or another one of its type, at the end; as they are if it says nothing new. */
function withCondition(conditions: Condition[] = [], condition: Condition): Condition[] {
  const known = conditions.find(({ type }) => type === condition.type)
  if (known?.status === condition.status && known.reason === condition.reason) return conditions
  return [...conditions.filter((one) => one !== known), condition]
}

/** How many pods more and fewer than wanted a rollout may have; never none of both. */
function rolloutOf({ replicas, strategy }: Deployment['spec']): { maxSurge: number; maxUnavailable: number } {
  const { type, rollingUpdate } = strategy as {
    type?: string
    rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string }
  }
  if (type !== 'RollingUpdate' || replicas === 0) return { maxSurge: 0, maxUnavailable: 0 }
  const share = (value: number | string = '25%', round: (share: number) => number) =>
    typeof value === 'number' ? value : round((Number.parseInt(value, 10) / 100) * replicas)
  const maxSurge = share(rollingUpdate?.maxSurge, Math.ceil)
  const maxUnavailable = Math.min(share(rollingUpdate?.maxUnavailable, Math.floor), replicas)
  return maxSurge === 0 && maxUnavailable === 0 ? { maxSurge, maxUnavailable: 1 } : { maxSurge, maxUnavailable }
}

/** What a ReplicaSet knows of the size of its Deployment. */
function sizesOf({ spec }: Deployment): Record<string, string> {
  return {
    [annotation.desiredReplicas]: String(spec.replicas),
    [annotation.maxReplicas]: String(spec.replicas + rolloutOf(spec).maxSurge),
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

function ownerReferenceTo({ metadata: { name = '', uid = '' } }: Deployment) {
  return { apiVersion: 'apps/v1', kind: 'Deployment', name, uid, controller: true, blockOwnerDeletion: true }
}

function replicaSetOf(deployment: Deployment, revision: number): ReplicaSet {
  const { metadata, spec } = deployment
  const { namespace } = metadata
  const hash = { 'pod-template-hash': templateHash(deployment) }
  const labels = { ...spec.template.metadata.labels, ...hash }
  return {
    metadata: {
      name: replicaSetName(deployment),
      ...(namespace !== undefined && { namespace }),
      labels,
      annotations: { ...sizesOf(deployment), [annotation.revision]: String(revision) },
      ownerReferences: [ownerReferenceTo(deployment)],
    },
    spec: {
      replicas: spec.replicas,
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, ...hash } },
      template: { metadata: { ...spec.template.metadata, labels }, spec: spec.template.spec },
    },
  }
}
