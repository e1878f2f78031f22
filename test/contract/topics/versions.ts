import { expect, it } from 'vitest'
import { configMap, deployment, foreignUid, secret, service } from '../objects.ts'
import type { Server } from '../tools.ts'
import { eventually, listAll, newNamespace, recordOf, refTo, remove, told, versionOf } from '../tools.ts'

/** Resource versions, generations, UIDs and creation timestamps. */
export function versions(server: Server): void {
  it('should raise the version with every write when several resources are written', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const written = [
      await api.create('configmaps', configMap(namespace, 'a')),
      await api.create('services', service(namespace, 'b')),
      await api.create('secrets', secret(namespace, 'c')),
      await api.patch(
        { resource: 'configmaps', namespace, name: 'a' },
        { type: 'merge', body: { data: { key: 'value' } } },
      ),
      await api.create('configmaps', configMap(namespace, 'd')),
    ].map(versionOf)
    expect(written.filter((version, index) => version > (written[index - 1] ?? 0))).toEqual(written)
  })

  it('should give a list the version of the latest write, of whatever resource, when it is listed after it', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    await api.create('configmaps', configMap(namespace, 'a'))
    const latest = await api.create('services', service(namespace, 'b'))
    const { items, resourceVersion } = await listAll(api, { resource: 'configmaps', namespace })
    for (const item of items) expect(Number(resourceVersion)).toBeGreaterThanOrEqual(versionOf(item))
    expect(Number(resourceVersion)).toBeGreaterThanOrEqual(versionOf(latest))
  })

  it('should keep the version and tell nobody when a patch changes nothing', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const created = await api.create('configmaps', configMap(namespace, 'a', { data: { key: 'value' } }))
    const ref = refTo('configmaps', created)
    await using watch = recordOf(server(), 'configmaps', created)
    const body = { data: { key: 'value' } }
    expect(versionOf(await api.patch(ref, { type: 'merge', body }))).toBe(versionOf(created))
    expect(versionOf(await api.patch(ref, { type: 'merge', body: {} }))).toBe(versionOf(created))
    const changed = await api.patch(ref, { type: 'merge', body: { data: { key: 'other' } } })
    expect(versionOf(changed)).toBeGreaterThan(versionOf(created))
    const [first, ...others] = await watch.changes(1)
    expect(first?.object).toEqual(changed)
    expect(others).toEqual([])
  })

  it('should return and keep the whole object when it is created or patched', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const labels = { some: 'label' }
    const created = await api.create(
      'configmaps',
      configMap(namespace, 'a', { metadata: { labels }, data: { x: '1' } }),
    )
    expect(created).toMatchObject({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace, labels },
      data: { x: '1' },
    })
    expect(await api.get(refTo('configmaps', created))).toEqual(created)
    const body = { metadata: { labels: { some: null } }, data: { y: '2' } }
    const patched = await api.patch(refTo('configmaps', created), { type: 'merge', body })
    expect(patched.metadata.labels).toBeUndefined()
    expect(patched.data).toEqual({ x: '1', y: '2' })
    expect(await api.get(refTo('configmaps', created))).toEqual(patched)
  })

  it('should raise the generation when the spec changes, but not when labels or status do', async () => {
    const { api, clock } = server()
    const namespace = await newNamespace(server())
    const created = await api.create('deployments', deployment(namespace, 'web', 0))
    expect(created.metadata.generation).toBe(1)
    const ref = refTo('deployments', created)
    // The controller's status update, and its annotation.
    await eventually(clock, async () => expect((await api.get(ref)).status?.observedGeneration).toBe(1))
    const generationAfter = async (body: object, subresource?: 'status') => {
      const { metadata } = await api.patch(ref, { type: 'merge', body }, subresource)
      return metadata.generation
    }
    expect(await generationAfter({ metadata: { labels: { a: 'b' } } })).toBe(1)
    expect(await generationAfter({ status: { observedGeneration: 1, replicas: 3 } }, 'status')).toBe(1)
    expect(await generationAfter({ spec: { minReadySeconds: 1 } })).toBe(2)
    expect(await generationAfter({ spec: { minReadySeconds: 1 } })).toBe(2)
    await eventually(clock, async () => expect((await api.get(ref)).status?.observedGeneration).toBe(2))
  })

  it('should raise the generation of a deployment when its annotations change, unless through its status', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const ref = refTo('deployments', await api.create('deployments', deployment(namespace, 'web', 0)))
    const annotate = (a: string) => ({ type: 'merge', body: { metadata: { annotations: { a } } } }) as const
    const byStatus = await api.patch(ref, annotate('1'), 'status')
    expect(byStatus.metadata).toMatchObject({ annotations: { a: '1' }, generation: 1 })
    expect((await api.patch(ref, annotate('2'))).metadata).toMatchObject({ annotations: { a: '2' }, generation: 2 })
  })

  it('should give no generation to objects when they have no spec', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    expect((await api.create('configmaps', configMap(namespace, 'a'))).metadata.generation).toBeUndefined()
  })

  it('should set UID and creation time itself and keep them when objects are created and patched', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const stamp = '2001-01-01T00:00:00Z'
    const sent = { metadata: { uid: foreignUid, creationTimestamp: stamp } }
    const created = await api.create('configmaps', configMap(namespace, 'a', sent))
    const { uid, creationTimestamp } = created.metadata
    expect(uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
    expect(uid).not.toBe(foreignUid)
    expect(creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect(creationTimestamp).not.toBe(stamp)
    const body = { metadata: { creationTimestamp: stamp }, data: { key: 'value' } }
    const patched = await api.patch(refTo('configmaps', created), { type: 'merge', body })
    expect(patched).toMatchObject({ metadata: { uid, creationTimestamp }, data: { key: 'value' } })
    const other = await api.create('configmaps', configMap(namespace, 'b'))
    expect(other.metadata.uid).not.toBe(uid)
  })

  it('should give a new UID when a name is used again', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const first = await api.create('configmaps', configMap(namespace, 'a'))
    await using watch = recordOf(server(), 'configmaps', first)
    await remove(api, 'configmaps', first)
    const second = await api.create('configmaps', configMap(namespace, 'a'))
    expect(second.metadata.uid).not.toBe(first.metadata.uid)
    const changes = await watch.changes(2)
    expect(told(changes)).toEqual(['DELETED a', 'ADDED a'])
    expect(changes.map(({ object }) => object.metadata.uid)).toEqual([first.metadata.uid, second.metadata.uid])
  })
}
