import { expect, it } from 'vitest'
import { configMap, nowhere, pod } from '../objects.ts'
import type { Server } from '../tools.ts'
import {
  currentVersion,
  eventually,
  listAll,
  newNamespace,
  newPodNamespace,
  record,
  recordOf,
  refTo,
  remove,
  told,
  versionOf,
} from '../tools.ts'

/** What a watch tells, from where, in which order. */
export function watches(server: Server): void {
  it('should tell exactly what came after a list, in order, when it starts at its version', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const before = await api.create('configmaps', configMap(namespace, 'before'))
    const query = { resource: 'configmaps', namespace, fieldSelector: 'metadata.name!=kube-root-ca.crt' } as const
    const { resourceVersion } = await listAll(api, query)
    // What happens between the list and the watch, and what happens then.
    const a = await api.create('configmaps', configMap(namespace, 'a'))
    await using watch = record(server(), { ...query, resourceVersion })
    const b = await api.create('configmaps', configMap(namespace, 'b'))
    const a2 = await api.patch(refTo('configmaps', a), { type: 'merge', body: { data: { key: '2' } } })
    const before2 = await api.patch(refTo('configmaps', before), { type: 'merge', body: { data: { key: '2' } } })
    await remove(api, 'configmaps', b)
    await remove(api, 'configmaps', a2)

    const changes = await watch.changes(6)
    expect(told(changes)).toEqual(['ADDED a', 'ADDED b', 'MODIFIED a', 'MODIFIED before', 'DELETED b', 'DELETED a'])
    expect(changes.slice(0, 4).map(({ object }) => object)).toEqual([a, b, a2, before2])
    const seen = changes.map(({ object }) => versionOf(object))
    expect(seen).toEqual([...seen].sort((x, y) => x - y))
  })

  it('should tell the last state under a newer version when an object is deleted', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const created = await api.create('configmaps', configMap(namespace, 'a', { data: { key: 'last' } }))
    await using watch = recordOf(server(), 'configmaps', created)
    await remove(api, 'configmaps', created)
    const [deleted] = await watch.changes(1)
    if (deleted?.type !== 'DELETED') throw new Error(`nothing was deleted, but ${deleted?.type}`)
    expect(versionOf(deleted.object)).toBeGreaterThan(versionOf(created))
    const version = deleted.object.metadata.resourceVersion
    expect(deleted.object).toEqual({ ...created, metadata: { ...created.metadata, resourceVersion: version } })
  })

  it('should go on where another watch was when it starts at the version of an event', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const [, second] = [
      await api.create('configmaps', configMap(namespace, 'a')),
      await api.create('configmaps', configMap(namespace, 'b')),
      await api.create('configmaps', configMap(namespace, 'c')),
    ]
    const { resourceVersion = '' } = second?.metadata ?? {}
    const fieldSelector = 'metadata.name!=kube-root-ca.crt'
    await using watch = record(server(), { resource: 'configmaps', namespace, fieldSelector, resourceVersion })
    await api.create('configmaps', configMap(namespace, 'd'))
    expect(told(await watch.changes(2))).toEqual(['ADDED c', 'ADDED d'])
  })

  it('should add and delete what starts and stops to match when it has a label selector', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const resourceVersion = await currentVersion(api, 'configmaps')
    await using watch = record(server(), {
      resource: 'configmaps',
      namespace,
      labelSelector: 'on=yes',
      resourceVersion,
    })
    const created = await api.create('configmaps', configMap(namespace, 'a'))
    const ref = refTo('configmaps', created)
    const patch = (body: object) => api.patch(ref, { type: 'merge', body })
    const states = [
      await patch({ metadata: { labels: { on: 'yes' } } }),
      await patch({ data: { key: 'value' } }),
      await patch({ metadata: { labels: { on: 'no' } } }),
    ]
    await patch({ data: { key: 'unseen' } })
    await patch({ metadata: { labels: { on: 'yes' } } })
    await remove(api, 'configmaps', created)
    const changes = await watch.changes(5)
    expect(told(changes)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED a', 'DELETED a'])
    expect(changes.slice(0, 3).map(({ object }) => versionOf(object))).toEqual(states.map(versionOf))
    // As it was when it still matched.
    expect(changes[2]?.object.metadata.labels).toEqual({ on: 'yes' })
  })

  it('should add and delete what starts and stops to match when it has a field selector', async () => {
    const { api, clock } = server()
    const namespace = await newPodNamespace(server())
    const resourceVersion = await currentVersion(api, 'pods')
    const fieldSelector = 'status.phase=Failed'
    await using watch = record(server(), { resource: 'pods', namespace, fieldSelector, resourceVersion })
    const created = await api.create('pods', pod(namespace, 'a', nowhere))
    const ref = refTo('pods', created)
    await eventually(clock, async () => expect((await api.get(ref)).status?.conditions).toHaveLength(1))
    const failed = await api.patch(ref, { type: 'merge', body: { status: { phase: 'Failed' } } }, 'status')
    const pending = await api.patch(ref, { type: 'merge', body: { status: { phase: 'Pending' } } }, 'status')
    const changes = await watch.changes(2)
    expect(told(changes)).toEqual(['ADDED a', 'DELETED a'])
    expect(changes.map(({ object }) => versionOf(object))).toEqual([versionOf(failed), versionOf(pending)])
    expect(changes[1]?.object.status?.phase).toBe('Failed')
  })

  it('should tell of one namespace or of all when it names one or none', async () => {
    const { api } = server()
    const [one, other] = [await newNamespace(server()), await newNamespace(server())]
    const query = {
      resource: 'configmaps',
      labelSelector: `of=${one}`,
      resourceVersion: await currentVersion(api, 'configmaps'),
    } as const
    await using watchOfOne = record(server(), { ...query, namespace: one })
    await using watchOfAll = record(server(), query)
    const metadata = { labels: { of: one } }
    await api.create('configmaps', configMap(other, 'there', { metadata }))
    await api.create('configmaps', configMap(one, 'here', { metadata }))
    expect(told(await watchOfAll.changes(2))).toEqual(['ADDED there', 'ADDED here'])
    expect(told(await watchOfOne.changes(1))).toEqual(['ADDED here'])
  })

  it('should tell every watch the same when there are several', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const fieldSelector = 'metadata.name!=kube-root-ca.crt'
    const query = {
      resource: 'configmaps',
      namespace,
      fieldSelector,
      resourceVersion: await currentVersion(api, 'configmaps'),
    } as const
    await using first = record(server(), query)
    await using second = record(server(), query)
    for (const name of ['a', 'b', 'c']) await api.create('configmaps', configMap(namespace, name))
    const objects = async (watch: typeof first) => (await watch.changes(3)).map(({ object }) => object)
    expect(await objects(first)).toEqual(await objects(second))
  })

  it('should name kind and version in its objects, which a list leaves out', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const created = await api.create('configmaps', configMap(namespace, 'a'))
    const query = { resource: 'configmaps', namespace, fieldSelector: 'metadata.name=a' } as const
    const { items } = await listAll(api, query)
    const { kind: _kind, apiVersion: _apiVersion, ...rest } = created
    expect(items).toEqual([rest])
    const resourceVersion = String(versionOf(created) - 1)
    await using watch = record(server(), { ...query, resourceVersion })
    const [added] = await watch.changes(1)
    expect(added?.object).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' })
  })

  it('should stamp events with the time of the clock when they arrive', async () => {
    const { api, clock } = server()
    const namespace = await newNamespace(server())
    const resourceVersion = await currentVersion(api, 'configmaps')
    await using watch = record(server(), { resource: 'configmaps', namespace, resourceVersion })
    const beforeMs = clock.nowMs()
    await api.create('configmaps', configMap(namespace, 'a'))
    const [added] = (await watch.changesUntil(({ object }) => object.metadata.name === 'a')).slice(-1)
    expect(added?.atMs).toBeGreaterThanOrEqual(beforeMs)
    expect(added?.atMs).toBeLessThanOrEqual(clock.nowMs())
  })

  it('should be silent until the version is passed when it starts in the future', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const created = await api.create('configmaps', configMap(namespace, 'a'))
    // A busy cluster may pass this version by itself; nothing in this namespace does.
    const resourceVersion = String(versionOf(created) + 100)
    await using watch = record(server(), { resource: 'configmaps', namespace, resourceVersion })
    const later: number[] = []
    while ((later.at(-1) ?? 0) <= Number(resourceVersion)) {
      const body = { data: { key: String(later.length) } }
      later.push(versionOf(await api.patch(refTo('configmaps', created), { type: 'merge', body })))
    }
    const [first] = await watch.changes(1)
    expect(first && versionOf(first.object)).toBe(later.find((version) => version > Number(resourceVersion)))
  })

  it('should end at once when it is aborted', async () => {
    const { api, clock } = server()
    const stop = new AbortController()
    const query = { resource: 'configmaps', resourceVersion: await currentVersion(api, 'configmaps') } as const
    const watching = (async () => {
      try {
        for await (const _ of api.watch({ ...query, fieldSelector: 'metadata.name=none' }, stop.signal));
        return 'ended'
      } catch {
        return 'ended'
      }
    })()
    const elapsed = async (ms: number) => {
      await clock.sleep(ms)
      return 'goes on'
    }
    expect(await Promise.race([watching, elapsed(500)])).toBe('goes on')
    stop.abort()
    expect(await Promise.race([watching, elapsed(1000)])).toBe('ended')
  })
}
