import { expect, it } from 'vitest'
import { configMap, deployment, finalizer, secret, service } from '../objects.ts'
import type { Server } from '../tools.ts'
import { eventually, expectRefusal, listAll, newNamespace, newPodNamespace, recordOf, refTo, remove } from '../tools.ts'

/** What a namespace comes with, and how it goes. */
export function namespaces(server: Server): void {
  const deleteNamespace = async (name: string) => {
    const { api } = server()
    await remove(api, 'namespaces', await api.get({ resource: 'namespaces', name }))
  }
  const untilGone = (name: string) =>
    eventually(server().clock, () => expectRefusal(server().api.get({ resource: 'namespaces', name }), 404, 'NotFound'))

  it('should be Active, labelled with its name, and get what pods need when it is new', async () => {
    const { api, clock } = server()
    const name = await newNamespace(server())
    expect(await api.get({ resource: 'namespaces', name })).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': name } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    })
    await eventually(clock, async () => {
      await api.get({ resource: 'serviceaccounts', namespace: name, name: 'default' })
      const { data } = await api.get({ resource: 'configmaps', namespace: name, name: 'kube-root-ca.crt' })
      expect(data).toMatchObject({ 'ca.crt': expect.any(String) })
    })
  })

  it('should be Terminating, then go with all that is in it, when it is deleted', async () => {
    const { api, clock } = server()
    const name = await newPodNamespace(server())
    const web = await api.create('deployments', deployment(name, 'web', 1))
    await api.create('services', service(name, 'web'))
    await api.create('secrets', secret(name, 'some'))
    await api.create('configmaps', configMap(name, 'some'))
    await eventually(clock, async () =>
      expect((await api.get(refTo('deployments', web))).status?.readyReplicas).toBe(1),
    )
    const first = await api.get({ resource: 'namespaces', name })
    await using watch = recordOf(server(), 'namespaces', first)
    await deleteNamespace(name)
    const terminating = await api.get({ resource: 'namespaces', name })
    expect(terminating).toMatchObject({ status: { phase: 'Terminating' }, spec: { finalizers: ['kubernetes'] } })
    expect(terminating.metadata.deletionTimestamp).toBeDefined()
    // Accepted, to no effect.
    await deleteNamespace(name)

    const changes = await watch.changesUntil(({ type }) => type === 'DELETED')
    expect(changes[0]).toMatchObject({ type: 'MODIFIED', object: terminating })
    await expectRefusal(api.get({ resource: 'namespaces', name }), 404, 'NotFound')
    const kinds = [
      'deployments',
      'replicasets',
      'pods',
      'services',
      'secrets',
      'configmaps',
      'serviceaccounts',
    ] as const
    for (const resource of kinds)
      expect((await listAll(api, { resource, namespace: name })).items, resource).toEqual([])
    const second = await api.create('namespaces', { metadata: { name } })
    expect(second.metadata.uid).not.toBe(first.metadata.uid)
  })

  it('should stay Terminating and say why when something in it has a finalizer', async () => {
    const { api, clock } = server()
    const name = await newNamespace(server())
    const held = await api.create('configmaps', configMap(name, 'held', { metadata: { finalizers: [finalizer] } }))
    await api.create('configmaps', configMap(name, 'free'))
    await deleteNamespace(name)
    const { status } = await eventually(clock, async () => {
      const found = await api.get({ resource: 'namespaces', name })
      expect(found.status?.conditions?.length).toBeGreaterThan(0)
      return found
    })
    expect(status?.phase).toBe('Terminating')
    expect(status?.conditions).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          type: 'NamespaceContentRemaining',
          status: 'True',
          reason: 'SomeResourcesRemain',
          message: 'Some resources are remaining: configmaps. has 1 resource instances',
        }),
        expect.objectContaining({
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message: `Some content in the namespace has finalizers remaining: ${finalizer} in 1 resource instances`,
        }),
        expect.objectContaining({ type: 'NamespaceDeletionContentFailure', status: 'False' }),
      ]),
    )
    const { items } = await listAll(api, { resource: 'configmaps', namespace: name })
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['held'])
    expect(items[0]?.metadata.deletionTimestamp).toBeDefined()
    await api.patch(refTo('configmaps', held), { type: 'merge', body: { metadata: { finalizers: null } } })
    await untilGone(name)
  })
}
