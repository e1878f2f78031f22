import { afterAll, beforeAll, expect, it } from 'vitest'
import type { KubeObject } from '../../../src/kube/resources.ts'
import type { Server } from '../tools.ts'
import { eventually, expectRefusal, listAll, newPodNamespace, refTo, remove } from '../tools.ts'

const exceeded = 'etcdserver: mvcc: database space exceeded'
const labels = { app: 'no-space' }

/** What an apiserver refuses while its etcd is out of space, and what it does all the same. */
export function noSpace(server: Server): void {
  let namespace: string
  let pods: KubeObject[]
  const spec = (replicas: number, name: string) => ({
    metadata: { name, namespace },
    spec: {
      replicas,
      selector: { matchLabels: { ...labels, name } },
      template: {
        metadata: { labels: { ...labels, name } },
        spec: { containers: [{ name: 'main', image: 'pause' }] },
      },
    },
  })

  beforeAll(async () => {
    const { api, clock, setOutOfSpace } = server()
    namespace = await newPodNamespace(server())
    for (const name of ['kept', 'other'])
      await api.create('configmaps', { metadata: { name, namespace }, data: { a: 'b' } })
    await api.create('secrets', { metadata: { name: 'kept', namespace } })
    for (const name of ['background', 'foreground']) await api.create('deployments', spec(1, name))
    pods = await eventually(clock, async () => {
      const { items } = await listAll(api, { resource: 'pods', namespace })
      expect(items.map(({ status }) => status?.phase)).toEqual(['Running', 'Running'])
      return items
    })
    await setOutOfSpace(true)
  })
  afterAll(async () => {
    await server().setOutOfSpace(false)
  })

  const get = (resource: 'configmaps' | 'secrets' | 'deployments', name: string) =>
    server().api.get({ resource, namespace, name })

  it('should refuse to create anything', async () => {
    const { api } = server()
    const create = () => api.create('configmaps', { metadata: { name: 'new', namespace } })
    await expectRefusal(create(), 500, 'HTTP 500', exceeded)
    await expectRefusal(api.create('namespaces', { metadata: { name: 'new' } }), 500, 'HTTP 500', exceeded)
    await expectRefusal(get('configmaps', 'new'), 404, 'NotFound')
  })

  it('should refuse a patch that changes something, and take one that does not', async () => {
    const { api } = server()
    const ref = refTo('configmaps', await get('configmaps', 'kept'))
    const patch = (value: string) => api.patch(ref, { type: 'merge', body: { data: { a: value } } })
    await expectRefusal(patch('c'), 500, 'HTTP 500', exceeded)
    expect(await patch('b')).toMatchObject({ data: { a: 'b' } })
  })

  it('should go on to read', async () => {
    const { api } = server()
    expect(await get('configmaps', 'kept')).toMatchObject({ data: { a: 'b' } })
    expect(await api.count({ resource: 'pods', namespace })).toBe(2)
  })

  it('should delete what is gone at once', async () => {
    const { api } = server()
    await remove(api, 'configmaps', await get('configmaps', 'other'))
    await remove(api, 'secrets', await get('secrets', 'kept'))
    await remove(api, 'deployments', await get('deployments', 'background'), { propagation: 'Background' })
    for (const [resource, name] of [
      ['configmaps', 'other'],
      ['secrets', 'kept'],
      ['deployments', 'background'],
    ] as const)
      await expectRefusal(get(resource, name), 404, 'NotFound')
  })

  it('should refuse deletions that mark an object first: of pods, of namespaces, in the foreground', async () => {
    const { api } = server()
    for (const options of [{}, { graceSeconds: 0 }])
      await expectRefusal(remove(api, 'pods', pods[0] as KubeObject, options), 500, 'HTTP 500', exceeded)
    const deployment = await get('deployments', 'foreground')
    await expectRefusal(
      remove(api, 'deployments', deployment, { propagation: 'Foreground' }),
      500,
      'HTTP 500',
      exceeded,
    )
    const place = await api.get({ resource: 'namespaces', name: namespace })
    await expectRefusal(remove(api, 'namespaces', place), 500, 'InternalError', 'Internal error occurred', exceeded)
    expect(await api.count({ resource: 'pods', namespace })).toBe(2)
  })

  it('should take writes again once the alarm is disarmed', async () => {
    const { api, setOutOfSpace, clock } = server()
    await setOutOfSpace(false)
    await api.create('configmaps', { metadata: { name: 'new', namespace } })
    await remove(api, 'namespaces', await api.get({ resource: 'namespaces', name: namespace }))
    await eventually(clock, async () => {
      await expectRefusal(api.get({ resource: 'namespaces', name: namespace }), 404, 'NotFound')
    })
  })
}
