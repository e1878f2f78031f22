import { expect, it } from 'vitest'
import type { ObjectRef } from '../../../src/kube/api.ts'
import type { KubeObject } from '../../../src/kube/resources.ts'
import { configMap, deployment, nowhere, pod } from '../objects.ts'
import type { Server } from '../tools.ts'
import { eventually, expectRefusal, newNamespace, newPodNamespace, refTo, versionOf } from '../tools.ts'

/** The answer of the scale subresource (autoscaling/v1). */
interface Scale extends KubeObject {
  spec: { replicas?: number }
  status: { replicas: number; selector?: string }
}

/** The subresources status and scale. */
export function subresources(server: Server): void {
  const newDeployment = async (replicas: number) => {
    const { api } = server()
    const namespace = await newPodNamespace(server())
    const ref = refTo('deployments', await api.create('deployments', deployment(namespace, 'web', replicas)))
    return { api, ref, settled: await untilSettled(ref, replicas) }
  }
  /** Waits for the last word of the controller, which writes the status in several steps. */
  const untilSettled = (ref: ObjectRef<'deployments'>, replicas: number) =>
    eventually(server().clock, async () => {
      const { api, clock } = server()
      const found = await api.get(ref)
      expect(found.status?.observedGeneration).toBe(found.metadata.generation)
      expect(found.status?.availableReplicas ?? 0).toBe(replicas)
      await clock.sleep(500)
      expect(await api.get(ref)).toEqual(found)
      return found
    })
  const scaleTo = (replicas: number) => ({ type: 'merge', body: { spec: { replicas } } }) as const

  it('should change only the status when status is patched', async () => {
    const { api } = server()
    const namespace = await newPodNamespace(server())
    const created = await api.create('pods', pod(namespace, 'a', nowhere))
    const body = {
      spec: { terminationGracePeriodSeconds: 1 },
      status: { phase: 'Failed', reason: 'Contract' },
    }
    const patched = await api.patch(refTo('pods', created), { type: 'merge', body }, 'status')
    expect(patched).toMatchObject({ kind: 'Pod', status: { phase: 'Failed', reason: 'Contract' } })
    expect(patched.spec).toEqual(created.spec)
    expect(patched.metadata.generation).toBe(created.metadata.generation)
    expect(versionOf(patched)).toBeGreaterThan(versionOf(created))
    expect((await api.get(refTo('pods', created))).status).toMatchObject({ phase: 'Failed', reason: 'Contract' })
  })

  it('should leave spec and labels of a deployment alone when its status is patched', async () => {
    const { api, ref, settled } = await newDeployment(0)
    const body = { spec: { replicas: 5 }, metadata: { labels: { a: 'b' } }, status: { replicas: 7 } }
    const patched = await api.patch(ref, { type: 'merge', body }, 'status')
    expect(patched.status).toEqual({ ...settled.status, replicas: 7 })
    expect(patched.spec).toEqual(settled.spec)
    expect(patched.metadata.labels).toEqual(settled.metadata.labels)
  })

  it('should ignore the status when the object itself is patched or created', async () => {
    const { api, ref, settled } = await newDeployment(0)
    const ignored = await api.patch(ref, { type: 'merge', body: { status: { replicas: 7 } } })
    expect(ignored).toEqual(settled)
    const body = { metadata: { labels: { a: 'b' } }, status: { replicas: 7 } }
    const patched = await api.patch(ref, { type: 'merge', body })
    expect(patched.metadata.labels).toMatchObject({ a: 'b' })
    expect(patched.status?.replicas).toBeUndefined()
    const other = { ...pod(ref.namespace ?? '', 'a', nowhere), status: { phase: 'Running' } }
    expect((await api.create('pods', other)).status?.phase).toBe('Pending')
  })

  it('should set the replicas and answer with a Scale when scale is patched', async () => {
    const { api, ref, settled } = await newDeployment(1)
    const scale = (await api.patch(ref, scaleTo(2), 'scale')) as unknown as Scale
    const { name, namespace, uid } = settled.metadata
    expect(scale).toMatchObject({
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name, namespace, uid },
      spec: { replicas: 2 },
      status: { replicas: 1, selector: 'app=web' },
    })
    expect(versionOf(scale)).toBeGreaterThan(versionOf(settled))
    const scaled = await api.get(ref)
    expect(scaled.spec).toEqual({ ...settled.spec, replicas: 2 })
    expect(scaled.metadata.generation).toBe((settled.metadata.generation ?? 0) + 1)
    // To what it is already.
    const afterwards = await untilSettled(ref, 2)
    expect(versionOf(await api.patch(ref, scaleTo(2), 'scale'))).toBe(versionOf(afterwards))
  })

  it('should leave the replicas out of the Scale when there are none', async () => {
    const { api, ref, settled } = await newDeployment(0)
    const scale = (await api.patch(ref, scaleTo(0), 'scale')) as unknown as Scale
    expect(scale.spec).toEqual({})
    expect(scale.status).toEqual({ replicas: 0, selector: 'app=web' })
    // Not more: it is a write all the same, of managedFields.
    const { metadata, spec, status } = await api.get(ref)
    expect(metadata.generation).toBe(settled.metadata.generation)
    expect({ spec, status }).toEqual({ spec: settled.spec, status: settled.status })
  })

  it('should refuse with 422 Invalid when it is scaled below zero', async () => {
    const { api, ref, settled } = await newDeployment(0)
    const words = ['Scale.autoscaling "web" is invalid', 'spec.replicas', 'must be greater than or equal to 0']
    await expectRefusal(api.patch(ref, scaleTo(-1), 'scale'), 422, 'Invalid', ...words)
    expect(await api.get(ref)).toEqual(settled)
  })

  it('should answer 404 NotFound when a resource has no such subresource', async () => {
    const { api } = server()
    const namespace = await newNamespace(server())
    const created = await api.create('configmaps', configMap(namespace, 'a'))
    const ref = refTo('configmaps', created)
    await expectRefusal(api.patch(ref, scaleTo(1), 'scale'), 404, 'NotFound', 'could not find the requested resource')
    await expectRefusal(api.patch(ref, scaleTo(1), 'status'), 404, 'NotFound', 'could not find the requested resource')
  })
}
