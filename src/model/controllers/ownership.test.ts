import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ResourceName } from '../../kube/api.ts'
import type { Deployment, KubeObject, ObjectMeta, ResourceTypes } from '../../kube/resources.ts'
import type { ModelForTests } from '../../testing/model.ts'
import { openModelForTests } from '../../testing/model.ts'
import { requestsUnder } from '../../testing/profiles.ts'

const namespace = 'ns'
const labels = { app: 'web' }
const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'pause' }] } }

let cluster: ModelForTests
beforeEach(async () => {
  cluster = openModelForTests()
  await cluster.api.create('namespaces', { metadata: { name: namespace } })
  await settle()
})
afterEach(() => cluster[Symbol.asyncDispose]())

/** Long enough for controllers that have nothing to wait for. */
const settle = () => cluster.clock.sleep(1000)
const listed = async <R extends ResourceName>(resource: R): Promise<ResourceTypes[R][]> =>
  (await Array.fromAsync(cluster.api.list({ resource, namespace }))).flatMap(({ items }) => items)
const ownersOf = ({ metadata }: KubeObject) => metadata.ownerReferences?.map(({ name }) => name)
const create = (name: string, metadata: ObjectMeta = {}) =>
  cluster.api.create('configmaps', { metadata: { ...metadata, name, namespace } })
const deploy = (replicas: number) => {
  const spec: Deployment['spec'] = { replicas, selector: { matchLabels: labels }, template }
  return cluster.api.create('deployments', { metadata: { name: 'web', namespace }, spec })
}
const ref = <R extends ResourceName>(resource: R, name: string) => ({ resource, namespace, name })

describe('the Deployment controller', () => {
  it('should adopt the ReplicaSet that a former Deployment left', async () => {
    const { metadata } = await deploy(1)
    await settle()
    await cluster.api.delete(ref('deployments', 'web'), { uid: metadata.uid ?? '', propagation: 'Orphan' })
    await settle()
    const [left] = await listed('replicasets')
    expect(left?.metadata.ownerReferences).toBeUndefined()
    const { metadata: again } = await deploy(1)
    await settle()
    const adopted = await listed('replicasets')
    expect(adopted.map((one) => one.metadata.ownerReferences?.[0]?.uid)).toEqual([again.uid])
    expect(adopted[0]?.metadata.uid).toBe(left?.metadata.uid)
    expect(await listed('pods')).toHaveLength(1)
  })

  it('should number its revisions when the template changes and changes back', async () => {
    await deploy(0)
    await settle()
    const relabel = async (v: string | null) => {
      const body = { spec: { template: { metadata: { labels: { v } } } } }
      await cluster.api.patch(ref('deployments', 'web'), { type: 'merge', body })
      await settle()
      const { metadata } = await cluster.api.get(ref('deployments', 'web'))
      return metadata.annotations?.['deployment.kubernetes.io/revision']
    }
    expect(await relabel('2')).toBe('2')
    expect(await relabel(null)).toBe('3')
    expect(await listed('replicasets')).toHaveLength(2)
  })
})

describe('the ReplicaSet controller', () => {
  it('should adopt pods that it selects and make only what is missing', async () => {
    const { api } = cluster
    await api.create('pods', { metadata: { name: 'stray', namespace, labels }, spec: template.spec })
    const spec = { replicas: 2, selector: { matchLabels: labels }, template }
    await api.create('replicasets', { metadata: { name: 'set', namespace }, spec })
    await settle()
    const pods = await listed('pods')
    expect(pods.map(ownersOf)).toEqual([['set'], ['set']])
    expect(pods.map(({ metadata }) => metadata.name)).toContain('stray')
  })

  it('should let go of a pod, and replace it, when its labels are changed', async () => {
    await deploy(1)
    await settle()
    const [pod] = await listed('pods')
    const name = pod?.metadata.name ?? ''
    await cluster.api.patch(ref('pods', name), { type: 'merge', body: { metadata: { labels: { app: 'free' } } } })
    await settle()
    expect((await cluster.api.get(ref('pods', name))).metadata.ownerReferences).toBeUndefined()
    expect((await listed('pods')).filter((one) => ownersOf(one) !== undefined)).toHaveLength(1)
  })
})

describe('the garbage collector', () => {
  it('should delete as many objects a second as the controllers may send requests, and its burst no more than theirs', async () => {
    await using limited = openModelForTests({
      knobs: requestsUnder('stock', { 'controllerManager.kubeApiQps': 10, 'controllerManager.kubeApiBurst': 20 }),
    })
    const { api, clock, store } = limited
    await api.create('namespaces', { metadata: { name: namespace } })
    const owner = await api.create('configmaps', { metadata: { name: 'owner', namespace } })
    const { uid = '' } = owner.metadata
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }]
    for (let number = 0; number < 100; number++)
      await api.create('configmaps', { metadata: { name: `child-${number}`, namespace, ownerReferences } })
    await clock.sleep(60_000)
    await api.delete(ref('configmaps', 'owner'), { uid })
    const startMs = clock.nowMs()
    const isChild = ({ metadata }: KubeObject) => metadata.ownerReferences !== undefined
    while (store.list('configmaps', namespace).some(isChild)) await clock.sleep(50)
    const seconds = (clock.nowMs() - startMs) / 1000
    // A GET and a DELETE for each of 100; 20 at once, then 2 x 10 a second.
    expect(seconds).toBeGreaterThan((200 - 20) / 20)
    expect(seconds).toBeLessThan((200 - 20) / 20 + 1)
  })

  it('should keep what is owned when nobody knows the kind of its owner', async () => {
    await create('owned', { ownerReferences: [{ apiVersion: 'x/v1', kind: 'Foo', name: 'foo', uid: 'u' }] })
    await settle()
    expect(ownersOf(await cluster.api.get(ref('configmaps', 'owned')))).toEqual(['foo'])
  })

  it('should wait in the foreground for what blocks the deletion, and for nothing else', async () => {
    const { metadata } = await create('owner')
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: metadata.uid ?? '' }
    const finalizers = ['example.com/held']
    await create('blocking', { finalizers, ownerReferences: [{ ...owner, blockOwnerDeletion: true }] })
    await create('other', { finalizers, ownerReferences: [owner] })
    await settle()
    await cluster.api.delete(ref('configmaps', 'owner'), { uid: owner.uid, propagation: 'Foreground' })
    await settle()
    const names = async () => (await listed('configmaps')).map((one) => one.metadata.name)
    expect(await names()).toEqual(['blocking', 'kube-root-ca.crt', 'other', 'owner'])
    const release = { type: 'merge', body: { metadata: { finalizers: null } } } as const
    await cluster.api.patch(ref('configmaps', 'blocking'), release)
    await settle()
    expect(await names()).toEqual(['kube-root-ca.crt', 'other'])
  })
})

describe('the namespace controller', () => {
  /** A pod that only this test removes, in the namespace, which is deleted. */
  const setUp = async () => {
    const { api } = cluster
    const spec = { ...template.spec, nodeName: 'none', terminationGracePeriodSeconds: 3600 }
    const { metadata } = await api.create('pods', { metadata: { name: 'a', namespace }, spec })
    const place = { resource: 'namespaces', name: namespace } as const
    await api.delete(place, { uid: (await api.get(place)).metadata.uid ?? '' })
    const removePod = () => api.delete(ref('pods', 'a'), { uid: metadata.uid ?? '', graceSeconds: 0 })
    const isGone = () =>
      api.get(place).then(
        () => false,
        () => true,
      )
    const deletionOfPod = async () => (await api.get(ref('pods', 'a'))).metadata.deletionTimestamp
    return { clock: cluster.clock, removePod, isGone, deletionOfPod }
  }

  it('should begin after 5 s, and look again after another 5', async () => {
    const { clock, removePod, isGone, deletionOfPod } = await setUp()
    await clock.sleep(4900)
    expect(await deletionOfPod()).toBeUndefined()
    await clock.sleep(1100)
    expect(await deletionOfPod()).toBeDefined()
    await removePod()
    await clock.sleep(3000)
    expect(await isGone()).toBe(false)
    await clock.sleep(2000)
    expect(await isGone()).toBe(true)
  })

  it('should leave everything else until the pods are gone, for which it waits half as long as they may take', async () => {
    await create('other')
    const { clock, removePod, isGone } = await setUp()
    await clock.sleep(20_000)
    expect(await listed('configmaps')).toHaveLength(2)
    await removePod()
    await clock.sleep(1_700_000)
    expect(await isGone()).toBe(false)
    await clock.sleep(105_000)
    expect(await isGone()).toBe(true)
  })
})
