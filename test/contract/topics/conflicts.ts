import { expect, it } from 'vitest'
import { configMap, deployment, finalizer, foreignUid, nowhere, pod } from '../objects.ts'
import type { Server } from '../tools.ts'
import { expectRefusal, newNamespace, newPodNamespace, recordOf, refTo, remove, told } from '../tools.ts'

/** What is refused, with which code, reason and message. */
export function conflicts(server: Server): void {
  it('should refuse a patch with 409 Conflict when it carries an old version', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const created = await api.create('configmaps', configMap(namespace, 'a'))
    const ref = refTo('configmaps', created)
    const patched = await api.patch(ref, { type: 'merge', body: { data: { key: '1' } } })
    const { resourceVersion } = created.metadata
    const stale = { metadata: { resourceVersion }, data: { key: '2' } }
    const words = ['cannot be fulfilled on configmaps "a"', 'the object has been modified']
    await expectRefusal(api.patch(ref, { type: 'merge', body: stale }), 409, 'Conflict', ...words)
    expect(await api.get(ref)).toEqual(patched)
    // Also when it would change nothing.
    await expectRefusal(api.patch(ref, { type: 'merge', body: { ...stale, data: { key: '1' } } }), 409, 'Conflict')
    const current = { metadata: { resourceVersion: patched.metadata.resourceVersion }, data: { key: '2' } }
    expect((await api.patch(ref, { type: 'merge', body: current })).data).toEqual({ key: '2' })
  })

  it('should refuse a create with 409 AlreadyExists when the name is taken', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const created = await api.create('configmaps', configMap(namespace, 'a', { data: { key: '1' } }))
    const again = api.create('configmaps', configMap(namespace, 'a', { data: { key: '2' } }))
    await expectRefusal(again, 409, 'AlreadyExists', 'configmaps "a" already exists')
    expect(await api.get(refTo('configmaps', created))).toEqual(created)
    const sameNamespace = api.create('namespaces', { metadata: { name: namespace } })
    await expectRefusal(sameNamespace, 409, 'AlreadyExists', `namespaces "${namespace}" already exists`)
    await api.create('deployments', deployment(namespace, 'web', 0))
    const sameDeployment = api.create('deployments', deployment(namespace, 'web', 0))
    await expectRefusal(sameDeployment, 409, 'AlreadyExists', 'deployments.apps "web" already exists')
  })

  it('should answer 404 NotFound when the object is missing', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const ref = { resource: 'configmaps', namespace, name: 'none' } as const
    const words = 'configmaps "none" not found'
    await expectRefusal(api.get(ref), 404, 'NotFound', words)
    await expectRefusal(api.patch(ref, { type: 'merge', body: { data: {} } }), 404, 'NotFound', words)
    await expectRefusal(api.delete(ref, { uid: foreignUid }), 404, 'NotFound', words)
    await expectRefusal(api.get({ ...ref, namespace: 'contract-none' }), 404, 'NotFound', words)
    const web = { resource: 'deployments', namespace, name: 'none' } as const
    await expectRefusal(api.get(web), 404, 'NotFound', 'deployments.apps "none" not found')
    const scaled = api.patch(web, { type: 'merge', body: { spec: { replicas: 1 } } }, 'scale')
    await expectRefusal(scaled, 404, 'NotFound', 'deployments.apps "none" not found')
    await expectRefusal(api.get({ resource: 'nodes', name: 'none' }), 404, 'NotFound', 'nodes "none" not found')
  })

  it('should answer 404 NotFound when an object is created in a namespace that is missing', async () => {
    const { api } = server()
    const words = 'namespaces "contract-none" not found'
    await expectRefusal(api.create('configmaps', configMap('contract-none', 'a')), 404, 'NotFound', words)
    await expectRefusal(api.create('deployments', deployment('contract-none', 'a', 0)), 404, 'NotFound', words)
  })

  it('should refuse a create with 403 Forbidden when the namespace is terminating', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const held = await api.create('configmaps', configMap(namespace, 'held', { metadata: { finalizers: [finalizer] } }))
    const { metadata } = await api.get({ resource: 'namespaces', name: namespace })
    await remove(api, 'namespaces', { metadata })
    const late = api.create('configmaps', configMap(namespace, 'late'))
    const words = ['configmaps "late" is forbidden', 'unable to create new content', namespace, 'being terminated']
    await expectRefusal(late, 403, 'Forbidden', ...words)
    // What is there may still be changed.
    await api.patch(refTo('configmaps', held), { type: 'merge', body: { metadata: { finalizers: null } } })
  })

  it('should refuse a create with 422 Invalid, naming kind, object and field, when the object is invalid', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const name = api.create('configmaps', configMap(namespace, 'Not_Valid'))
    await expectRefusal(name, 422, 'Invalid', 'ConfigMap "Not_Valid" is invalid', 'metadata.name', 'RFC 1123')
    const noName = api.create('configmaps', { metadata: { namespace } })
    await expectRefusal(noName, 422, 'Invalid', 'metadata.name: Required value: name or generateName is required')
    const dotted = api.create('namespaces', { metadata: { name: 'contract.none' } })
    await expectRefusal(dotted, 422, 'Invalid', 'Namespace "contract.none" is invalid', 'must not contain dots')
    const label = api.create('configmaps', configMap(namespace, 'a', { metadata: { labels: { a: 'not valid' } } }))
    await expectRefusal(label, 422, 'Invalid', 'ConfigMap "a" is invalid', 'metadata.labels', '"not valid"')
    const web = deployment(namespace, 'web', 0)
    web.spec.selector = { matchLabels: { app: 'other' } }
    const words = ['Deployment.apps "web" is invalid', 'spec.template.metadata.labels', 'does not match']
    await expectRefusal(api.create('deployments', web), 422, 'Invalid', ...words)
  })

  it('should refuse a patch when it changes what cannot be changed', async () => {
    const { api } = server()
    const namespace = await newPodNamespace(server())
    const map = await api.create('configmaps', configMap(namespace, 'a'))
    const patchMap = (metadata: object) => api.patch(refTo('configmaps', map), { type: 'merge', body: { metadata } })
    await expectRefusal(patchMap({ name: 'b' }), 400, 'BadRequest', 'does not match the name on the URL')
    await expectRefusal(patchMap({ uid: foreignUid }), 422, 'Invalid', 'metadata.uid', 'field is immutable')
    const held = await api.create('pods', pod(namespace, 'p', nowhere))
    const bound = api.patch(refTo('pods', held), { type: 'merge', body: { spec: { nodeName: 'any' } } })
    await expectRefusal(bound, 422, 'Invalid', 'Pod "p" is invalid')
    const web = await api.create('deployments', deployment(namespace, 'web', 0))
    const body = { spec: { selector: { matchLabels: { app: 'other' } } } }
    const other = api.patch(refTo('deployments', web), { type: 'merge', body })
    await expectRefusal(other, 422, 'Invalid', 'spec.selector', 'field is immutable')
  })

  it('should refuse a delete with 409 Conflict, and keep the object, when the UID is another’s', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const created = await api.create('configmaps', configMap(namespace, 'a'))
    await using watch = recordOf(server(), 'configmaps', created)
    const ref = refTo('configmaps', created)
    const words = ['"a"', `the UID in the precondition (${foreignUid}) does not match`, created.metadata.uid ?? '']
    await expectRefusal(api.delete(ref, { uid: foreignUid }), 409, 'Conflict', ...words)
    expect(await api.get(ref)).toEqual(created)
    await remove(api, 'configmaps', created)
    await expectRefusal(api.get(ref), 404, 'NotFound')
    expect(told(await watch.changes(1))).toEqual(['DELETED a'])
  })
}
