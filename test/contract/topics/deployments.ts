import { expect, it } from 'vitest'
import type { Deployment } from '../../../src/kube/resources.ts'
import { deployment } from '../objects.ts'
import type { Server } from '../tools.ts'
import {
  currentVersion,
  eventually,
  expectRefusal,
  listAll,
  newPodNamespace,
  record,
  refTo,
  remove,
  theOnly,
  versionOf,
} from '../tools.ts'

/** Deployments, their ReplicaSets and pods. */
export function deployments(server: Server): void {
  /** A deployment of a namespace of its own, all replicas available. */
  const setUp = async (replicas: number) => {
    const { api } = server()
    const namespace = await newPodNamespace(server())
    const created = await api.create('deployments', deployment(namespace, 'web', replicas))
    const ref = refTo('deployments', created)
    const settled = await untilSettled(ref, replicas)
    return { api, clock: server().clock, namespace, created, settled, ref }
  }
  /** Waits until the status says what the spec wants, all of it. */
  const untilSettled = (ref: ReturnType<typeof refTo<'deployments'>>, replicas: number) =>
    eventually(server().clock, async () => {
      const found = await server().api.get(ref)
      expect(found.spec.replicas).toBe(replicas)
      expect(found.status?.observedGeneration).toBe(found.metadata.generation)
      expect(countsOf(found)).toEqual(countsFor(replicas))
      expect(found.status).not.toHaveProperty('unavailableReplicas')
      expect(found.status?.conditions).toContainEqual(expect.objectContaining({ type: 'Available', status: 'True' }))
      return found
    })
  const untilGone = async (namespace: string) => {
    const { api, clock } = server()
    for (const resource of ['deployments', 'replicasets', 'pods'] as const)
      await eventually(clock, async () => expect((await listAll(api, { resource, namespace })).items).toEqual([]))
  }

  it('should make a ReplicaSet and its pods, each owned by the one above, when it is created', async () => {
    const { api, namespace, created, settled } = await setUp(2)
    expect(settled.metadata.annotations).toMatchObject({ 'deployment.kubernetes.io/revision': '1' })

    const set = await theOnly(api, { resource: 'replicasets', namespace })
    const hash = set.metadata.labels?.['pod-template-hash'] ?? ''
    expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]+$/)
    const labels = { app: 'web', 'pod-template-hash': hash }
    expect(set.metadata).toMatchObject({ name: `web-${hash}`, labels })
    expect(set.metadata.ownerReferences).toEqual([ownedBy('Deployment', created)])
    expect(set.spec).toMatchObject({
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels } },
    })
    expect(set.status).toMatchObject({ replicas: 2, readyReplicas: 2, availableReplicas: 2, observedGeneration: 1 })

    const { items } = await listAll(api, { resource: 'pods', namespace })
    expect(items).toHaveLength(2)
    for (const { metadata } of items) {
      expect(metadata.name).toMatch(new RegExp(`^web-${hash}-[bcdfghjklmnpqrstvwxz2456789]{5}$`))
      expect(metadata).toMatchObject({ generateName: `web-${hash}-`, labels })
      expect(metadata.ownerReferences).toEqual([ownedBy('ReplicaSet', set)])
    }
  })

  it('should follow in its status when it is scaled up and down', async () => {
    const { api, clock, namespace, ref } = await setUp(1)
    for (const replicas of [3, 1, 0]) {
      await api.patch(ref, { type: 'merge', body: { spec: { replicas } } }, 'scale')
      await untilSettled(ref, replicas)
      const set = await theOnly(api, { resource: 'replicasets', namespace })
      expect(set.spec.replicas).toBe(replicas)
      // Zero is told here.
      expect(set.status?.replicas).toBe(replicas)
      // Pods that are stopping do not count.
      await eventually(clock, async () => expect(await api.count({ resource: 'pods', namespace })).toBe(replicas))
    }
  })

  it('should count step by step when its pods become Ready', async () => {
    const { api } = server()
    const namespace = await newPodNamespace(server())
    const resourceVersion = await currentVersion(api, 'deployments')
    await using watch = record(server(), { resource: 'deployments', namespace, resourceVersion })
    await api.create('deployments', deployment(namespace, 'web', 2))
    const changes = await watch.changesUntil(({ object }) => object.status?.availableReplicas === 2)
    const statuses = changes.map(({ object }) => object.status ?? {})
    expect(changes[0]).toMatchObject({ type: 'ADDED', object: { metadata: { generation: 1 } } })
    expect(statuses[0]).toEqual({})
    // Made before they are Ready; never more Ready than there are.
    expect(statuses).toContainEqual(expect.objectContaining({ replicas: 2, unavailableReplicas: 2 }))
    for (const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } of statuses) {
      expect(readyReplicas).toBeLessThanOrEqual(replicas)
      expect(availableReplicas).toBeLessThanOrEqual(readyReplicas)
    }
  })

  it('should replace a pod when it is deleted', async () => {
    const { api, clock, namespace, ref } = await setUp(1)
    const before = await theOnly(api, { resource: 'pods', namespace })
    await remove(api, 'pods', before)
    await eventually(clock, async () => {
      const after = await theOnly(api, { resource: 'pods', namespace })
      expect(after.metadata.uid).not.toBe(before.metadata.uid)
    })
    await untilSettled(ref, 1)
  })

  it('should take all with it, but first itself, when it is deleted in the background', async () => {
    const { api, namespace, settled, ref } = await setUp(2)
    await remove(api, 'deployments', settled, { propagation: 'Background' })
    await expectRefusal(api.get(ref), 404, 'NotFound')
    await untilGone(namespace)
  })

  it('should go after all that it owns when it is deleted in the foreground', async () => {
    const { api, namespace, settled, ref } = await setUp(2)
    const query = { namespace, resourceVersion: await currentVersion(api, 'pods') }
    await using ofDeployments = record(server(), { ...query, resource: 'deployments' })
    await using ofSets = record(server(), { ...query, resource: 'replicasets' })
    await using ofPods = record(server(), { ...query, resource: 'pods' })
    await remove(api, 'deployments', settled, { propagation: 'Foreground' })
    const { metadata } = await api.get(ref)
    expect(metadata).toMatchObject({ finalizers: ['foregroundDeletion'], deletionGracePeriodSeconds: 0 })
    expect(metadata.deletionTimestamp).toBeDefined()
    await untilGone(namespace)
    const endOf = async (watch: typeof ofDeployments | typeof ofSets | typeof ofPods) =>
      Math.max(
        ...(await watch.changesUntil(({ type }) => type === 'DELETED'))
          .filter(({ type }) => type === 'DELETED')
          .map(({ object }) => versionOf(object)),
      )
    const [deploymentEnd, setEnd, podEnd] = [await endOf(ofDeployments), await endOf(ofSets), await endOf(ofPods)]
    expect(deploymentEnd).toBeGreaterThan(setEnd)
    expect(setEnd).toBeGreaterThan(podEnd)
  })

  it('should leave all that it owned, without owner, when it is deleted as Orphan', async () => {
    const { api, clock, namespace, settled, ref } = await setUp(1)
    const pod = await theOnly(api, { resource: 'pods', namespace })
    await remove(api, 'deployments', settled, { propagation: 'Orphan' })
    await eventually(clock, () => expectRefusal(api.get(ref), 404, 'NotFound'))
    const set = await theOnly(api, { resource: 'replicasets', namespace })
    expect(set.metadata.ownerReferences).toBeUndefined()
    expect(set.metadata.deletionTimestamp).toBeUndefined()
    expect(await theOnly(api, { resource: 'pods', namespace })).toEqual(pod)
    await remove(api, 'replicasets', set)
    await untilGone(namespace)
  })
}

function ownedBy(kind: string, { metadata: { name, uid } }: { metadata: { name?: string; uid?: string } }) {
  return { apiVersion: 'apps/v1', kind, name, uid, controller: true, blockOwnerDeletion: true }
}

function countsOf({ status: { replicas, updatedReplicas, readyReplicas, availableReplicas } = {} }: Deployment) {
  return { replicas, updatedReplicas, readyReplicas, availableReplicas }
}

/** Zero is left out. */
function countsFor(count: number): ReturnType<typeof countsOf> {
  const replicas = count === 0 ? undefined : count
  return { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas }
}
