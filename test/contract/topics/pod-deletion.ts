import { expect, it } from 'vitest'
import type { Pod, PodSpec } from '../../../src/kube/resources.ts'
import { isReady } from '../../../src/kube/resources.ts'
import { finalizer, nowhere, pod } from '../objects.ts'
import type { Server } from '../tools.ts'
import { eventually, expectRefusal, newPodNamespace, recordOf, refTo, remove, told } from '../tools.ts'

/** Pods are deleted in two steps: the server asks, the kubelet stops the containers and deletes. */
export function podDeletion(server: Server): void {
  /** A pod in a namespace of its own. */
  const setUp = async (spec: Partial<PodSpec>, isSettled: (found: Pod) => boolean, finalizers: string[] = []) => {
    const { api, clock } = server()
    const namespace = await newPodNamespace(server())
    const created = await api.create('pods', pod(namespace, 'a', spec, { finalizers }))
    const ref = refTo('pods', created)
    const settled = await eventually(clock, async () => {
      const found = await api.get(ref)
      expect(isSettled(found)).toBe(true)
      return found
    })
    return { api, clock, ref, settled }
  }
  const isUnscheduled = ({ status }: Pod) => status?.conditions?.[0]?.status === 'False'

  it('should ask the kubelet, which stops and removes the pod, when it runs', async () => {
    const { api, ref, settled } = await setUp({}, isReady)
    await using watch = recordOf(server(), 'pods', settled)
    await remove(api, 'pods', settled)
    const changes = await watch.changesUntil(({ type }) => type === 'DELETED')
    const [asked, ...later] = changes
    expect(asked).toMatchObject({
      type: 'MODIFIED',
      object: {
        metadata: { deletionGracePeriodSeconds: 30, generation: 2, deletionTimestamp: expect.stringMatching(/Z$/) },
        status: { phase: 'Running' },
      },
    })
    expect(later.slice(0, -1).every(({ type }) => type === 'MODIFIED')).toBe(true)
    expect(later.at(-1)).toMatchObject({ type: 'DELETED', object: { metadata: { deletionGracePeriodSeconds: 0 } } })
    expect(isReady(later.at(-1)?.object ?? settled)).toBe(false)
    await expectRefusal(api.get(ref), 404, 'NotFound')
  })

  it('should set the deletion time to when the grace period ends', async () => {
    const { api, ref, settled } = await setUp({}, isReady, [finalizer])
    await using watch = recordOf(server(), 'pods', settled)
    await remove(api, 'pods', settled, { graceSeconds: 3600 })
    const [asked] = await watch.changes(1)
    const { creationTimestamp = '', deletionTimestamp = '' } = asked?.object.metadata ?? {}
    expect(asked?.object.metadata).toMatchObject({ deletionGracePeriodSeconds: 3600 })
    expect(Date.parse(deletionTimestamp) - Date.parse(creationTimestamp)).toBeGreaterThanOrEqual(3_600_000)
    await api.patch(ref, { type: 'merge', body: { metadata: { finalizers: null } } })
  })

  it('should shorten the grace period, but never prolong it, when a pod is deleted again', async () => {
    // A pod that no kubelet will remove in the meantime.
    const { api, ref, settled } = await setUp({ nodeName: 'contract-none' }, () => true)
    await using watch = recordOf(server(), 'pods', settled)
    await remove(api, 'pods', settled, { graceSeconds: 600 })
    const asked = await api.get(ref)
    expect(asked.metadata).toMatchObject({ deletionGracePeriodSeconds: 600, generation: 2 })
    await remove(api, 'pods', settled, { graceSeconds: 600 })
    await remove(api, 'pods', settled, { graceSeconds: 900 })
    expect(await api.get(ref)).toEqual(asked)
    await remove(api, 'pods', settled, { graceSeconds: 5 })
    expect((await api.get(ref)).metadata).toMatchObject({ deletionGracePeriodSeconds: 5, generation: 2 })
    await remove(api, 'pods', settled, { graceSeconds: 0 })
    await expectRefusal(api.get(ref), 404, 'NotFound')
    const changes = await watch.changesUntil(({ type }) => type === 'DELETED')
    expect(told(changes)).toEqual(['MODIFIED a', 'MODIFIED a', 'MODIFIED a', 'DELETED a'])
  })

  it('should remove the pod at once when there is no grace period', async () => {
    const { api, ref, settled } = await setUp({}, isReady)
    await using watch = recordOf(server(), 'pods', settled)
    await remove(api, 'pods', settled, { graceSeconds: 0 })
    await expectRefusal(api.get(ref), 404, 'NotFound')
    const changes = await watch.changesUntil(({ type }) => type === 'DELETED')
    expect(told(changes)).toEqual(['MODIFIED a', 'DELETED a'])
    expect(changes[0]?.object.metadata).toMatchObject({ deletionGracePeriodSeconds: 0, generation: 2 })
    expect(changes[1]?.object.status?.phase).toBe('Running')
  })

  it('should remove the pod at once, whatever its grace period, when it was never scheduled', async () => {
    const { api, ref, settled } = await setUp(nowhere, isUnscheduled)
    await using watch = recordOf(server(), 'pods', settled)
    await remove(api, 'pods', settled, { graceSeconds: 30 })
    await expectRefusal(api.get(ref), 404, 'NotFound')
    const changes = await watch.changesUntil(({ type }) => type === 'DELETED')
    expect(told(changes)).toEqual(['MODIFIED a', 'DELETED a'])
    expect(changes[0]?.object.metadata).toMatchObject({ deletionGracePeriodSeconds: 0 })
  })

  it('should keep the pod, stopped, when a finalizer holds it', async () => {
    const { api, clock, ref, settled } = await setUp({}, isReady, [finalizer])
    await using watch = recordOf(server(), 'pods', settled)
    await remove(api, 'pods', settled)
    await eventually(clock, async () => {
      const { metadata, status } = await api.get(ref)
      expect(metadata).toMatchObject({ deletionGracePeriodSeconds: 0, finalizers: [finalizer] })
      expect(status?.phase).toBe('Succeeded')
    })
    await api.patch(ref, { type: 'merge', body: { metadata: { finalizers: null } } })
    await expectRefusal(api.get(ref), 404, 'NotFound')
    const changes = await watch.changesUntil(({ type }) => type === 'DELETED')
    expect(changes.slice(0, -1).every(({ type }) => type === 'MODIFIED')).toBe(true)
  })
}
