import { expect, it } from 'vitest'
import { configMap, finalizer } from '../objects.ts'
import type { Server } from '../tools.ts'
import { expectRefusal, newNamespace, recordOf, refTo, remove, told, versionOf } from '../tools.ts'

/** Objects that are held by finalizers. */
export function finalizers(server: Server): void {
  const setUp = async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const metadata = { finalizers: [finalizer, `${finalizer}-too`] }
    const held = await api.create('configmaps', configMap(namespace, 'held', { metadata }))
    return { api, namespace, held, ref: refTo('configmaps', held) }
  }
  const setFinalizers = (list: string[] | null) =>
    ({ type: 'merge', body: { metadata: { finalizers: list } } }) as const

  it('should keep the object and set its deletion time when it is deleted, until the last one is removed', async () => {
    const { api, held, ref } = await setUp()
    await using watch = recordOf(server(), 'configmaps', held)
    await remove(api, 'configmaps', held)
    const deleting = await api.get(ref)
    const { finalizers: kept } = held.metadata
    expect(deleting.metadata).toMatchObject({ uid: held.metadata.uid, finalizers: kept, deletionGracePeriodSeconds: 0 })
    expect(deleting.metadata.deletionTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)

    const oneLess = await api.patch(ref, setFinalizers([finalizer]))
    expect(oneLess.metadata.finalizers).toEqual([finalizer])
    await api.patch(ref, setFinalizers([]))
    await expectRefusal(api.get(ref), 404, 'NotFound')

    const changes = await watch.changes(3)
    expect(told(changes)).toEqual(['MODIFIED held', 'MODIFIED held', 'DELETED held'])
    expect(changes.slice(0, 2).map(({ object }) => object)).toEqual([deleting, oneLess])
    const last = changes[2]?.object ?? held
    expect(versionOf(last)).toBeGreaterThan(versionOf(oneLess))
    // The last state that was stored: the removal of the last finalizer never was.
    expect(last.metadata.finalizers).toEqual([finalizer])
  })

  it('should change nothing when it is deleted again', async () => {
    const { api, held, ref } = await setUp()
    await using watch = recordOf(server(), 'configmaps', held)
    await remove(api, 'configmaps', held)
    const deleting = await api.get(ref)
    await remove(api, 'configmaps', held)
    expect(await api.get(ref)).toEqual(deleting)
    await api.patch(ref, setFinalizers(null))
    expect(told(await watch.changes(2))).toEqual(['MODIFIED held', 'DELETED held'])
  })

  it('should still accept patches, but no new finalizer, when it is being deleted', async () => {
    const { api, held, ref } = await setUp()
    await remove(api, 'configmaps', held)
    const patched = await api.patch(ref, { type: 'merge', body: { data: { key: 'value' } } })
    expect(patched).toMatchObject({ data: { key: 'value' }, metadata: { finalizers: held.metadata.finalizers } })
    const more = [...(held.metadata.finalizers ?? []), `${finalizer}-new`]
    const words = ['metadata.finalizers: Forbidden', 'no new finalizers can be added', `${finalizer}-new`]
    await expectRefusal(api.patch(ref, setFinalizers(more)), 422, 'Invalid', ...words)
    const revived = await api.patch(ref, { type: 'merge', body: { metadata: { deletionTimestamp: null } } })
    expect(revived.metadata.deletionTimestamp).toBeDefined()
    await api.patch(ref, setFinalizers(null))
  })

  it('should not give its name away when it is being deleted', async () => {
    const { api, namespace, held, ref } = await setUp()
    await remove(api, 'configmaps', held)
    const words = ['object is being deleted', 'configmaps "held" already exists']
    await expectRefusal(api.create('configmaps', configMap(namespace, 'held')), 409, 'AlreadyExists', ...words)
    await api.patch(ref, setFinalizers(null))
    const next = await api.create('configmaps', configMap(namespace, 'held'))
    expect(next.metadata.uid).not.toBe(held.metadata.uid)
  })

  it('should hold nothing when they are removed before the delete', async () => {
    const { api, held, ref } = await setUp()
    await using watch = recordOf(server(), 'configmaps', held)
    expect((await api.patch(ref, setFinalizers(null))).metadata.finalizers).toBeUndefined()
    await remove(api, 'configmaps', held)
    await expectRefusal(api.get(ref), 404, 'NotFound')
    expect(told(await watch.changes(2))).toEqual(['MODIFIED held', 'DELETED held'])
  })
}
