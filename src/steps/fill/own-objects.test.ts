import { describe, expect, it } from 'vitest'
import { Failure } from '../../base/errors.ts'
import type { KubeApi } from '../../kube/api.ts'
import { ApiError } from '../../kube/api.ts'
import type { ConfigMap, Deployment } from '../../kube/resources.ts'
import { stamped } from '../../workload/stamp.ts'
import { countLosses, createOwn } from './own-objects.ts'

const configmap: ConfigMap = { metadata: { name: 'config-1', namespace: 'large-01', labels: { app: 'a' } } }
const taken = new ApiError(409, 'AlreadyExists', 'create configmaps: already exists')

/** An apiserver that has an object of this name already, with these labels. */
function apiWith(labels: Record<string, string>): Pick<KubeApi, 'create' | 'get'> {
  return {
    create: () => Promise.reject(taken),
    get: async () => ({ metadata: { ...configmap.metadata, uid: 'u1', labels } }) as never,
  }
}

describe('stamped', () => {
  it('should label the object and leave what it was made from as it is', () => {
    const own = stamped(configmap, 'run-7', 'ballast')
    expect(own.metadata.labels).toEqual({ app: 'a', 'scale-test/run': 'run-7', 'scale-test/role': 'ballast' })
    expect(configmap.metadata.labels).toEqual({ app: 'a' })
  })

  it('should label the pods of a Deployment too, but not what it selects by', () => {
    const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'pause' }] } }
    const deployment: Deployment = {
      metadata: { name: 'a', namespace: 'large-01' },
      spec: { replicas: 2, selector: { matchLabels: { app: 'a' } }, template },
    }
    const { spec } = stamped(deployment, 'run-7', 'workload')
    const labels = { app: 'a', 'scale-test/run': 'run-7', 'scale-test/role': 'workload' }
    expect(spec.template.metadata.labels).toEqual(labels)
    expect(spec.selector.matchLabels).toEqual({ app: 'a' })
    expect(template.metadata.labels).toEqual({ app: 'a' })
  })
})

describe('createOwn', () => {
  const own = stamped(configmap, 'run-7', 'workload')

  it('should take what this run created before for created', async () => {
    const api = apiWith({ 'scale-test/run': 'run-7' }) as KubeApi
    expect((await createOwn(api, 'configmaps', own)).metadata.uid).toBe('u1')
  })

  it('should refuse a name that belongs to another run, and say how to remove it (fault 15)', async () => {
    const error = await createOwn(apiWith({ 'scale-test/run': 'run-6' }) as KubeApi, 'configmaps', own).catch((e) => e)
    expect(error).toBeInstanceOf(Failure)
    expect(error).toMatchObject({
      kind: 'safety-refusal',
      message: 'configmaps large-01/config-1 already exists and belongs to run run-6',
      next: expect.stringContaining('cleanup --run run-6'),
    })
  })

  it('should refuse a name that belongs to somebody else (fault 15)', async () => {
    await expect(createOwn(apiWith({}) as KubeApi, 'configmaps', own)).rejects.toThrow('belongs to somebody else')
  })

  it('should pass on every other refusal', async () => {
    const denied = new ApiError(403, 'Forbidden', 'exceeded quota')
    const api = { create: () => Promise.reject(denied) } as unknown as KubeApi
    await expect(createOwn(api, 'configmaps', own)).rejects.toBe(denied)
  })
})

describe('countLosses', () => {
  const lost = new ApiError(503, 'ServiceUnavailable', 'no')

  it('should count single losses and give up after many in a row (fault 2)', () => {
    const losses = countLosses()
    for (let index = 0; index < 20; index++) {
      losses.note(lost)
      losses.noteSuccess()
    }
    expect(losses.failed()).toBe(20)
    for (let index = 0; index < 10; index++) losses.note(lost)
    expect(() => losses.note(lost)).toThrow(lost)
  })

  it('should pass on a refusal at once (fault 12)', () => {
    const denied = new ApiError(403, 'Forbidden', 'exceeded quota')
    expect(() => countLosses().note(denied)).toThrow(denied)
  })
})
