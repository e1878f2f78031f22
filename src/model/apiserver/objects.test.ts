import { describe, expect, it } from 'vitest'
import type { Deployment, Pod } from '../../kube/resources.ts'
import { benchForTests, refusalOf } from '../../testing/model-objects.ts'

const container = { name: 'main', image: 'pause' }
const pod = (nodeName?: string): Pod => ({
  metadata: { name: 'p', namespace: 'ns' },
  spec: { containers: [container], ...(nodeName !== undefined && { nodeName }) },
})
const podRef = { resource: 'pods', namespace: 'ns', name: 'p' } as const
const mapRef = { resource: 'configmaps', namespace: 'ns', name: 'm' } as const
const webRef = { resource: 'deployments', namespace: 'ns', name: 'web' } as const
const web: Deployment = {
  metadata: { name: 'web', namespace: 'ns' },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } },
  },
}

describe('objects', () => {
  it('should bind a pod once, without a new generation, when it has no node', () => {
    const { objects, told } = benchForTests()
    objects.create('pods', pod())
    const bound = objects.bind(podRef, 'n1')
    expect(bound.metadata.generation).toBe(1)
    expect(bound.status?.conditions).toEqual([{ type: 'PodScheduled', status: 'True' }])
    expect(told()).toEqual(['ADDED p', 'MODIFIED p'])
    expect(refusalOf(() => objects.bind(podRef, 'n2'))).toBe(
      '409 Conflict: Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n1"',
    )
  })

  it('should mark a pod before it goes, at the time of the last delete, when its kubelet lets it go', () => {
    const { objects, clock, changes } = benchForTests()
    objects.create('pods', pod('n1'))
    objects.delete(podRef, {})
    clock.nowMs = 5000
    objects.delete(podRef, { graceSeconds: 0 })
    const seen = changes.map(({ type, object: { metadata } }) => [
      type,
      metadata.generation,
      metadata.deletionGracePeriodSeconds,
      metadata.deletionTimestamp,
    ])
    expect(seen).toEqual([
      ['ADDED', 1, undefined, undefined],
      ['MODIFIED', 2, 30, '2000-01-01T00:00:30Z'],
      ['MODIFIED', 2, 0, '2000-01-01T00:00:05Z'],
      ['DELETED', 2, 0, '2000-01-01T00:00:05Z'],
    ])
  })

  it('should let a finalizer hold a pod whose time is over, until it is removed', () => {
    const { objects, told } = benchForTests()
    const held = pod('n1')
    objects.create('pods', { ...held, metadata: { ...held.metadata, finalizers: ['a/b'] } })
    objects.delete(podRef, { graceSeconds: 0 })
    objects.delete(podRef, { graceSeconds: 0 })
    expect(told()).toEqual(['ADDED p', 'MODIFIED p'])
    objects.update(podRef, 'all but status', ({ metadata: { finalizers: _, ...metadata }, ...rest }) => ({
      ...rest,
      metadata,
    }))
    expect(told()).toEqual(['ADDED p', 'MODIFIED p', 'DELETED p'])
  })

  it('should treat dependents as it was said last when an object is deleted again', () => {
    const { objects } = benchForTests()
    objects.create('deployments', { ...web, metadata: { ...web.metadata, finalizers: ['a/b'] } })
    const finalizersAfter = (propagation: 'Foreground' | 'Orphan' | 'Background' | undefined) => {
      objects.delete(webRef, { ...(propagation !== undefined && { propagation }) })
      return objects.get(webRef).metadata.finalizers
    }
    expect(finalizersAfter('Foreground')).toEqual(['a/b', 'foregroundDeletion'])
    expect(finalizersAfter(undefined)).toEqual(['a/b', 'foregroundDeletion'])
    expect(finalizersAfter('Orphan')).toEqual(['a/b', 'orphan'])
    expect(finalizersAfter('Background')).toEqual(['a/b'])
    expect(objects.get(webRef).metadata.generation).toBe(2)
  })

  it('should tell of what was stored last, but answer with the change, when an update removes the last finalizer', () => {
    const { objects, changes } = benchForTests()
    const metadata = { name: 'm', namespace: 'ns', finalizers: ['a/b'] }
    objects.create('configmaps', { metadata })
    objects.delete(mapRef, {})
    const { resourceVersion } = objects.get(mapRef).metadata
    const answer = objects.update(mapRef, 'all but status', (current) => ({
      ...current,
      metadata: { ...current.metadata, finalizers: [] },
    }))
    expect(answer.metadata).toMatchObject({ finalizers: [], resourceVersion })
    expect(changes.at(-1)).toMatchObject({ type: 'DELETED', object: { metadata: { finalizers: ['a/b'] } } })
    expect(Number(changes.at(-1)?.version)).toBeGreaterThan(Number(resourceVersion))
  })

  it('should count the changes that a controller has to act on', () => {
    const { objects } = benchForTests()
    objects.create('deployments', web)
    const generationAfter = (part: 'status' | 'all but status', change: (current: Deployment) => Deployment) =>
      objects.update(webRef, part, change).metadata.generation
    const annotated = (current: Deployment) => ({
      ...current,
      metadata: { ...current.metadata, annotations: { a: String(current.metadata.resourceVersion) } },
    })
    expect(generationAfter('status', annotated)).toBe(1)
    expect(generationAfter('all but status', annotated)).toBe(2)
    expect(generationAfter('all but status', (one) => ({ ...one, status: { replicas: 9 } }))).toBe(2)
    expect(generationAfter('all but status', (one) => ({ ...one, spec: { ...one.spec, replicas: 1 } }))).toBe(3)
    expect(objects.get(webRef).status).toEqual({})
  })

  it('should refuse a create before it looks at the object when there is no place for it', () => {
    const { objects } = benchForTests()
    const create = (metadata: object) => refusalOf(() => objects.create('configmaps', { metadata }))
    expect(create({ name: 'Bad', namespace: 'none' })).toBe('404 NotFound: namespaces "none" not found')
    expect(create({ name: 'a' })).toMatch(/^405 MethodNotAllowed/)
    expect(create({ name: 'a', namespace: 'ns', resourceVersion: '1' })).toMatch(/^500 HTTP 500/)
  })

  it('should draw another name when the one it drew is taken', () => {
    const draws = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    const { objects } = benchForTests({ integer: () => draws.shift() ?? 9, word: () => 0 })
    const create = () => objects.create('configmaps', { metadata: { generateName: 'm-', namespace: 'ns' } })
    expect([create(), create()].map(({ metadata }) => metadata.name)).toEqual(['m-bbbbb', 'm-bbbbc'])
  })

  it('should never give an address twice when services come and go', () => {
    const { objects } = benchForTests()
    const addressOf = (name: string) =>
      objects.create('services', { metadata: { name, namespace: 'ns' }, spec: { ports: [{ port: 80 }] } }).spec[
        'clusterIP'
      ]
    const [first, second] = [addressOf('a'), addressOf('b')]
    objects.delete({ resource: 'services', namespace: 'ns', name: 'a' }, {})
    expect(new Set([first, second, addressOf('c')]).size).toBe(3)
  })

  it('should name all that is wrong when several things are', () => {
    const { objects } = benchForTests()
    const metadata = { name: 'Bad_', namespace: 'ns', labels: { ok: 'not ok' }, finalizers: ['plain'] }
    expect(refusalOf(() => objects.create('configmaps', { metadata }))).toMatch(
      /^422 Invalid: ConfigMap "Bad_" is invalid: \[metadata\.name: .*, metadata\.labels: .*, metadata\.finalizers\[0\]: .*\]$/,
    )
  })
})
