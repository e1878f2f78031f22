import { expect, it } from 'vitest'
import { secret } from '../objects.ts'
import type { Server } from '../tools.ts'
import { currentVersion, expectRefusal, listAll, newNamespace, record, told } from '../tools.ts'

/** What happens when the server has forgotten old versions. */
export function history(server: Server): void {
  it('should refuse a watch with 410 when it starts before what was forgotten', async () => {
    const { api, forgetHistory } = server()
    const namespace = await newNamespace(server())
    const resourceVersion = await currentVersion(api, 'secrets')
    await api.create('secrets', secret(namespace, 'a'))
    await api.create('secrets', secret(namespace, 'b'))
    await forgetHistory()
    await using watch = record(server(), { resource: 'secrets', namespace, resourceVersion })
    await expectRefusal(watch.changes(1), 410, 'Expired', 'too old')
  })

  it('should serve a watch when it starts at a list from after what was forgotten', async () => {
    const { api, forgetHistory } = server()
    const namespace = await newNamespace(server())
    await api.create('secrets', secret(namespace, 'a'))
    await forgetHistory()
    const { items, resourceVersion } = await listAll(api, { resource: 'secrets', namespace })
    expect(items).toHaveLength(1)
    await using watch = record(server(), { resource: 'secrets', namespace, resourceVersion })
    await api.create('secrets', secret(namespace, 'b'))
    expect(told(await watch.changes(1))).toEqual(['ADDED b'])
  })

  it('should go on with a watch when it was open before', async () => {
    const { api, forgetHistory } = server()
    const namespace = await newNamespace(server())
    const resourceVersion = await currentVersion(api, 'secrets')
    await using watch = record(server(), { resource: 'secrets', namespace, resourceVersion })
    await api.create('secrets', secret(namespace, 'a'))
    await watch.changes(1)
    await forgetHistory()
    await api.create('secrets', secret(namespace, 'b'))
    expect(told(await watch.changes(2))).toEqual(['ADDED a', 'ADDED b'])
  })

  it('should break off a list with 410 when the rest of it was forgotten', async () => {
    const { api, forgetHistory } = server()
    const namespace = await newNamespace(server())
    for (const name of ['a', 'b', 'c']) await api.create('secrets', secret(namespace, name))
    const pages = api.list({ resource: 'secrets', namespace, pageSize: 1 })[Symbol.asyncIterator]()
    expect((await pages.next()).value?.items).toHaveLength(1)
    // Until something is written, now is when the list began.
    await api.create('secrets', secret(namespace, 'd'))
    await forgetHistory()
    await expectRefusal(pages.next(), 410, 'Expired', 'continue parameter is too old')
    expect((await pages.next()).done).toBe(true)
    expect((await listAll(api, { resource: 'secrets', namespace, pageSize: 1 })).items).toHaveLength(4)
  })
}
