import { expect, it } from 'vitest'
import type { ConfigMap } from '../../../src/kube/resources.ts'
import { configMap } from '../objects.ts'
import type { Server } from '../tools.ts'
import { listAll, namesOf, newNamespace, remove } from '../tools.ts'

/** Lists, page by page, and counts. */
export function paging(server: Server): void {
  /** Seven labelled objects, `m-0` to `m-6`, of a namespace of their own. */
  const setUp = async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const metadata = { labels: { listed: 'true' } }
    const created: ConfigMap[] = []
    for (const name of [5, 0, 3, 6, 1, 4, 2].map((index) => `m-${index}`))
      created.push(await api.create('configmaps', configMap(namespace, name, { metadata })))
    return { api, namespace, created, query: { resource: 'configmaps', namespace, labelSelector: 'listed' } as const }
  }
  const all = ['m-0', 'm-1', 'm-2', 'm-3', 'm-4', 'm-5', 'm-6']

  it('should list everything once, by name, under one version when it comes in pages', async () => {
    const { api, query } = await setUp()
    const pages = await Array.fromAsync(api.list({ ...query, pageSize: 3 }))
    expect(pages.map(({ items }) => items.map(({ metadata }) => metadata.name))).toEqual([
      ['m-0', 'm-1', 'm-2'],
      ['m-3', 'm-4', 'm-5'],
      ['m-6'],
    ])
    expect(new Set(pages.map(({ resourceVersion }) => resourceVersion)).size).toBe(1)
  })

  it('should end with a full page when the objects fill it', async () => {
    const { api, query } = await setUp()
    const pages = await Array.fromAsync(api.list({ ...query, pageSize: 7 }))
    expect(pages.map(({ items }) => items.length)).toEqual([7])
  })

  it('should come in one page when no size is given', async () => {
    const { api, query } = await setUp()
    const pages = await Array.fromAsync(api.list(query))
    expect(pages.map(({ items }) => items.length)).toEqual([7])
  })

  it('should be one empty page with a version when there is nothing', async () => {
    const { api, query } = await setUp()
    for (const namespace of [query.namespace, 'contract-none']) {
      const pages = await Array.fromAsync(api.list({ ...query, namespace, labelSelector: 'none' }))
      expect(pages).toEqual([{ items: [], resourceVersion: expect.stringMatching(/^[1-9]\d*$/) }])
    }
  })

  it('should show the state of its beginning when objects come, go and change between its pages', async () => {
    const { api, namespace, created, query } = await setUp()
    const found: ConfigMap[] = []
    const seen = new Set<string>()
    for await (const { items, resourceVersion } of api.list({ ...query, pageSize: 3 })) {
      found.push(...items)
      if (seen.size === 0) {
        const [m5, , , m6] = created
        await api.create('configmaps', configMap(namespace, 'm-35', { metadata: { labels: { listed: 'true' } } }))
        await remove(api, 'configmaps', m5 ?? { metadata: {} })
        const ref = { resource: 'configmaps', namespace, name: 'm-4' } as const
        await api.patch(ref, { type: 'merge', body: { data: { key: 'new' } } })
        const body = { metadata: { labels: null } }
        await api.patch({ ...ref, name: m6?.metadata.name ?? '' }, { type: 'merge', body })
      }
      seen.add(resourceVersion)
    }
    expect(found.map(({ metadata }) => metadata.name)).toEqual(all)
    const byName = [...created].sort((x, y) => ((x.metadata.name ?? '') < (y.metadata.name ?? '') ? -1 : 1))
    const versions = (objects: ConfigMap[]) => objects.map(({ metadata }) => metadata.resourceVersion)
    expect(versions(found)).toEqual(versions(byName))
    expect(seen.size).toBe(1)
    const now = await listAll(api, query)
    expect(now.items.map(({ metadata }) => metadata.name)).toEqual(['m-0', 'm-1', 'm-2', 'm-3', 'm-35', 'm-4'])
    expect(Number(now.resourceVersion)).toBeGreaterThan(Number([...seen][0]))
  })

  it('should list across namespaces when none is named', async () => {
    const [one, other] = [await setUp(), await setUp()]
    const { api } = one
    const query = { resource: 'configmaps', labelSelector: 'listed', pageSize: 5 } as const
    const { items } = await listAll(api, query)
    const inBoth = items.filter(({ metadata }) => [one.namespace, other.namespace].includes(metadata.namespace ?? ''))
    expect(inBoth).toHaveLength(14)
  })

  it('should stop when the reader leaves', async () => {
    const { api, query } = await setUp()
    for await (const { items } of api.list({ ...query, pageSize: 2 })) {
      expect(items).toHaveLength(2)
      break
    }
    expect(await namesOf(api, query)).toEqual(all)
  })

  it('should count what a list would show, with and without selectors', async () => {
    const { api, namespace, query } = await setUp()
    expect(await api.count(query)).toBe(7)
    expect(await api.count({ ...query, labelSelector: 'none' })).toBe(0)
    expect(await api.count({ ...query, fieldSelector: 'metadata.name=m-3' })).toBe(1)
    const { items } = await listAll(api, { resource: 'configmaps', namespace })
    expect(await api.count({ resource: 'configmaps', namespace })).toBe(items.length)
    expect(await api.count({ resource: 'configmaps', namespace: 'contract-none' })).toBe(0)
    expect(await api.count({ resource: 'configmaps' })).toBeGreaterThanOrEqual(items.length)
    expect(await api.count({ resource: 'nodes' })).toBe(server().nodes.length)
  })
}
