import { describe, expect, it } from 'vitest'
import type { ConfigMap, Pod } from '../../kube/resources.ts'
import { createStore } from './store.ts'

/** A store on a clock that the test sets, with an etcd of their own for pods. */
function benchOf() {
  const clock = { nowMs: 0 }
  const store = createStore({
    nowMs: () => clock.nowMs,
    etcdOf: (resource) => (resource === 'pods' ? 'etcd-pods' : 'etcd'),
  })
  const put = (name: string, namespace = 'ns') =>
    store.put('configmaps', { metadata: { name, namespace } } as ConfigMap).metadata.resourceVersion
  const since = (version: string | undefined) =>
    store.changesSince('configmaps', Number(version))?.map(({ type, object }) => `${type} ${object.metadata.name}`)
  return { clock, store, put, since }
}

describe('the store', () => {
  it('should count versions per etcd, over all resources that it holds', () => {
    const { store, put } = benchOf()
    const first = Number(put('a'))
    store.bump('leases')
    expect(Number(put('b'))).toBe(first + 2)
    const pod = store.put('pods', { metadata: { name: 'a', namespace: 'ns' } } as Pod)
    expect(pod.metadata.resourceVersion).toBe(String(first))
  })

  it('should list by namespace, then name, as etcd orders its keys', () => {
    const { store, put } = benchOf()
    for (const [name, namespace] of [
      ['b', 'two'],
      ['c', 'one'],
      ['a', 'two'],
    ] as const)
      put(name, namespace)
    expect(store.list('configmaps').map(({ metadata }) => metadata.name)).toEqual(['c', 'a', 'b'])
    expect(store.list('configmaps', 'two').map(({ metadata }) => metadata.name)).toEqual(['a', 'b'])
    expect(store.count('configmaps')).toBe(3)
  })

  it('should tell what happened after a version, deletions as the object was, under the version of the deletion', () => {
    const { store, put, since } = benchOf()
    const version = put('a')
    put('a')
    const object = store.get('configmaps', 'ns', 'a') as ConfigMap
    store.remove('configmaps', object)
    expect(since(version)).toEqual(['MODIFIED a', 'DELETED a'])
    const deletion = store.changesSince('configmaps', Number(version))?.at(-1)
    expect(Number(deletion?.object.metadata.resourceVersion)).toBe(Number(object.metadata.resourceVersion) + 1)
    expect(store.get('configmaps', 'ns', 'a')).toBeUndefined()
  })

  it('should know changes for 75 s (watch_cache.go, eventFreshDuration), and only until they are too many', () => {
    const { clock, put, since } = benchOf()
    const version = put('a')
    clock.nowMs = 1000
    put('b')
    clock.nowMs = 76_000
    put('c')
    expect(since(version)).toEqual(['ADDED b', 'ADDED c'])
    clock.nowMs = 76_001
    put('d')
    expect(since(version)).toBeUndefined()
    const later = put('e')
    for (let count = 0; count < 5000; count++) put('busy')
    expect(since(later)).toBeUndefined()
  })

  it('should go on with a list until the next compaction but one, five minutes apart (storage/etcd3/compact.go)', () => {
    const { store, put } = benchOf()
    const version = Number(put('a'))
    put('b')
    expect(store.remembers('configmaps', version)).toBe(true)
    store.compact()
    expect(store.remembers('configmaps', version)).toBe(true)
    store.compact()
    expect(store.remembers('configmaps', version)).toBe(false)
    expect(store.remembers('configmaps', version + 1)).toBe(true)
  })

  it('should call those back who listen, in their order, until they do no longer', () => {
    const { store, put } = benchOf()
    const told: string[] = []
    const stop = store.onChange('configmaps', ({ type }) => void told.push(`first ${type}`))
    store.onChange('configmaps', ({ type, previous }) => void told.push(`second ${type} ${previous?.metadata.name}`))
    put('a')
    stop()
    put('a')
    expect(told).toEqual(['first ADDED', 'second ADDED undefined', 'second MODIFIED a'])
  })
})
