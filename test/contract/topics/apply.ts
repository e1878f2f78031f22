import { expect, it } from 'vitest'
import type { ObjectRef } from '../../../src/kube/api.ts'
import type { Server } from '../tools.ts'
import { expectRefusal, newNamespace, versionOf } from '../tools.ts'

/** Server-side apply, as far as one manager, or two that differ, go. */
export function apply(server: Server): void {
  const setUp = async () => {
    const { api } = server()
    const ref: ObjectRef<'configmaps'> = {
      resource: 'configmaps',
      namespace: await newNamespace(server()),
      name: 'applied',
    }
    const applyAs = (fieldManager: string, data: Record<string, string>, force?: true) => {
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: ref.name }, data }
      return api.patch(ref, { type: 'apply', body, fieldManager, ...(force && { force }) })
    }
    return { api, ref, applyAs }
  }

  it('should create the object when it does not exist', async () => {
    const { api, ref, applyAs } = await setUp()
    const created = await applyAs('one', { x: '1' })
    const { name, namespace } = ref
    expect(created).toMatchObject({ kind: 'ConfigMap', metadata: { name, namespace }, data: { x: '1' } })
    expect(await api.get(ref)).toEqual(created)
  })

  it('should change nothing when the same is applied again', async () => {
    const { applyAs } = await setUp()
    const created = await applyAs('one', { x: '1' })
    expect(await applyAs('one', { x: '1' })).toEqual(created)
  })

  it('should change, add and take away fields when their own manager does', async () => {
    const { applyAs } = await setUp()
    const created = await applyAs('one', { x: '1', y: '1' })
    const changed = await applyAs('one', { x: '2', z: '2' })
    expect(changed.data).toEqual({ x: '2', z: '2' })
    expect(changed.metadata.uid).toBe(created.metadata.uid)
    expect(versionOf(changed)).toBeGreaterThan(versionOf(created))
  })

  it('should leave the fields of others alone when several managers apply', async () => {
    const { applyAs } = await setUp()
    await applyAs('one', { x: '1' })
    expect((await applyAs('two', { y: '2' })).data).toEqual({ x: '1', y: '2' })
    expect((await applyAs('one', { x: '3' })).data).toEqual({ x: '3', y: '2' })
  })

  it('should refuse with 409 Conflict when a field is another manager’s, unless it is forced', async () => {
    const { api, ref, applyAs } = await setUp()
    const created = await applyAs('one', { x: '1' })
    const words = ['Apply failed with 1 conflict', 'conflict with "one"', '.data.x']
    await expectRefusal(applyAs('two', { x: '2' }), 409, 'Conflict', ...words)
    expect(await api.get(ref)).toEqual(created)
    expect((await applyAs('two', { x: '2' }, true)).data).toEqual({ x: '2' })
    await expectRefusal(applyAs('one', { x: '1' }), 409, 'Conflict', 'conflict with "two"')
  })

  it('should share a field when both managers want the same', async () => {
    const { applyAs } = await setUp()
    await applyAs('one', { x: '1' })
    expect((await applyAs('two', { x: '1' })).data).toEqual({ x: '1' })
    // It stays for as long as one of them wants it.
    expect((await applyAs('one', { y: '1' })).data).toEqual({ x: '1', y: '1' })
  })
}
