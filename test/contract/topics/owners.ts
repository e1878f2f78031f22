import { expect, it } from 'vitest'
import type { KubeObject, ObjectMeta } from '../../../src/kube/resources.ts'
import { configMap, foreignUid } from '../objects.ts'
import type { Server } from '../tools.ts'
import { currentVersion, eventually, expectRefusal, newNamespace, record, refTo, remove, told } from '../tools.ts'

/** The garbage collector, on objects without a controller. */
export function owners(server: Server): void {
  const ownedBy = (...list: KubeObject[]): { metadata: ObjectMeta } => ({
    metadata: {
      ownerReferences: list.map(({ metadata: { name = '', uid = '' } }) => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        name,
        uid,
      })),
    },
  })

  it('should delete what is owned, in turn, when its owner is deleted', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const fieldSelector = 'metadata.name!=kube-root-ca.crt'
    const resourceVersion = await currentVersion(api, 'configmaps')
    await using watch = record(server(), { resource: 'configmaps', namespace, fieldSelector, resourceVersion })
    const owner = await api.create('configmaps', configMap(namespace, 'owner'))
    const owned = await api.create('configmaps', configMap(namespace, 'owned', ownedBy(owner)))
    await api.create('configmaps', configMap(namespace, 'indirectly', ownedBy(owned)))
    await remove(api, 'configmaps', owner)
    const changes = await watch.changes(6)
    expect(told(changes).slice(3)).toEqual(['DELETED owner', 'DELETED owned', 'DELETED indirectly'])
  })

  it('should keep what is owned when another owner is still there', async () => {
    const { api, clock } = server()
    const namespace = await newNamespace(server())
    const one = await api.create('configmaps', configMap(namespace, 'one'))
    const two = await api.create('configmaps', configMap(namespace, 'two'))
    const owned = await api.create('configmaps', configMap(namespace, 'owned', ownedBy(one, two)))
    await remove(api, 'configmaps', one)
    await eventually(clock, async () => {
      const { metadata } = await api.get(refTo('configmaps', owned))
      expect(metadata.ownerReferences?.map(({ name }) => name)).toEqual(['two'])
    })
    await remove(api, 'configmaps', two)
    await eventually(clock, () => expectRefusal(api.get(refTo('configmaps', owned)), 404, 'NotFound'))
  })

  it('should delete an object when its owner never existed', async () => {
    const { api, clock } = server()
    const namespace = await newNamespace(server())
    const absent = { metadata: { name: 'none', uid: foreignUid } }
    const owned = await api.create('configmaps', configMap(namespace, 'owned', ownedBy(absent)))
    await eventually(clock, () => expectRefusal(api.get(refTo('configmaps', owned)), 404, 'NotFound'))
  })

  it('should delete an object when its owner is another one of the same name', async () => {
    const { api, clock } = server()
    const namespace = await newNamespace(server())
    const owner = await api.create('configmaps', configMap(namespace, 'owner'))
    const former = { metadata: { name: 'owner', uid: foreignUid } }
    const owned = await api.create('configmaps', configMap(namespace, 'owned', ownedBy(former)))
    await eventually(clock, () => expectRefusal(api.get(refTo('configmaps', owned)), 404, 'NotFound'))
    expect((await api.get(refTo('configmaps', owner))).metadata.uid).toBe(owner.metadata.uid)
  })
}
