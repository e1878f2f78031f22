import { describe, expect, it } from 'vitest'
import { Failure } from '../base/errors.ts'
import { ApiError, isApiStatus } from '../kube/api.ts'
import { deleteNamespaces } from '../kube/drain.ts'
import type { Cluster } from '../targets/target.ts'
import { openClusterForTests } from '../testing/simulated-cluster.ts'

const own = { labelSelector: 'scale-test/run=run-7' }

async function clusterWith(...names: string[]) {
  const cluster = await openClusterForTests()
  const places = []
  for (const name of names)
    places.push(await cluster.api.create('namespaces', { metadata: { name, labels: { 'scale-test/run': 'run-7' } } }))
  return { cluster, uids: places.map(({ metadata }) => metadata.uid ?? '') }
}

function abortedAfter({ clock }: Cluster, durationMs: number): AbortSignal {
  const ending = new AbortController()
  clock.sleep(durationMs).then(
    () => ending.abort(new Failure('inconclusive', 'not done in time')),
    () => {},
  )
  return ending.signal
}

const isThere = ({ api }: Cluster, name: string) =>
  api.get({ resource: 'namespaces', name }).then(
    () => true,
    (error) => !isApiStatus(error, 404),
  )

describe('deleteNamespaces', () => {
  it('should delete what the label selects and nothing else, and wait until it is gone', async () => {
    const { cluster } = await clusterWith('a', 'b')
    await cluster.api.create('namespaces', { metadata: { name: 'others' } })
    await deleteNamespaces(cluster, own, abortedAfter(cluster, 60_000))
    const there = await Promise.all(['a', 'b', 'others'].map((name) => isThere(cluster, name)))
    expect(there).toEqual([false, false, true])
  })

  it('should name each namespace that is still there, with its own conditions, when time is up (fault 13)', async () => {
    const { cluster } = await clusterWith('a', 'b', 'c')
    for (const namespace of ['a', 'c'])
      await cluster.api.create('configmaps', {
        metadata: { name: 'held', namespace, finalizers: ['example.com/stuck'] },
      })
    const deleting = deleteNamespaces(cluster, own, abortedAfter(cluster, 60_000))
    await expect(deleting).rejects.toMatchObject({ kind: 'residue' })
    await expect(deleting).rejects.toThrow(
      /namespace a is still there: Terminating; .*example.com\/stuck.*; namespace c /,
    )
    expect(await isThere(cluster, 'b')).toBe(false)
  })

  it('should insist when requests fail for longer than the connection tries again (fault 2)', async () => {
    const { cluster } = await clusterWith('a')
    let refusals = 3
    const api = {
      ...cluster.api,
      delete: (...given: Parameters<Cluster['api']['delete']>) =>
        refusals-- > 0 ? Promise.reject(new ApiError(503, 'ServiceUnavailable', 'no')) : cluster.api.delete(...given),
    }
    await deleteNamespaces({ api, clock: cluster.clock }, own, abortedAfter(cluster, 60_000))
    expect(await isThere(cluster, 'a')).toBe(false)
  })

  it('should stop at the first refusal of an etcd without space, delete what that lets go of, and count the rest (fault 11)', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `place-${index}`)
    const { cluster } = await clusterWith(...names)
    const labels = { 'scale-test/run': 'run-7' }
    for (const namespace of ['place-0', 'place-1']) {
      await cluster.api.create('configmaps', { metadata: { name: 'own', namespace, labels } })
      await cluster.api.create('configmaps', { metadata: { name: 'others', namespace } })
      await cluster.clock.sleep(1000)
      const spec = { containers: [{ name: 'a', image: 'pause' }] }
      await cluster.api.create('pods', { metadata: { name: 'own', namespace, labels }, spec })
    }
    cluster.setOutOfSpace(true)
    const beganMs = cluster.clock.nowMs()
    let asked = 0
    const api = {
      ...cluster.api,
      delete: (...given: Parameters<Cluster['api']['delete']>) => {
        asked++
        return cluster.api.delete(...given)
      },
    }
    const deleting = deleteNamespaces({ api, clock: cluster.clock }, own, abortedAfter(cluster, 60_000))
    await expect(deleting).rejects.toMatchObject({
      kind: 'residue',
      message: expect.stringMatching(
        /^etcd is out of space and refuses to delete the rest: 100 namespaces, 2 pods \(in place-0, .* and 80 more\)$/,
      ),
      next: expect.stringMatching(/etcdctl compact .*etcdctl defrag .*etcdctl alarm disarm/s),
    })
    expect(asked).toBeLessThan(50)
    expect(cluster.clock.nowMs() - beganMs).toBeLessThan(5000)
    const there = async (name: string) =>
      cluster.api.count({ resource: 'configmaps', fieldSelector: `metadata.name=${name}` })
    expect([await there('own'), await there('others')]).toEqual([0, 2])
    cluster.setOutOfSpace(false)
    await deleteNamespaces(cluster, own, abortedAfter(cluster, 60_000))
    expect(await isThere(cluster, 'place-99')).toBe(false)
  })

  it('should say so when it cannot even look for them', async () => {
    const { cluster } = await clusterWith('a')
    const list = async function* (): AsyncGenerator<never> {
      yield* []
      throw new ApiError(503, 'ServiceUnavailable', 'no')
    }
    const api = { ...cluster.api, list }
    await expect(deleteNamespaces({ api, clock: cluster.clock }, own, abortedAfter(cluster, 60_000))).rejects.toThrow(
      'namespaces with scale-test/run=run-7 could not be listed: no',
    )
  })

  it('should leave a namespace of the same name alone that somebody else created since (fault 14)', async () => {
    const { cluster } = await clusterWith('a')
    const list = async function* (...given: Parameters<Cluster['api']['list']>) {
      for await (const page of cluster.api.list(...given))
        yield { ...page, items: page.items.map((one) => ({ ...one, metadata: { ...one.metadata, uid: 'before' } })) }
    }
    const api = { ...cluster.api, list: list as Cluster['api']['list'] }
    await deleteNamespaces({ api, clock: cluster.clock }, own, abortedAfter(cluster, 60_000))
    expect(await isThere(cluster, 'a')).toBe(true)
  })

  it('should watch all of them at once (review 19)', async () => {
    const { cluster } = await clusterWith('a', 'b', 'c', 'd')
    let watches = 0
    const watch = (...given: Parameters<Cluster['api']['watch']>) => {
      watches++
      return cluster.api.watch(...given)
    }
    const api = { ...cluster.api, watch: watch as Cluster['api']['watch'] }
    await deleteNamespaces({ api, clock: cluster.clock }, own, abortedAfter(cluster, 60_000))
    expect(watches).toBe(1)
  })

  it('should name the one that may not be deleted, with the refusal, and delete the others', async () => {
    const { cluster } = await clusterWith('a', 'b')
    const refuse: Cluster['api']['delete'] = (ref, options) =>
      ref.name === 'a'
        ? Promise.reject(new ApiError(403, 'Forbidden', 'not for you'))
        : cluster.api.delete(ref, options)
    const deleting = deleteNamespaces(
      { api: { ...cluster.api, delete: refuse }, clock: cluster.clock },
      own,
      abortedAfter(cluster, 60_000),
    )
    await expect(deleting).rejects.toThrow(/^namespace a is still there: not for you$/)
    expect(await isThere(cluster, 'b')).toBe(false)
  })
})
