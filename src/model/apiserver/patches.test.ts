import { describe, expect, it } from 'vitest'
import type { ObjectRef, Patch } from '../../kube/api.ts'
import type { ConfigMap, KubeObject } from '../../kube/resources.ts'
import { benchForTests, refusalOf } from '../../testing/model-objects.ts'
import { patched } from './patches.ts'

function setUp() {
  const { objects } = benchForTests()
  const spec = { containers: [{ name: 'main', image: 'pause' }] }
  objects.create('pods', { metadata: { name: 'p', namespace: 'ns' }, spec })
  objects.create('configmaps', { metadata: { name: 'm', namespace: 'ns' }, data: { a: '1' } })
  const patch = (ref: ObjectRef, one: Patch, subresource?: 'scale' | 'status') =>
    patched(objects, { verb: 'patch', ref, patch: one, subresource })
  const mergeInto = (resource: 'pods' | 'configmaps' | 'namespaces', body: object, subresource?: 'status') => {
    const name = { pods: 'p', configmaps: 'm', namespaces: 'ns' }[resource]
    const place = resource === 'namespaces' ? {} : { namespace: 'ns' }
    return patch({ resource, name, ...place }, { type: 'merge', body }, subresource)
  }
  return { objects, mergeInto }
}

describe('patched', () => {
  it('should look at name, version and the rest in this order when several do not fit', () => {
    const { mergeInto } = setUp()
    const refusal = (metadata: object | null) => refusalOf(() => mergeInto('configmaps', { metadata }))
    const wrong = { uid: 'x', resourceVersion: '1' }
    expect(refusal({ ...wrong, name: 'n' })).toMatch(/^400 BadRequest: the name of the object \(n\) does not match/)
    expect(refusal({ ...wrong, namespace: 'other' })).toMatch(/^400 BadRequest: the namespace of the provided object/)
    expect(refusal(null)).toMatch(/^400 BadRequest: .* was undeterminable/)
    expect(refusal(wrong)).toMatch(/^409 Conflict/)
    expect(refusal({ uid: 'x' })).toBe(
      '422 Invalid: ConfigMap "m" is invalid: metadata.uid: Invalid value: "x": field is immutable',
    )
    expect(refusal({ resourceVersion: 'abc' })).toMatch(/^500 HTTP 500: strconv/)
  })

  it.each([
    { resourceVersion: null },
    { resourceVersion: '' },
    { uid: null },
    { namespace: null },
    { creationTimestamp: '2001-01-01T00:00:00Z' },
    { generation: 7 },
    { labels: {}, annotations: { a: null } },
  ])('should change nothing when metadata is patched with %o', (metadata) => {
    const { objects, mergeInto } = setUp()
    const before = objects.get({ resource: 'configmaps', namespace: 'ns', name: 'm' })
    expect(mergeInto('configmaps', { kind: null, metadata })).toBe(before)
  })

  it('should allow images, a deadline and more tolerations of a pod to change, and nothing else of its spec', () => {
    const { mergeInto } = setUp()
    const container = { name: 'main', image: 'other' }
    const generation = (spec: object) => mergeInto('pods', { spec }).metadata.generation
    expect(generation({ containers: [container] })).toBe(2)
    expect(generation({ activeDeadlineSeconds: 5 })).toBe(3)
    const refusal = (spec: object) => refusalOf(() => mergeInto('pods', { spec }))
    expect(refusal({ nodeName: 'n' })).toContain('Pod "p" is invalid: spec: Forbidden: pod updates may not change')
    expect(refusal({ containers: [{ ...container, env: [] }] })).toContain('pod updates may not change')
    expect(refusal({ containers: [] })).toContain(
      '[spec.containers: Required value, spec.containers: Forbidden: pod updates may not add or remove containers]',
    )
  })

  it('should take labels of a pod, but not its owners, when its status is patched', () => {
    const { mergeInto } = setUp()
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u' }
    const body = { metadata: { labels: { a: 'b' }, ownerReferences: [owner] }, status: { phase: 'Running' } }
    const { metadata, status } = mergeInto('pods', body, 'status') as KubeObject & { status: object }
    expect(metadata.labels).toEqual({ a: 'b' })
    expect(metadata.ownerReferences).toBeUndefined()
    expect(status).toMatchObject({ phase: 'Running' })
  })

  it('should leave the finalizers in a namespace’s spec to its controller', () => {
    const { objects, mergeInto } = setUp()
    const before = objects.get({ resource: 'namespaces', name: 'ns' })
    expect(mergeInto('namespaces', { spec: { finalizers: [] }, status: { phase: 'Gone' } })).toBe(before)
  })

  it('should remove what is null and replace lists when it is a merge patch', () => {
    const { mergeInto } = setUp()
    mergeInto('configmaps', { metadata: { finalizers: ['a/b', 'a/c'] }, data: { b: '2' } })
    const { metadata, data } = mergeInto('configmaps', {
      metadata: { finalizers: ['a/d'], annotations: { none: null, x: 'y' } },
      data: { a: null, none: null, c: '3' },
    }) as ConfigMap
    expect(metadata).toMatchObject({ finalizers: ['a/d'], annotations: { x: 'y' } })
    expect(data).toEqual({ b: '2', c: '3' })
  })
})
